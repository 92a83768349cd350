"""Transparency that nobody meant.

Programs that write 32 bits a pixel and know no transparency leave the last eight at 0: raw AVI of
screen recorders, bitmaps. Over white nothing would be left of such pictures.
"""

from __future__ import annotations

from fer_batch.types import Image


def shows_nothing(alpha: Image, *colours: Image) -> bool:
    """Whether a picture is transparent all over and yet holds one: it is shown as if it were
    opaque. ``alpha``, ``colours``: ``uint8`` of any shape; of one colour alone it holds nothing."""
    return not alpha.any() and any(
        bool((colour != colour.flat[0]).any()) for colour in colours if colour.size
    )
