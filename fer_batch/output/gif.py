"""``preview.gif``: moments cut together (``reel``), written by FFmpeg's palette filters.

moviepy's own GIF writer maps each frame to colours in Python; FFmpeg finds one palette for all
frames (``palettegen``) and maps them in C (``paletteuse``), fed through a pipe. Two runs of it, one
after the other: in one both filters hold all frames until the palette is known, 26 MB of them.
"""

from __future__ import annotations

import errno
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.atomic import atomic_path
from fer_batch.errors import FerBatchError
from fer_batch.output.moments import GIF_FPS
from fer_batch.output.reel import MAX_WIDTH, Reel, no_player

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from fer_batch.output.reel import Small
    from fer_batch.types import Image

MAX_BYTES = 5_000_000


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


def write_gif(clips: Sequence[Sequence[Small]], path: Path, fps: float = GIF_FPS) -> None:
    """Cut clips together and write a looping GIF of at most 5 MB and 480 x 640 pixels.

    Args:
        clips: for each moment its frames, ``fps`` a second; empty ones are left out, and sizes may
            differ between frames of a folder of images.
        path: of the GIF.

    Raises:
        ValueError: there is no frame at all.
        FerBatchError: FFmpeg failed.
        NoSpaceError: the disk is full.
    """
    full = [list(clip) for clip in clips if len(clip)]
    if not full:
        raise ValueError("no frames for a GIF")
    reel = Reel(full, fps)
    step: int | None = 0
    with atomic_path(path) as temporary:
        while step is not None:
            with temporary.open("wb") as file:
                _encode(reel, LADDER[step], file)
            step = smaller(step, temporary.stat().st_size, reel.width)


def smaller(step: int, size: int, width: int) -> int | None:
    """The next step worth trying after one gave ``size`` bytes; None when it is good enough."""
    if size <= MAX_BYTES or step == len(LADDER) - 1:
        return None
    unit = size / LADDER[step].weight(width)
    for later in range(step + 1, len(LADDER)):
        if unit * LADDER[later].weight(width) <= MAX_BYTES:
            return later
    return len(LADDER) - 1


def prepare() -> None:
    """Load what a GIF is made with: half of the time that making the first one takes."""
    from imageio_ffmpeg import get_ffmpeg_exe

    with no_player():
        from moviepy.video.compositing import CompositeVideoClip  # noqa: F401
    get_ffmpeg_exe()  # runs it once, to see that it does


def _encode(reel: Reel, quality: Quality, file: IO[bytes]) -> None:
    """Run FFmpeg over pipes; no file name of anybody is part of its command line."""
    scale = [f"scale={quality.width}:-2:flags=area"] if quality.width < reel.width else []
    rate = f"{reel.fps / quality.every:g}"
    pictures = _raw("rgb24", reel.width, reel.height, rate, "pipe:0")
    with tempfile.TemporaryDirectory() as folder:
        palette = Path(folder) / "palette"
        colours = ",".join([*scale, f"palettegen=max_colors={quality.colours}:stats_mode=full"])
        with palette.open("wb") as found:
            some = reel.pictures(quality.every * SAMPLE)
            _ffmpeg([*pictures, "-vf", colours, *_RAW_COLOURS, "pipe:1"], some, found)
        known = _raw("bgra", PALETTE_SIDE, PALETTE_SIDE, rate, f"file:{palette}")
        graph = (
            f"[0:v]{','.join([DENOISE, *scale])}[a];"
            f"[a][1:v]paletteuse=dither={quality.dither}:diff_mode=rectangle"
        )
        end = ["-filter_complex", graph, "-loop", "0", "-f", "gif", "pipe:1"]
        _ffmpeg([*pictures, *known, *end], reel.pictures(quality.every), file)


_RAW_COLOURS = ("-f", "rawvideo", "-pix_fmt", "bgra")


def _raw(form: str, width: int, height: int, rate: str, place: str) -> list[str]:
    """How FFmpeg is told of pictures without any container."""
    size = f"{width}x{height}"
    return ["-f", "rawvideo", "-pix_fmt", form, "-s", size, "-r", rate, "-i", place]


def _ffmpeg(arguments: list[str], frames: Iterable[Image], file: IO[bytes]) -> None:
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
