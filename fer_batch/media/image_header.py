"""What the header of an image file says, before a pixel of it is decoded.

Pillow reads headers only: pixels are decoded by OpenCV and libheif, since the Pillow that MoviePy
allows (below 12) has holes in its decoders that were mended later (CVE-2026-25990 and others).
"""

from __future__ import annotations

import io
import stat
import threading
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from fer_batch.config import Limits
from fer_batch.errors import LimitError, NotMediaError
from fer_batch.media.container import check_readable
from fer_batch.media.image_facts import ImageHeader
from fer_batch.media.image_kind import START_BYTES, image_kind, other_kind
from fer_batch.media.image_tags import FRONT
from fer_batch.media.pillow_header import heif_header, pillow_header
from fer_batch.media.tiff_header import tiff_header

LONGEST_SIDE = 1_000_000  # OpenCV reads up to 2^20
# Python's filters of warnings are the whole process', so one thread at a time may change them.
_quiet = threading.Lock()


def read_bytes(path: Path, limits: Limits) -> bytes:
    """The content of an image file.

    Raises:
        InputError: missing, empty, not readable, or larger than ``limits.image_bytes``.
    """
    with _opened(path, limits) as file:
        return file.read()


def read_header(path: Path, limits: Limits) -> ImageHeader:
    """What the header of the image at ``path`` says.

    Raises:
        InputError: empty, no image that is read, or beyond the caps; one line, with its kind.
    """
    with _opened(path, limits) as file:
        return header_of(file, path, limits)


def _opened(path: Path, limits: Limits) -> BinaryIO:
    """The file, open. Of thousands nearly all are what they should be, so who is not is asked why
    only then (``check_readable``)."""
    try:
        there = path.stat()
        # Before it is opened: that would wait for whoever writes into a pipe.
        if not stat.S_ISREG(there.st_mode) or not there.st_size:
            check_readable(path)
        if there.st_size > limits.image_bytes:
            raise LimitError(f"{path}: is larger than {limits.image_bytes >> 20} MiB; shrink it")
        return path.open("rb")
    except OSError:
        check_readable(path)
        raise


def header_of(file: Any, path: Path, limits: Limits) -> ImageHeader:
    """As ``read_header``, of an open binary file; ``path`` is for the words of errors."""
    start = file.read(START_BYTES)
    file.seek(0)
    kind = image_kind(start)
    if not kind:
        raise NotMediaError(_refusal(path, start))
    if kind == "pnm":  # Pillow would go through blanks without an end one by one
        file = io.BytesIO(file.read(FRONT))
    try:
        header = _told(file, kind)
    except MemoryError:
        raise
    except NotMediaError as error:
        raise NotMediaError(_refusal(path, start, str(error))) from None
    except Exception as error:  # whatever a hostile header makes of the parser
        raise NotMediaError(
            f"{path}: is a damaged {kind.upper()} image; copy or export it again"
        ) from error
    _check_size(path, header, limits)
    return header


def _told(file: Any, kind: str) -> ImageHeader:
    """By who reads that kind; what Pillow warns of is not said, since our own line is."""
    with _quiet, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        own = {"heif": heif_header, "tiff": tiff_header}.get(kind)
        return own(file) if own else pillow_header(file, kind)


def _refusal(path: Path, start: bytes, words: str = "") -> str:
    words = words or other_kind(start, path)
    if words:
        return f"{path}: is {words}, which is not read as an image; export it as JPEG or PNG"
    return f"{path}: is not an image that can be read; export it as JPEG or PNG"


def _check_size(path: Path, header: ImageHeader, limits: Limits) -> None:
    width, height = header.width, header.height
    if width <= 0 or height <= 0:
        raise NotMediaError(f"{path}: is a damaged {header.kind.upper()} image; export it again")
    if max(width, height) > LONGEST_SIDE:
        raise LimitError(
            f"{path}: {width}x{height} pixels: a side of more than {LONGEST_SIDE} is not read; "
            "cut it into parts"
        )
    if width * height > limits.photo_pixels:
        raise LimitError(
            f"{path}: {width}x{height} pixels are more than the "
            f"{limits.photo_pixels // 1_000_000} megapixels allowed; scale it down"
        )
    if header.decoding_bytes > limits.photo_bytes:
        raise LimitError(
            f"{path}: {width}x{height} pixels of {header.kind.upper()} take more than the "
            f"{limits.photo_bytes >> 20} MiB of memory allowed; scale it down or save it as JPEG"
        )
