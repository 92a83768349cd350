"""Writes the demo clip as a file: H.264 and AAC in mp4."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.atomic import atomic_path
from fer_batch.demo.scene import SECONDS, Scene
from fer_batch.demo.sound import RATE, chord

if TYPE_CHECKING:
    from collections.abc import Callable

FPS = 25
BT709 = 1


def write_clip(
    path: Path,
    *,
    seconds: float = SECONDS,
    width: int = 640,
    height: int = 360,
    on_frame: Callable[[int, int], None] | None = None,
) -> Path:
    """Write two moving, changing faces with sound to ``path`` and return it.

    The same arguments give the same pictures; one encoder thread gives the same bytes. ``width``
    and ``height`` are even. ``on_frame`` is told (frames done, frames in all).

    Raises:
        NoSpaceError, OutputPathError: ``path`` cannot be written.
        ModelFileError: a portrait is missing from the installation.
    """
    import av

    scene = Scene(width, height)
    frames = round(seconds * FPS)
    with atomic_path(path) as temporary:
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        with av.open(str(temporary), "w", format="mp4", options=options) as container:
            video, audio = _streams(container, width, height)
            for index in range(frames):
                _write_picture(container, video, scene.at(index / FPS), index)
                if on_frame:
                    on_frame(index + 1, frames)
            container.mux(video.encode())
            _write_sound(container, audio, frames / FPS)
    return path


def _streams(container: Any, width: int, height: int) -> tuple[Any, Any]:
    video = container.add_stream("libx264", rate=FPS)
    video.width, video.height, video.pix_fmt = width, height, "yuv420p"
    video.options = {"crf": "20", "preset": "medium", "threads": "1"}
    video.codec_context.time_base = Fraction(1, FPS)
    video.codec_context.color_range = 1
    for field in ("colorspace", "color_primaries", "color_trc"):
        setattr(video.codec_context, field, BT709)
    audio = container.add_stream("aac", rate=RATE, layout="stereo")
    audio.bit_rate = 128_000
    return video, audio


def _write_picture(container: Any, video: Any, picture: Any, index: int) -> None:
    import av
    from av.video.reformatter import Colorspace

    frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
    frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, threads=1)
    frame.pts, frame.time_base = index, Fraction(1, FPS)
    container.mux(video.encode(frame))


def _write_sound(container: Any, audio: Any, seconds: float) -> None:
    import av
    import numpy as np

    sound = chord(seconds)
    for start in range(0, sound.shape[1], 1024):
        block = np.ascontiguousarray(sound[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        container.mux(audio.encode(frame))
    container.mux(audio.encode())
