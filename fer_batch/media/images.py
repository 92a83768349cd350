"""Folders of images as a source of frames, and single images as sources of one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np

from fer_batch.config import Limits
from fer_batch.cores import usable_cores
from fer_batch.errors import InputError, LimitError, NoVideoError
from fer_batch.i420 import BT601
from fer_batch.media import planes
from fer_batch.media.hidden import is_hidden
from fer_batch.media.image_decode import WORKING_PIXELS, read_picture
from fer_batch.media.image_folders import images_in
from fer_batch.media.image_header import read_header
from fer_batch.media.image_sets import photos_or_frames
from fer_batch.types import Frame, SourceInfo, SourceKind

# Images are decoded by several threads; pictures that wait take no more than this, bytes.
MOST_DECODERS = 4
BYTES_AHEAD = 96 << 20
WARNINGS_TOLD = 20


def images_below(folder: Path) -> list[Path]:
    """Images in ``folder`` and the folders in it, in natural order; hidden folders are left out."""
    import natsort

    found = images_in(folder)
    for name in natsort.natsorted(p.name for p in folder.iterdir() if p.is_dir()):
        if not is_hidden(name) and not (folder / name).is_symlink():
            found += images_below(folder / name)
    return found


def probe_images(
    path: Path,
    name: str,
    fps: float,
    limits: Limits,
    images: str = "auto",
    files: tuple[str, ...] = (),
) -> SourceInfo:
    """A folder of images, or one image: photos, or the frames of a film of ``fps`` a second.

    Sizes may differ; the source is as large as the largest. An image that cannot be read is a
    frame with ``decode_error``, and a warning. ``images``: ``photos``, ``frames``, or ``auto`` to
    look at them. ``files``: names relative to ``path``; empty for all in it.

    Raises:
        InputError: no image at all can be read.
    """
    found = _files(path, images, files)
    if not found:
        raise NoVideoError(f"{path}: holds no images")
    if len(found) > limits.frames:
        raise LimitError(f"{path}: holds more than {limits.frames} images; split the folder")
    width, height, warnings = _look(found, limits)
    kind: SourceKind = "frames" if images == "frames" else "photos"
    if images == "auto":
        kind = photos_or_frames(found, limits)
    return SourceInfo(
        path=str(path.absolute()),
        name=name,
        kind=kind,
        width=width,
        height=height,
        rotation=0,
        time_base=1 / Fraction(fps).limit_denominator(100_000),
        pts=np.arange(len(found), dtype=np.int64),
        codec="images",
        colour=(1, 2, 2, BT601),
        files=tuple(
            file.relative_to(path).as_posix() if path.is_dir() else file.name for file in found
        ),
        warnings=warnings,
    )


def _files(path: Path, images: str, files: tuple[str, ...]) -> list[Path]:
    if files:
        return [path / file for file in files]
    if not path.is_dir():
        return [path]
    direct = images_in(path)
    return direct if images == "frames" and direct else images_below(path)


def _look(files: list[Path], limits: Limits) -> tuple[int, int, tuple[str, ...]]:
    """Width and height of the largest, and what is wrong with some."""
    sizes: list[tuple[int, int]] = []
    errors: list[InputError] = []
    moving: list[str] = []
    for file in files:
        try:
            header = read_header(file, limits)
            sizes.append(header.upright)
            if header.moving:
                moving.append(
                    f"{file}: holds more than one picture; only the first is used. "
                    "If it moves, export it as a video"
                )
        except InputError as error:
            errors.append(error)
    if not sizes:
        raise errors[0]
    width, height = max(w for w, _ in sizes), max(h for _, h in sizes)
    warnings = (*_some(list(map(str, errors)), "unreadable images"), *_some(moving, "such images"))
    return width, height, warnings


def _some(lines: list[str], what: str) -> list[str]:
    """The first lines, and how many more there are."""
    if len(lines) <= WARNINGS_TOLD:
        return lines
    return [*lines[:WARNINGS_TOLD], f"and {len(lines) - WARNINGS_TOLD} more {what}"]


class ImageReader:
    """Reads ranges of a folder of images; see ``FrameSource`` for the contract."""

    def __init__(self, info: SourceInfo, limits: Limits) -> None:
        self.info = info
        self._limits = limits
        self._path = image_path(info)

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """Yield images ``start`` to ``stop - 1`` in order, each in its own size.

        They are decoded ahead by some threads: images are independent of one another.
        """
        decoders = min(MOST_DECODERS, usable_cores())
        pixels = min(self.info.width * self.info.height, WORKING_PIXELS)
        ahead = max(decoders, min(4 * decoders, BYTES_AHEAD // max(pixels * 3 // 2, 1)))
        waiting: deque[Future[Frame]] = deque()
        pool = ThreadPoolExecutor(decoders)
        try:
            for index in range(start, stop):
                waiting.append(pool.submit(self._frame, index))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _frame(self, index: int) -> Frame:
        pts = int(self.info.pts[index])
        try:
            picture = read_picture(self._path(index), self._limits)
        except InputError:
            return Frame(index, pts, None, self.info.width, self.info.height)
        height, width = picture.bgr.shape[:2]
        image = planes.from_bgr(picture.bgr)
        return Frame(index, pts, image, width, height, scale=picture.width / width)


def image_path(info: SourceInfo) -> Callable[[int], Path]:
    """Where the images of a source lie, by their number."""
    path = Path(info.path)
    return (lambda index: path / info.files[index]) if path.is_dir() else (lambda _: path)
