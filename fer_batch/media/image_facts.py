"""What is known of an image file before a pixel of it is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from fer_batch.media.named_colours import UNSPECIFIED

# What decoding takes for each pixel at most, bytes: planes, working copies, and the result.
_BYTES = {"jpeg": 6, "png": 4, "webp": 7, "bmp": 4, "gif": 5, "tiff": 6, "jp2": 16, "pnm": 3}
_BYTES |= {"avif": 10, "heif": 9}


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """``width`` and ``height`` in pixels as stored, ``orientation`` as EXIF counts (1 to 8).

    ``upright``: width and height of the picture as it is shown. ``alpha``: it may be transparent
    in parts. ``multiplied``: its colours are multiplied by what shows of them already. ``wide``:
    more than 8 bits a channel. ``most``: the largest value of a channel where it is less than 16
    bits hold, else 0. ``clear``: the grey that is not shown, -1 for none. ``moving``: it holds more
    than one picture. ``icc``: its colour profile, empty where it has none. ``primaries``,
    ``transfer``: as video numbers them, 2 where not named. ``gamma``: stored values are light to
    the power of this, where a PNG says so; 0 where it does not.
    """

    kind: str
    width: int
    height: int
    orientation: int = 1
    alpha: bool = False
    multiplied: bool = False
    wide: bool = False
    most: int = 0
    clear: int = -1
    moving: bool = False
    icc: bytes = b""
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    gamma: float = 0.0

    @property
    def upright(self) -> tuple[int, int]:
        turned = self.orientation >= 5
        return (self.height, self.width) if turned else (self.width, self.height)

    @property
    def decoding_bytes(self) -> int:
        """Memory that decoding takes at most."""
        return self.width * self.height * _BYTES[self.kind] * (2 if self.wide else 1)
