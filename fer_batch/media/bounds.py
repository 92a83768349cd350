"""Bounds for what FFmpeg may take of this machine, set before a byte of a file is parsed."""

from __future__ import annotations

import ctypes
from functools import lru_cache

import av

from fer_batch.config import Limits

# Bytes a pixel of the largest kind of picture that is packed in one piece (RGBA of 16 bits).
PIXEL_BYTES = 8


def decoder_options(limits: Limits) -> dict[str, str]:
    """Options for each decoder: a picture beyond the limit is an error before it has memory."""
    return {"max_pixels": str(limits.pixels)}


@lru_cache(maxsize=1)
def bound_allocations() -> None:
    """No single piece of memory that FFmpeg takes is larger than the largest picture allowed.

    A few bytes of a header may promise tables of millions of entries. FFmpeg asks for each table
    at once and treats a refusal as a damaged file. The bound counts for the whole process; the
    function lies in FFmpeg's own library, which PyAV's modules are linked with.
    """
    library = ctypes.CDLL(av._core.__file__)  # noqa: SLF001
    library.av_max_alloc.argtypes = [ctypes.c_size_t]
    library.av_max_alloc(Limits().pixels * PIXEL_BYTES + (1 << 20))
