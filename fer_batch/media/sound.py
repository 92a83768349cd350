"""The sound of a source as packets for an MP4: copied where it can be, else coded as AAC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any

import av
import numpy as np

from fer_batch.media.channels import reordered, set_in_order
from fer_batch.media.container import default_of
from fer_batch.media.formats import FAULTS, reason
from fer_batch.media.overflow import Overflow
from fer_batch.media.restarts import EndToEnd
from fer_batch.media.sound_times import AFTER_S, Timed, in_order, left_out, until
from fer_batch.types import SourceInfo

# Sound that MP4 takes as it is and that browsers play; anything else becomes AAC. Most are silent
# where a camcorder or a broadcast has AC-3, or a phone ALAC.
COPIED = frozenset({"aac"})

SURROUND = 6  # channels
ONE_IN_TWO = 2**0.5  # FFmpeg gives each of two 3 dB less than the one channel had

# Seconds by which recordings were moved, and at which they begin then.
Joins = Sequence[tuple[Fraction, Fraction]]


def open_sound(
    source: Any, output: Any, info: SourceInfo, later: Fraction, warnings: list[str]
) -> Iterator[Timed]:
    """Packets of the default sound track of ``source`` for a new stream of ``output``, in order.

    Without a stream where there is no sound to be had: ``warnings`` gets a line for what is lost.
    ``info``: of the pictures; the sound is moved as they are, ``later`` by so many seconds.
    """
    track = default_of(source.streams.audio)
    if (tracks := len(source.streams.audio)) > 1:
        number = list(source.streams.audio).index(track) + 1
        warnings.append(f"of {tracks} sound tracks only number {number} is kept")
    if track.codec_context is None:
        warnings.append("unsupported sound codec; the sound is left out")
        return iter(())
    codec = track.codec_context.name
    places = set_in_order(track.codec_context)
    near = round(int(info.pts[0]) * info.time_base / track.time_base)
    packets = _readable(in_one_clock(source, track, near), warnings)
    # Some files announce sound and hold none.
    begin = next((packet for packet in packets if packet.size), None)
    if begin is None or not track.codec_context.rate:
        warnings.append(f"the sound ({codec}) is left out: the file announces it and holds none")
        return iter(())
    packets = chain([begin], packets)
    joins = [(moved * info.time_base, at * info.time_base) for moved, at in info.joins]
    try:
        if codec in COPIED:
            made = _copied(packets, track, output.add_stream_from_template(track), joins)
        else:
            rate = coded_rate(track.codec_context.rate)
            layout = coded_layout(track.codec_context.layout.nb_channels)
            target = output.add_stream("aac", rate=rate, layout=layout)
            made = _coded(_frames(packets, places), target, joins)
    except FAULTS as error:  # whatever a strange kind of sound makes of FFmpeg
        warnings.append(f"the sound ({codec}) could not be kept: {reason(error)}")
        return iter(())
    made = _readable(made, warnings)
    last = float(int(info.pts[-1]) * info.time_base + later)
    return until(last + AFTER_S, in_order(made, warnings, later), warnings)


def in_one_clock(source: Any, track: Any, near: int) -> Iterator[Any]:
    """The packets of a sound track whose clock may begin anew, in step with pictures that begin
    ``near`` that time, in its ticks."""
    clock = Overflow(source, track, near)
    for packet in source.demux(track):
        if packet.pts is not None:
            packet.pts = clock.whole(packet.pts)
            packet.dts = packet.pts
        yield packet


def damaged(packets: int) -> str:
    """What a result says of so many packets of sound that MP4 would not take."""
    return left_out(packets, "damaged")


def coded_rate(rate: int) -> int:
    """The rate in Hz at which AAC can hold sound of ``rate``: no lower, where there is one."""
    known = sorted(av.Codec("aac", "w").audio_rates or [rate])
    return next((one for one in known if one >= rate), known[-1])


def coded_layout(channels: int) -> str:
    """In which layout so many channels are coded: one that every player knows, with as many where
    there is one. Two for a single one would also be 3 dB quieter each."""
    return "mono" if channels == 1 else "stereo" if channels < SURROUND else "5.1"


def _copied(packets: Iterable[Any], track: Any, target: Any, joins: Joins) -> Iterator[Any]:
    laid, begun = EndToEnd(track.time_base, like=joins), False
    for packet in packets:
        if packet.size and packet.pts is not None:
            # A decoder's run-up to what an edit list shows; it is not heard.
            begun |= not packet.is_discard
            if packet.is_discard and begun:
                continue
            if joins:
                placed = laid.place(packet.pts, packet.duration or 0)
                if laid.is_over(placed):
                    continue
                packet.pts = packet.dts = placed
            packet.stream = target
            yield packet


def _coded(frames: Iterable[Any], target: Any, joins: Joins) -> Iterator[Any]:
    coder = target.codec_context
    # In samples, not in the container's ticks: AVI counts sound in steps longer than AAC's frames.
    tick = Fraction(1, coder.rate)
    laid, end = EndToEnd(tick, like=joins), 0
    form, resampler, gain = None, None, 1.0
    for frame in frames:
        begin = end if frame.pts is None else round(frame.pts * frame.time_base / tick)
        length = round(Fraction(frame.samples, frame.sample_rate) / tick)
        frame.pts, frame.time_base = laid.place(begin, length) if joins else begin, tick
        end = begin + length
        if laid.is_over(frame.pts):
            continue
        # Broadcasts change between mono, stereo and more on the way.
        found = (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is None or found != form:
            if resampler is not None:
                yield from _encoded(target, resampler.resample(None), gain)
            form, resampler = found, av.AudioResampler(coder.format, coder.layout, coder.rate)
            one = frame.layout.nb_channels == 1 < coder.layout.nb_channels
            gain = ONE_IN_TWO if one else 1.0
        yield from _encoded(target, resampler.resample(frame), gain)
    if resampler is not None:
        yield from _encoded(target, resampler.resample(None), gain)
        yield from target.encode(None)


def _encoded(target: Any, frames: list[Any], gain: float) -> Iterator[Any]:
    for frame in frames:
        yield from target.encode(frame if gain == 1.0 else _louder(frame, gain))


def _louder(frame: Any, gain: float) -> Any:
    made = av.AudioFrame.from_ndarray(
        frame.to_ndarray() * np.float32(gain), frame.format.name, frame.layout.name
    )
    made.sample_rate, made.pts, made.time_base = frame.sample_rate, frame.pts, frame.time_base
    return made


def _frames(packets: Iterable[Any], places: list[int]) -> Iterator[Any]:
    for packet in packets:
        try:
            frames = packet.decode()
            yield from (reordered(frame, places) for frame in frames) if places else frames
        except FAULTS:  # whatever damaged bytes make of a decoder
            continue


def _readable(packets: Iterator[Any], warnings: list[str]) -> Iterator[Any]:
    try:
        yield from packets
    except FAULTS as error:  # whatever damaged bytes make of a demuxer, a coder, a filter
        warnings.append(f"the sound ends early: the rest cannot be read ({reason(error)})")
