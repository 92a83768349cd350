"""Joining parts to one video with the source's timestamps and sound, without encoding pictures."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import av

from fer_batch.errors import FerBatchError
from fer_batch.media.container import open_container
from fer_batch.media.encode import output_ticks
from fer_batch.types import SourceInfo

# Sound that MP4 takes as it is and that players expect there; anything else becomes AAC.
COPIED_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3", "alac"})

# A packet and when it is shown, in seconds: only their order matters.
Timed = tuple[float, Any]


def join_parts(parts: list[Path], info: SourceInfo, path: Path) -> list[str]:
    """Write ``parts`` in order as one MP4 (faststart), with the sound of the source.

    Frame ``i`` gets the PTS of the source's frame ``i``. Returns warnings (sound lost, say).

    Raises:
        FerBatchError: the parts do not hold one packet a frame.
    """
    warnings: list[str] = []
    with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        if info.has_audio:  # FFmpeg takes milliseconds to look into a file: both at once
            source = pool.submit(stack.enter_context, open_container(Path(info.path)))
        first = stack.enter_context(av.open(str(parts[0])))
        output = stack.enter_context(
            av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        )
        video = output.add_stream_from_template(first.streams.video[0])
        time_base, _ = output_ticks(info)
        video.time_base = time_base
        rest = (av.open(str(part)) for part in parts[1:])
        streams = [_video_packets(chain([first], rest), info, video)]
        if info.has_audio:
            sound = _open_sound(source.result(), output, warnings)
            if sound is not None:
                streams.append(sound)
        for _, packet in heapq.merge(*streams, key=lambda item: item[0]):
            output.mux(packet)
    return warnings


def _video_packets(parts: Iterable[Any], info: SourceInfo, stream: Any) -> Iterator[Timed]:
    """The packets of opened ``parts``, each of which is closed at its end."""
    time_base, ticks = output_ticks(info)
    tick_s = float(time_base)
    pts = ticks.tolist()
    ends = [*pts[1:], pts[-1] + max(1, round(info.frame_s / time_base))]
    index = 0
    for part in parts:
        with part:
            for packet in part.demux(part.streams.video[0]):
                if not packet.size:
                    continue
                if index == len(pts):
                    raise FerBatchError(f"{info.name}: more encoded frames than source frames")
                begin = pts[index]
                packet.stream = stream
                packet.time_base = time_base
                packet.pts = packet.dts = begin
                packet.duration = ends[index] - begin
                yield begin * tick_s, packet
                index += 1
    if index != len(pts):
        raise FerBatchError(f"{info.name}: {index} encoded frames of {len(pts)}")


def _open_sound(source: Any, output: Any, warnings: list[str]) -> Iterator[Timed] | None:
    """Packets of the first sound track for ``output``: copied where MP4 takes them."""
    track = source.streams.audio[0]
    codec = track.codec_context.name
    try:
        if codec in COPIED_AUDIO:
            return _copied(source, track, output.add_stream_from_template(track), warnings)
        target = output.add_stream("aac", rate=track.codec_context.rate or 48000)
        return _transcoded(source, track, target, warnings)
    except (av.FFmpegError, ValueError) as error:
        warnings.append(f"the sound ({codec}) could not be kept: {error}")
        return None


def _copied(source: Any, track: Any, target: Any, warnings: list[str]) -> Iterator[Timed]:
    tick_s = float(track.time_base)
    for packet in _readable(source.demux(track), warnings):
        if packet.size and packet.pts is not None:
            packet.stream = target
            yield packet.pts * tick_s, packet


def _transcoded(source: Any, track: Any, target: Any, warnings: list[str]) -> Iterator[Timed]:
    for packet in _readable(source.demux(track), warnings):
        try:
            frames = track.codec_context.decode(packet if packet.size else None)
        except av.FFmpegError:
            continue
        for frame in frames:
            yield from _timed(target.encode(frame))
    yield from _timed(target.encode(None))


def _timed(packets: list[Any]) -> Iterator[Timed]:
    for packet in packets:
        yield packet.pts * float(packet.time_base), packet


def _readable(packets: Iterator[Any], warnings: list[str]) -> Iterator[Any]:
    try:
        yield from packets
    except av.FFmpegError:
        warnings.append("the sound ends early: the rest cannot be read")
