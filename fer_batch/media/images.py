"""Folders of images as a source of frames, and single images as sources of one."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from fer_batch.config import IMAGE_SUFFIXES, Limits
from fer_batch.errors import InputError, LimitError, NoVideoError
from fer_batch.i420 import BT601
from fer_batch.media import planes
from fer_batch.media.image_decode import read_picture
from fer_batch.media.image_header import read_header
from fer_batch.types import Frame, SourceInfo


def images_in(folder: Path) -> list[Path]:
    """Images directly in ``folder``, in natural order (``2.png`` before ``10.png``)."""
    import natsort

    found = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()]
    return natsort.natsorted((p for p in found if not p.name.startswith(".")), key=lambda p: p.name)


def probe_images(path: Path, name: str, fps: float, limits: Limits) -> SourceInfo:
    """A folder of images, or one image, as a source with ``fps`` frames a second.

    Sizes may differ; the source is as large as the largest. An image that cannot be read is a
    frame with ``decode_error``, and a warning. Of a moving image the first picture is taken, with
    a warning, too.

    Raises:
        InputError: no image at all can be read.
    """
    files = images_in(path) if path.is_dir() else [path]
    if not files:
        raise NoVideoError(f"{path}: holds no images")
    if len(files) > limits.frames:
        raise LimitError(f"{path}: holds more than {limits.frames} images; split the folder")
    sizes: list[tuple[int, int]] = []
    errors: list[InputError] = []
    warnings: list[str] = []
    for file in files:
        try:
            header = read_header(file, limits)
            sizes.append(header.upright)
            if header.moving:
                warnings.append(
                    f"{file}: holds more than one picture; only the first is used. "
                    "If it moves, export it as a video"
                )
        except InputError as error:
            errors.append(error)
    if not sizes:
        raise errors[0]
    return SourceInfo(
        path=str(path.absolute()),
        name=name,
        kind="images",
        width=max(w for w, _ in sizes),
        height=max(h for _, h in sizes),
        rotation=0,
        time_base=1 / Fraction(fps).limit_denominator(100_000),
        pts=np.arange(len(files), dtype=np.int64),
        codec="images",
        colour=(1, 2, 2, BT601),
        files=tuple(file.name for file in files),
        warnings=(*map(str, errors), *warnings),
    )


class ImageReader:
    """Reads ranges of a folder of images; see ``FrameSource`` for the contract."""

    def __init__(self, info: SourceInfo, limits: Limits) -> None:
        self.info = info
        self._limits = limits

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """Yield images ``start`` to ``stop - 1`` in order, each in its own size."""
        for index in range(start, stop):
            pts = int(self.info.pts[index])
            try:
                picture = read_picture(image_path(self.info, index), self._limits)
            except InputError:
                yield Frame(index, pts, None, self.info.width, self.info.height)
                continue
            height, width = picture.bgr.shape[:2]
            scale = picture.width / width
            yield Frame(index, pts, planes.from_bgr(picture.bgr), width, height, scale=scale)


def image_path(info: SourceInfo, index: int) -> Path:
    """Where image ``index`` of a source lies."""
    path = Path(info.path)
    return path / info.files[index] if path.is_dir() else path
