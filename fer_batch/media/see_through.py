"""Films that may be transparent: shown over white, as photos are. What lies under it, nobody sees.

FFmpeg's converter leaves transparency out, and what a program left there would come up.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from fer_batch.i420 import planes
from fer_batch.media.alpha import shows_nothing
from fer_batch.media.named_colours import ONE_THREAD, reformatted
from fer_batch.types import Image

# FFmpeg's own decoders of these pass over the transparency that Matroska keeps beside a picture.
_SEEING = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
FULL, VIDEO = 2, 1  # ranges, by FFmpeg's numbers
WHITE = {FULL: 255, VIDEO: 235}
GREY = 128  # chroma of white


def seeing_decoder(stream: Any) -> Any:
    """The decoder for a stream, not opened: one that sees transparency where there is some."""
    own = stream.codec_context
    if stream.metadata.get("alpha_mode") == "1" and own.name in _SEEING:
        with suppress(ValueError):  # a build without it
            other = av.CodecContext.create(_SEEING[own.name], "r")
            other.extradata = own.extradata
            return other
    return own


def over_white(frame: Any) -> Any:
    """An ``av.VideoFrame`` of which nothing is transparent; any other as it is."""
    if not _has_alpha(frame):
        return frame
    kind = FULL if frame.color_range == FULL else VIDEO
    made = _of_colours(frame) if frame.format.is_rgb or frame.format.has_palette else None
    made = made or _of_luma(frame, kind)
    made.color_range, made.colorspace = frame.color_range, frame.colorspace
    return made


def laid_on_white(image: Image, frame: Any) -> Image:
    """An I420 picture in video range over white, as transparent as the ``av.VideoFrame`` that it
    was made of; as it is where nothing is."""
    if not _has_alpha(frame):
        return image
    luma, *chroma = planes(image)
    height, width = luma.shape
    whole = reformatted(frame, width, height, "yuva444p")
    plane = whole.planes[3]
    alpha = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:height, :width]
    if shows_nothing(alpha, luma, *chroma):
        return image
    luma[:] = _mixed(luma, alpha, WHITE[VIDEO])
    small = cv2.resize(alpha, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    for one in chroma:
        one[:] = _mixed(one, small, GREY)
    return image


def _has_alpha(frame: Any) -> bool:
    return any(component.is_alpha for component in frame.format.components)


def _of_colours(frame: Any) -> Any:
    pixels = frame.reformat(format="rgba", threads=ONE_THREAD).to_ndarray()
    colours, alpha = pixels[..., :3], pixels[..., 3:]
    if shows_nothing(alpha, *(colours[..., one] for one in range(3))):
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(colours), "rgb24")
    return av.VideoFrame.from_ndarray(_mixed(colours, alpha, 255), "rgb24")


def _of_luma(frame: Any, kind: int) -> Any:
    """Luma and chroma stay what they are by the picture's own matrix and range."""
    whole = frame.reformat(
        format="yuva444p", src_color_range=kind, dst_color_range=kind, threads=ONE_THREAD
    )
    luma, cb, cr, alpha = (
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
        for plane in whole.planes
    )
    if shows_nothing(alpha, luma, cb, cr):
        return av.VideoFrame.from_ndarray(np.stack([luma, cb, cr]), "yuv444p")
    shown = [_mixed(luma, alpha, WHITE[kind]), *(_mixed(c, alpha, GREY) for c in (cb, cr))]
    return av.VideoFrame.from_ndarray(np.stack(shown), "yuv444p")


def _mixed(over: Image, alpha: Image, under: int) -> Image:
    share: NDArray[np.uint16] = alpha.astype(np.uint16)
    mixed = (over * share + under * (255 - share) + 127) // 255
    return np.ascontiguousarray(mixed, np.uint8)
