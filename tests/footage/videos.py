"""Writes video files of every kind that fer-batch reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange

from fer_batch.types import Image
from tests.footage.oracle import ffmpeg

ENCODERS = {
    "h264": "libx264",
    "hevc": "libx265",
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
    "mpeg4": "mpeg4",
    "av1": "libsvtav1",
}
QUICK = {
    "libx264": {"preset": "ultrafast", "crf": "23"},
    "libx265": {"preset": "ultrafast", "crf": "23", "x265-params": "log-level=none:pools=1"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "crf": "10", "b": "1000000"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "30", "b": "0"},
    "mpeg4": {"qscale": "3", "flags": "+qscale"},
    "libsvtav1": {"preset": "8", "crf": "30"},  # faster ones write damaged pictures of this size
}


@dataclass(frozen=True)
class Recipe:
    """How a video is written. ``pts`` in units of ``time_base``, one a frame; None for 0, 1, 2…

    ``sound`` adds a second track of that many seconds of a quiet tone, ``rate`` and ``layout`` say
    of what kind. ``options`` go to the encoder on top of quick defaults.
    """

    codec: str = "h264"
    fps: int = 25
    pts: tuple[int, ...] | None = None
    time_base: Fraction | None = None
    pix_fmt: str = "yuv420p"
    full_range: bool = False
    b_frames: int = 0
    gop: int = 12
    sound: bool = False
    sound_codec: str = ""
    rate: int = 48_000
    layout: str = "mono"
    options: dict[str, str] = field(default_factory=dict)


@contextmanager
def ordinary_priority_after() -> Iterator[None]:
    """Run by root, SVT-AV1 gives the thread that calls it the highest real-time priority and leaves
    it so. All processes started later would inherit it: a browser of that priority starved the
    machine, itself included."""
    try:
        yield
    finally:
        if hasattr(os, "sched_setscheduler"):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def write(path: Path, frames: Sequence[Image], recipe: Recipe | None = None) -> Path:
    """Write BGR ``frames`` to ``path``, whose suffix says the container; returns ``path``."""
    recipe = recipe or Recipe()
    time_base = recipe.time_base or Fraction(1, recipe.fps)
    pts = recipe.pts or tuple(range(len(frames)))
    with ordinary_priority_after(), av.open(str(path), "w") as container:
        encoder = ENCODERS[recipe.codec]
        video = container.add_stream(encoder, rate=recipe.fps)
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt = recipe.pix_fmt
        video.time_base = video.codec_context.time_base = time_base
        video.gop_size = recipe.gop
        video.max_b_frames = recipe.b_frames
        options = {**QUICK[encoder], "threads": "1", **recipe.options}
        if encoder == "libx264" and recipe.b_frames:
            options["x264-params"] = f"bframes={recipe.b_frames}:b-adapt=0"
        video.options = options
        if recipe.full_range:
            video.codec_context.color_range = 2
        audio = _sound_stream(container, path, recipe) if recipe.sound else None
        for picture, when in zip(frames, pts, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            wanted = ColorRange.JPEG if recipe.full_range else ColorRange.MPEG
            frame = frame.reformat(format=recipe.pix_fmt, dst_color_range=wanted)
            frame.pts, frame.time_base = when, time_base
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio:
            last = pts[-1] - pts[0] + pts[-1] // len(pts) + 1
            _write_tone(container, audio, float(last * time_base))
    return path


def _sound_stream(container: av.container.OutputContainer, path: Path, recipe: Recipe):  # type: ignore[no-untyped-def]
    usual = {".webm": "libopus", ".avi": "mp3", ".ts": "mp2", ".wmv": "wmav2"}
    codec = usual.get(path.suffix, "aac")
    name = recipe.sound_codec or codec
    stream = container.add_stream(name, rate=recipe.rate, layout=recipe.layout)
    if name == "wmav2":  # has no rate of its own
        stream.bit_rate = 64_000
    return stream


def _write_tone(container: av.container.OutputContainer, audio, seconds: float) -> None:  # type: ignore[no-untyped-def]
    samples = np.arange(round(seconds * audio.rate))
    tone = (0.1 * np.sin(2 * np.pi * 330 * samples / audio.rate)).astype(np.float32)
    resampler = av.AudioResampler(
        audio.format.name,
        audio.layout.name,
        audio.rate,
        frame_size=audio.codec_context.frame_size or 960,
    )
    frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = audio.rate, 0, Fraction(1, audio.rate)
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(audio.encode(piece))
    container.mux(audio.encode())


def turned(path: Path, source: Path, degrees: int) -> Path:
    """A copy of ``source`` whose display matrix asks to be shown ``degrees`` clockwise turned."""
    # FFmpeg's option counts counter-clockwise.
    ffmpeg("-display_rotation:v:0", str(-degrees), "-i", source, "-c", "copy", "-map", "0", path)
    return path


def mirrored(path: Path, source: Path, which: str) -> Path:
    """A copy whose display matrix asks to exchange left and right (``h``) or up and down (``v``),
    with ``90`` behind it after a quarter turn."""
    turn = ["-display_rotation:v:0", "-90"] if which.endswith("90") else []
    ffmpeg(f"-display_{which[0]}flip:v:0", *turn, "-i", source, "-c", "copy", "-map", "0", path)
    return path


def shaped(path: Path, source: Path, aspect: str) -> Path:
    """A copy whose pixels have that shape, as width:height."""
    whole = Fraction(aspect.replace(":", "/"))
    written = f"h264_metadata=sample_aspect_ratio={whole.numerator}/{whole.denominator}"
    ffmpeg("-i", source, "-c", "copy", "-map", "0", "-bsf:v", written, path)
    return path


def started_at(path: Path, source: Path, seconds: float) -> Path:
    """A copy of ``source`` whose first frame is not at 0."""
    ffmpeg("-i", source, "-c", "copy", "-map", "0", "-output_ts_offset", f"{seconds}", path)
    return path


def trimmed(path: Path, source: Path, start_s: float, length_s: float) -> Path:
    """A copy of an MP4 with B-frames of which its edit list shows a part, as phones trim: the rest
    stays in the file. The pictures come before any sound; they may begin late."""
    content = bytearray(source.read_bytes())
    film, track = (content.index(name) + 16 for name in (b"mvhd", b"mdhd"))  # their ticks a second
    edits = content.index(b"elst")
    last = edits + 12 * int.from_bytes(content[edits + 8 : edits + 12])
    length = round(length_s * int.from_bytes(content[film : film + 4]))
    start = round(start_s * int.from_bytes(content[track : track + 4]))
    start += int.from_bytes(content[last + 4 : last + 8])
    content[last : last + 8] = length.to_bytes(4) + start.to_bytes(4)
    path.write_bytes(content)
    return path


def end_to_end(path: Path, *sources: Path) -> Path:
    """Recordings put behind one another byte by byte, as captures and ``cat`` leave them."""
    path.write_bytes(b"".join(source.read_bytes() for source in sources))
    return path


def appended(path: Path, *sources: Path) -> Path:
    """The pictures of all ``sources`` one after the other in one track, as a recording whose size
    changes on the way leaves them (calls, broadcasts)."""
    with av.open(str(path), "w") as container:
        stream, offset = None, Fraction(0)
        for source in sources:
            with av.open(str(source)) as piece:
                track = piece.streams.video[0]
                stream = stream or container.add_stream_from_template(track, opaque=True)
                end = offset
                for packet in piece.demux(track):
                    if not packet.size:
                        continue
                    shift = round(offset / packet.time_base)
                    end = max(end, (packet.pts + shift + (packet.duration or 1)) * packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = stream
                    container.mux(packet)
                offset = end
    return path


def tracks(path: Path, *sources: Path, default: int = 0) -> Path:
    """One video track for each of ``sources``, of which number ``default`` is marked as such."""
    inputs = [part for source in sources for part in ("-i", source)]
    maps = [part for i in range(len(sources)) for part in ("-map", f"{i}:v")]
    marks = [p for i in range(len(sources)) for p in (
        f"-disposition:v:{i}", "default" if i == default else "0")]  # fmt: skip
    ffmpeg(*inputs, *maps, "-c", "copy", *marks, path)
    return path


def with_clean_aperture(path: Path, source: Path, part: tuple[int, int, int, int]) -> Path:
    """A copy of an MP4 or MOV, whose index comes last, that names ``part`` (left, top, width and
    height) of its first track of pictures as the one to be shown."""
    content = bytearray(source.read_bytes())
    entry = content.index(b"stsd") + 12
    whole = [int.from_bytes(content[entry + at : entry + at + 2]) for at in (32, 34)]
    left, top, width, height = part
    numbers = [width, 1, height, 1]
    numbers += [2 * left + width - whole[0], 2, 2 * top + height - whole[1], 2]
    box = (40).to_bytes(4) + b"clap" + b"".join(n.to_bytes(4, signed=True) for n in numbers)
    end = entry + int.from_bytes(content[entry : entry + 4])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"):
        _grow(content, content.index(name) - 4, len(box))
    _grow(content, entry, len(box))
    content[end:end] = box
    path.write_bytes(content)
    return path


def _grow(content: bytearray, at: int, by: int) -> None:
    content[at : at + 4] = (int.from_bytes(content[at : at + 4]) + by).to_bytes(4)


def with_pixel_crop(path: Path, source: Path, part: tuple[int, int, int, int]) -> Path:
    """A copy of a Matroska without index (``-live 1``) that cuts pictures down to ``part``."""
    content = source.read_bytes()
    tracks = content.rindex(bytes.fromhex("1654ae6b"))  # named in an index before
    track = _element(content, _begin(content, tracks + 4), b"\xae")
    video = _element(content, _begin(content, track + 1), b"\xe0")
    width, height = (_after(content, name, video) for name in (b"\xb0", b"\xba"))
    left, top, wide, high = part
    cuts = {0x54CC: left, 0x54BB: top, 0x54DD: width - left - wide, 0x54AA: height - top - high}
    new = b"".join(k.to_bytes(2) + b"\x82" + v.to_bytes(2) for k, v in cuts.items())
    by = len(new)
    for start, name in ((video, 1), (track, 1), (tracks, 4)):  # from the inside to the outside
        at = start + name
        size = 9 - content[at].bit_length()
        length = int.from_bytes(content[at : at + size]) & ((1 << 7 * size) - 1)
        written = (1 << 56 | length + by).to_bytes(8)
        content = content[:at] + written + new + content[at + size :]
        new, by = b"", by + 8 - size
    path.write_bytes(content)
    return path


def _begin(content: bytes, at: int) -> int:
    """Where the content of an element of EBML begins, whose length is at that place."""
    return at + 9 - content[at].bit_length()


def _element(content: bytes, at: int, name: bytes) -> int:
    """The first element of that name from there on, among those side by side."""
    while not content.startswith(name, at):
        length_at = at + 9 - content[at].bit_length()
        begin = _begin(content, length_at)
        bits = 7 * (begin - length_at)
        at = begin + (int.from_bytes(content[length_at:begin]) & ((1 << bits) - 1))
    return at


def _after(content: bytes, name: bytes, begin: int) -> int:
    at = content.index(name, begin) + 2
    return int.from_bytes(content[at : at + (content[at - 1] & 0x7F)])
