"""``preview.gif``: moments cut together with moviepy, written by FFmpeg's palette filters.

moviepy's own GIF writer maps each frame to colours in Python; FFmpeg finds one palette for all
frames (``palettegen``) and maps them in C (``paletteuse``), fed through a pipe. Two runs of it, one
after the other: in one both filters hold all frames until the palette is known, 26 MB of them.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.atomic import atomic_path
from fer_batch.errors import FerBatchError
from fer_batch.i420 import planes
from fer_batch.output.moments import GIF_FPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

    from fer_batch.types import Image

MAX_WIDTH = 480
MAX_HEIGHT = 640
MAX_BYTES = 5_000_000
PLAYER = "FFPLAY_BINARY"  # moviepy's setting


@dataclass(frozen=True, slots=True)
class Quality:
    """One step of making a GIF smaller: colours, each n-th frame, width, dithering."""

    colours: int = 256
    every: int = 1
    width: int = MAX_WIDTH
    dither: str = "bayer:bayer_scale=4"

    def weight(self, width: int) -> float:
        """About how large a GIF of ``width`` becomes, in a unit of its own; from measurements."""
        return float(self.colours**0.3 * min(self.width, width) ** 2 / self.every)


# From best to smallest; the last is far below 5 MB for 8 s of any content.
LADDER = (
    Quality(),
    Quality(colours=128),
    Quality(colours=128, width=400),
    Quality(colours=96, width=360, every=2),
    Quality(colours=64, width=320, every=2, dither="none"),
    Quality(colours=64, width=240, every=3, dither="none"),
    Quality(colours=32, width=160, every=3, dither="none"),
)
# GIF pays for each pixel that differs from the frame before: sensor noise is smoothed away first.
DENOISE = "hqdn3d=2:1.5:4:3"
# Every fourth frame tells the palette as well, for a third of the time.
SAMPLE = 4
PALETTE_SIDE = 16


def small_size(width: int, height: int) -> tuple[int, int]:
    """Even size that fits ``MAX_WIDTH`` x ``MAX_HEIGHT``; never larger than the picture."""
    scale = min(1.0, MAX_WIDTH / width, MAX_HEIGHT / height)
    return max(2 * round(width * scale / 2), 2), max(2 * round(height * scale / 2), 2)


def small(image: Image) -> Image:
    """A frame in the GIF's size: planes are scaled, colours converted only after.

    Args:
        image: ``uint8[h * 3 // 2, w]``, I420 with even sides.

    Returns:
        ``uint8[h' * 3 // 2, w']`` of ``small_size``.
    """
    import cv2

    large = planes(image)
    width, height = small_size(large.luma.shape[1], large.luma.shape[0])
    made = np.empty((height * 3 // 2, width), np.uint8)
    for plane, target in zip(large, planes(made), strict=True):
        size = (target.shape[1], target.shape[0])
        cv2.resize(plane, size, dst=target, interpolation=cv2.INTER_AREA)
    return made


def write_gif(clips: Sequence[Sequence[Image]], path: Path, fps: float = GIF_FPS) -> None:
    """Cut clips together and write a looping GIF of at most 5 MB and 480 x 640 pixels.

    Args:
        clips: for each moment its frames, ``uint8[h, w, 3]`` RGB, ``fps`` a second; empty ones are
            left out, and sizes may differ between frames of a folder of images.
        path: of the GIF.

    Raises:
        ValueError: there is no frame at all.
        FerBatchError: FFmpeg failed.
        NoSpaceError: the disk is full.
    """
    full = [list(clip) for clip in clips if len(clip)]
    if not full:
        raise ValueError("no frames for a GIF")
    frames = list(compose(_same_size(full), fps))
    step: int | None = 0
    with atomic_path(path) as temporary:
        while step is not None:
            with temporary.open("wb") as file:
                _encode(frames, fps, LADDER[step], file)
            step = smaller(step, temporary.stat().st_size, frames[0].shape[1])


def smaller(step: int, size: int, width: int) -> int | None:
    """The next step worth trying after one gave ``size`` bytes; None when it is good enough."""
    if size <= MAX_BYTES or step == len(LADDER) - 1:
        return None
    unit = size / LADDER[step].weight(width)
    for later in range(step + 1, len(LADDER)):
        if unit * LADDER[later].weight(width) <= MAX_BYTES:
            return later
    return len(LADDER) - 1


def _same_size(clips: list[list[Image]]) -> list[list[Image]]:
    """Frames of different sizes are centred on black in the largest width and height."""
    sizes = {frame.shape for clip in clips for frame in clip}
    if len(sizes) == 1:
        return clips
    height, width = max(s[0] for s in sizes), max(s[1] for s in sizes)

    def padded(frame: Image) -> Image:
        ground = np.zeros((height, width, 3), dtype=np.uint8)
        y, x = (height - frame.shape[0]) // 2, (width - frame.shape[1]) // 2
        ground[y : y + frame.shape[0], x : x + frame.shape[1]] = frame
        return ground

    return [[padded(frame) for frame in clip] for clip in clips]


def prepare() -> None:
    """Load what a GIF is made with: half of the time that making the first one takes."""
    from imageio_ffmpeg import get_ffmpeg_exe

    with _no_player():
        from moviepy.video.compositing import CompositeVideoClip  # noqa: F401
        from moviepy.video.io import ImageSequenceClip  # noqa: F401
    get_ffmpeg_exe()  # runs it once, to see that it does


def compose(clips: list[list[Image]], fps: float) -> Iterator[Image]:
    """The frames of all clips one after the other: moviepy's image sequences, concatenated.

    Cuts are hard: fading would lay the labels of two moments over one another.
    """
    with _no_player():
        from moviepy.video.compositing.CompositeVideoClip import concatenate_videoclips
        from moviepy.video.io.ImageSequenceClip import ImageSequenceClip

    parts = [ImageSequenceClip(frames, fps=fps) for frames in clips]
    whole = concatenate_videoclips(parts, method="chain")
    try:
        # The middle of each frame's time, where rounding cannot reach the neighbour.
        for tick in range(sum(len(clip) for clip in clips)):
            yield np.asarray(whole.get_frame((tick + 0.5) / fps), dtype=np.uint8)
    finally:
        whole.close()


@contextmanager
def _no_player() -> Iterator[None]:
    """Keep moviepy from trying ``ffplay`` when it is imported, which takes a tenth of a second."""
    nothing = shutil.which("true")
    if PLAYER in os.environ or nothing is None or "moviepy" in sys.modules:
        yield
        return
    os.environ[PLAYER] = nothing
    try:
        yield
    finally:
        os.environ.pop(PLAYER, None)


def _encode(frames: list[Image], fps: float, quality: Quality, file: IO[bytes]) -> None:
    """Run FFmpeg over pipes; no file name of anybody is part of its command line."""
    frames = frames[:: quality.every]
    height, width = frames[0].shape[:2]
    scale = [f"scale={quality.width}:-2:flags=area"] if quality.width < width else []
    rate = f"{fps / quality.every:g}"
    pictures = _raw("rgb24", width, height, rate, "pipe:0")
    with tempfile.TemporaryDirectory() as folder:
        palette = Path(folder) / "palette"
        colours = ",".join([*scale, f"palettegen=max_colors={quality.colours}:stats_mode=full"])
        with palette.open("wb") as found:
            _ffmpeg([*pictures, "-vf", colours, *_RAW_COLOURS, "pipe:1"], frames[::SAMPLE], found)
        known = _raw("bgra", PALETTE_SIDE, PALETTE_SIDE, rate, f"file:{palette}")
        graph = (
            f"[0:v]{','.join([DENOISE, *scale])}[a];"
            f"[a][1:v]paletteuse=dither={quality.dither}:diff_mode=rectangle"
        )
        end = ["-filter_complex", graph, "-loop", "0", "-f", "gif", "pipe:1"]
        _ffmpeg([*pictures, *known, *end], frames, file)


_RAW_COLOURS = ("-f", "rawvideo", "-pix_fmt", "bgra")


def _raw(form: str, width: int, height: int, rate: str, place: str) -> list[str]:
    """How FFmpeg is told of pictures without any container."""
    size = f"{width}x{height}"
    return ["-f", "rawvideo", "-pix_fmt", form, "-s", size, "-r", rate, "-i", place]


def _ffmpeg(arguments: list[str], frames: list[Image], file: IO[bytes]) -> None:
    """Run FFmpeg on ``frames``, whose answer goes to ``file``.

    Raises:
        FerBatchError: it failed.
        OSError: the disk is full.
    """
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", *arguments]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=file, stderr=complaints, bufsize=0
        )
        assert process.stdin is not None
        try:
            with closing(process.stdin) as pipe:
                for frame in frames:
                    _write_all(pipe, np.ascontiguousarray(frame).data.cast("B"))
        except BrokenPipeError:
            pass  # FFmpeg's own message says why it went away
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.wait() != 0:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip().splitlines()
            reason = said[-1] if said else "killed"
            if "No space left" in reason:
                raise OSError(errno.ENOSPC, reason)
            raise FerBatchError(f"FFmpeg could not write the GIF: {reason}")


def _write_all(pipe: IO[bytes], data: memoryview) -> None:
    """An unbuffered pipe may take less than it is given."""
    while data:
        data = data[pipe.write(data) :]
