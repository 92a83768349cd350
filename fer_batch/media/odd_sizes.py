"""Pictures of odd width or height, made even before their chroma is halved.

FFmpeg's converter would stretch chroma to half of the next even size, so that colours are shifted
towards the right and the bottom, by half a pixel at the end.
"""

from __future__ import annotations

from typing import Any

import av
import numpy as np

from fer_batch.media.named_colours import ONE_THREAD

# By FFmpeg's names, of what is not in planes: in which form each lies in planes.
_PACKED = {"yuyv422": "yuv422p", "uyvy422": "yuv422p", "yvyu422": "yuv422p"}


_HALVED = ("yuv420", "yuvj420", "yuva420", "nv12", "p010", "gray")


def even(frame: Any, halved_too: bool = False) -> Any:
    """An ``av.VideoFrame`` of even size, by repeating the last column and row; one that is even, or
    whose chroma is halved already, as it is. ``halved_too``: of such a one luma is made even, which
    FFmpeg's converter would stretch."""
    width, height = frame.width, frame.height
    halved = frame.format.name.startswith(_HALVED) and not halved_too
    if (width % 2 == 0 and height % 2 == 0) or halved:
        return frame
    frame = _in_planes(frame)
    whole = av.VideoFrame(width + width % 2, height + height % 2, frame.format.name)
    for plane, target, step in zip(frame.planes, whole.planes, _steps(frame), strict=True):
        rows = _rows(plane, step)
        new = _rows(target, step)
        h, w = rows.shape[:2]
        new[:h, :w] = rows
        new[:h, w:] = rows[:, -1:]
        new[h:] = new[h - 1 : h]
    whole.color_range, whole.colorspace = frame.color_range, frame.colorspace
    whole.color_primaries, whole.color_trc = frame.color_primaries, frame.color_trc
    return whole


def _in_planes(frame: Any) -> Any:
    if frame.format.name in _PACKED:
        return frame.reformat(format=_PACKED[frame.format.name], threads=ONE_THREAD)
    if frame.format.is_planar or len(frame.planes) > 1:
        return frame
    return frame.reformat(format="gbrp" if frame.format.is_rgb else "yuv444p", threads=ONE_THREAD)


def _steps(frame: Any) -> list[int]:
    """Bytes from one pixel of a plane to the next."""
    steps = [0] * len(frame.planes)
    for component in frame.format.components:
        steps[component.plane] += -(-component.bits // 8)
    return steps


def _rows(plane: Any, step: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """``uint8[h, w, step]``, a view."""
    whole = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return whole[: plane.height, : plane.width * step].reshape(plane.height, plane.width, step)
