"""HEIC and HEIF photos, as phones take them, by libheif (``pillow-heif``).

libheif joins the tiles and turns the picture as the container says.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_batch.types import Image


def open_heif(source: Any) -> Any:
    """A ``pillow_heif.HeifFile`` of an open binary file or of bytes; no pixel is decoded yet.

    Raises:
        ValueError, EOFError, SyntaxError, RuntimeError, OSError: what libheif refuses.
    """
    import pillow_heif

    # Neither depth maps nor thumbnails are wanted; each would be looked at.
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False
    pillow_heif.options.DECODE_THREADS = 1
    return pillow_heif.open_heif(source, convert_hdr_to_8bit=True, bgr_mode=True)


def decode_heif(data: bytes) -> Image:
    """``uint8[h, w]``, ``[h, w, 3]`` BGR or ``[h, w, 4]`` BGRA.

    Raises:
        ValueError, EOFError, SyntaxError, RuntimeError, OSError: what libheif refuses.
    """
    pixels = np.asarray(open_heif(data))
    if pixels.dtype != np.uint8:  # monochrome keeps its depth
        pixels = (pixels >> 8).astype(np.uint8)
    return pixels
