"""Pictures as planar I420: from decoder frames and image arrays, turned upright, made even.

One canonical picture keeps the hot path free of colour conversion: faces are cropped from luma,
drawing goes straight into the planes, and the encoder takes them as they are. Matrix for arrays
that come from image files: ITU-R BT.601, as OpenCV's ``COLOR_BGR2YUV_I420``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from fer_batch.i420 import (
    BT601,
    VIDEO_CHROMA,
    VIDEO_LUMA,
    coefficients,
    planes,
    to_rgb_rows,
)
from fer_batch.media import hdr, interlace
from fer_batch.media.named_colours import reformatted
from fer_batch.media.odd_sizes import even
from fer_batch.media.packed_rgb import unpacked
from fer_batch.media.see_through import laid_on_white, over_white

if TYPE_CHECKING:
    from fer_batch.types import Image

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def join(luma: Image, u: Image, v: Image) -> Image:
    """One contiguous I420 array of three planes; odd sizes are padded by repeating the edge."""
    h, w = luma.shape
    even = (h + (h & 1), w + (w & 1))
    if luma.shape != even:
        luma = np.pad(luma, ((0, even[0] - h), (0, even[1] - w)), mode="edge")
    half = (even[0] // 2, even[1] // 2)
    image = np.empty((even[0] * 3 // 2, even[1]), np.uint8)
    for target, plane in zip(
        planes(image), (luma, u[: half[0], : half[1]], v[: half[0], : half[1]]), strict=True
    ):
        target[:] = plane
    return image


def upright(
    image: Image, width: int, height: int, clockwise: int, flipped: bool = False
) -> tuple[Image, int, int]:
    """Turn an I420 picture of true size ``width`` × ``height`` by a multiple of 90 degrees, then
    exchange left and right where it is ``flipped``."""
    if clockwise == 0 and not flipped:
        return image, width, height
    luma, u, v = planes(image)
    # Crop the padding first: after turning it would lie on another side.
    turned = [np.ascontiguousarray(plane) for plane in (luma[:height, :width], u, v)]
    if clockwise:
        turned = [cv2.rotate(plane, _TURNS[clockwise]) for plane in turned]
    if flipped:
        turned = [cv2.flip(plane, 1) for plane in turned]
    if clockwise in (90, 270):
        width, height = height, width
    return join(*turned), width, height


def cropped(image: Image, left: int, top: int, width: int, height: int) -> Image:
    """A piece of an I420 picture; ``left`` and ``top`` are even."""
    luma, u, v = planes(image)
    half = slice(top // 2, (top + height + 1) // 2), slice(left // 2, (left + width + 1) // 2)
    return join(luma[top : top + height, left : left + width], u[half], v[half])


def stretched(image: Image, width: int, height: int) -> Image:
    """An I420 picture scaled to ``width`` × ``height`` (even), whatever its shape was."""
    luma, u, v = planes(image)
    if luma.shape == (height, width):
        return image
    sizes = ((width, height), *((width // 2, height // 2),) * 2)
    return join(*(cv2.resize(p, s) for p, s in zip((luma, u, v), sizes, strict=True)))


def from_video_frame(frame: Any, width: int, height: int) -> tuple[Image, bool]:
    """I420 array of an ``av.VideoFrame`` and whether its luma has full range.

    Other pixel formats, bit depths and sizes (a stream may change size) are converted by swscale.
    Pictures of high dynamic range are brought down, those of two fields made whole.
    """
    if hdr.is_wide(frame):
        same_size = (frame.width, frame.height) == (width, height)
        frame = even(frame, halved_too=True) if same_size else frame
        width, height = width + width % 2, height + height % 2
        return laid_on_white(hdr.to_709(frame, width, height), frame), False
    image, full_range = _converted(frame, width, height)
    if frame.interlaced_frame:
        interlace.woven(image)
    return image, full_range


def _converted(frame: Any, width: int, height: int) -> tuple[Image, bool]:
    full_range = frame.color_range == 2 or frame.format.name.startswith("yuvj")
    frame = over_white(unpacked(frame))
    if (frame.width, frame.height) == (width, height):
        frame = even(frame)
        if frame.width != width or frame.height != height:
            return _converted(frame, frame.width, frame.height)
    same_size = frame.width == width and frame.height == height
    if frame.format.name not in ("yuv420p", "yuvj420p") or not same_size:
        target = "yuvj420p" if full_range else "yuv420p"
        frame = reformatted(frame, width, height, target)
    if width % 2 == 0 and height % 2 == 0:
        return frame.to_ndarray(), full_range
    parts = []
    for plane, size in zip(
        frame.planes, ((height, width),) + (((height + 1) // 2, (width + 1) // 2),) * 2, strict=True
    ):
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        parts.append(rows[: size[0], : size[1]])
    return join(*parts), full_range


def to_video_frame(image: Image) -> Any:
    """An ``av.VideoFrame`` of an I420 array ``uint8[h * 3 // 2, w]`` with even ``w`` and ``h``.

    The frame looks into the array where PyAV can do that, so the array must not be written to
    again. PyAV counts the rows of a buffer in fours: a height that is no multiple of four would
    come out two rows short, with chroma from the wrong place, and is copied instead.
    """
    image = np.ascontiguousarray(image)
    if image.shape[0] * 2 // 3 % 4 == 0:
        return av.VideoFrame.from_numpy_buffer(image, format="yuv420p")
    return av.VideoFrame.from_ndarray(image, format="yuv420p")


def from_bgr(bgr: Image) -> Image:
    """I420 array of ``uint8[h, w, 3]``; odd sizes are padded by repeating the edge."""
    h, w = bgr.shape[:2]
    if h % 2 or w % 2:
        bgr = cv2.copyMakeBorder(bgr, 0, h % 2, 0, w % 2, cv2.BORDER_REPLICATE)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)


def to_bgr(image: Image, full_range: bool = False, matrix: int = BT601) -> Image:
    """``uint8[h, w, 3]`` of an I420 array."""
    if not full_range and coefficients(matrix) == coefficients(BT601):
        return cv2.cvtColor(image, cv2.COLOR_YUV2BGR_I420)  # which knows no other
    luma, *chroma = planes(image)
    size = (luma.shape[1], luma.shape[0])
    large = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in chroma]
    rows = np.array(to_rgb_rows(matrix, full_range)[::-1], np.float32)
    return cv2.transform(cv2.merge([luma, *large]), rows)


def to_rgb(image: Image, full_range: bool = False, matrix: int = BT601) -> Image:
    """``uint8[h, w, 3]`` of an I420 array, red first."""
    return np.ascontiguousarray(to_bgr(image, full_range, matrix)[..., ::-1])


def to_video_range(image: Image) -> Image:
    """A full-range I420 array in video range: luma 16 to 235, chroma 16 to 240."""
    h = image.shape[0] * 2 // 3
    luma = cv2.convertScaleAbs(image[:h], None, *VIDEO_LUMA)
    chroma = cv2.convertScaleAbs(image[h:], None, *VIDEO_CHROMA)
    return np.concatenate([luma, chroma])


def fit(image: Image, width: int, height: int) -> Image:
    """Scale an I420 picture into ``width`` × ``height`` (even), keeping its shape, on black."""
    luma, u, v = planes(image)
    h, w = luma.shape
    if (w, h) == (width, height):
        return image
    scale = min(width / w, height / h)
    inner_w = max(2, min(width, round(w * scale) // 2 * 2))
    inner_h = max(2, min(height, round(h * scale) // 2 * 2))
    canvas = np.empty((height * 3 // 2, width), np.uint8)
    left, top = (width - inner_w) // 4 * 2, (height - inner_h) // 4 * 2
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    for target, plane, divide, black in zip(
        planes(canvas), (luma, u, v), (1, 2, 2), (16, 128, 128), strict=True
    ):
        target[:] = black
        size = (inner_w // divide, inner_h // divide)
        y, x = top // divide, left // divide
        target[y : y + size[1], x : x + size[0]] = cv2.resize(plane, size, interpolation=method)
    return canvas
