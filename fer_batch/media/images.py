"""Folders of images as a source of frames, and single images as sources of one."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import imagesize
import numpy as np

from fer_batch.config import IMAGE_SUFFIXES, Limits
from fer_batch.errors import InputError, LimitError, NotMediaError, NoVideoError
from fer_batch.media import planes
from fer_batch.media.container import check_readable
from fer_batch.types import Frame, Image, SourceInfo

# A damaged image is our one line, not OpenCV's on stderr beside it.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


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
            sizes.append(image_size(file, limits))
            if is_moving(file):
                warnings.append(
                    f"{file}: moves; only its first picture is used, export it as a video"
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
        files=tuple(file.name for file in files),
        warnings=(*map(str, errors), *warnings),
    )


def image_size(path: Path, limits: Limits) -> tuple[int, int]:
    """Width and height from an image's header, before a pixel is decoded.

    Raises:
        InputError: empty, no image, or beyond the caps.
    """
    check_readable(path)
    if path.stat().st_size > limits.image_bytes:
        raise LimitError(f"{path}: is larger than {limits.image_bytes >> 20} MiB; shrink it")
    try:
        width, height = imagesize.get(str(path))
    except Exception as error:  # whatever a hostile header makes of the parser
        raise NotMediaError(f"{path}: is not an image that can be read ({error})") from error
    if width <= 0 or height <= 0:
        raise NotMediaError(f"{path}: is not an image that can be read; export it again")
    if width * height > limits.pixels:
        raise LimitError(
            f"{path}: {width}x{height} pixels are more than the {limits.pixels // 1_000_000} "
            "megapixels allowed; scale it down"
        )
    return width, height


def is_moving(path: Path) -> bool:
    """Whether a PNG or WebP holds more than one picture, by what stands before the first."""
    with path.open("rb") as file:
        start = file.read(4096)
    if start[:4] == b"RIFF" and start[8:16] == b"WEBPVP8X":
        return bool(start[20] & 2)
    return start[1:4] == b"PNG" and b"acTL" in start.partition(b"IDAT")[0]


def read_image(path: Path, limits: Limits) -> Image:
    """``uint8[h, w, 3]`` BGR, turned upright as its EXIF says.

    Raises:
        InputError: empty, no image, or beyond the caps.
    """
    image_size(path, limits)
    data = np.fromfile(path, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if image is None:
        raise NotMediaError(f"{path}: is damaged or not an image; export it again")
    return image


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
                bgr = read_image(image_path(self.info, index), self._limits)
            except InputError:
                yield Frame(index, pts, None, self.info.width, self.info.height)
                continue
            height, width = bgr.shape[:2]
            yield Frame(index, pts, planes.from_bgr(bgr), width, height)


def image_path(info: SourceInfo, index: int) -> Path:
    """Where image ``index`` of a source lies."""
    path = Path(info.path)
    return path / info.files[index] if path.is_dir() else path
