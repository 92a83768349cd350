"""The numbers by which a stream names its colours (ITU-T H.273): whose word counts, and which of
them FFmpeg's converter does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

UNSPECIFIED = 2  # of a matrix, of primaries, of a transfer
NO_RANGE = 0
# Several threads of FFmpeg's converter write over the ends of each other's rows where these are not
# of round lengths: some pixels of some pictures, another time others.
ONE_THREAD = 1
# Matrices that FFmpeg converts; it refuses pictures that name another, whatever is asked of it.
CONVERTED = frozenset({0, 1, UNSPECIFIED, 4, 5, 6, 7, 9})


@dataclass(frozen=True, slots=True)
class NamedColours:
    """What a container says of its pictures."""

    matrix: int
    primaries: int
    transfer: int
    range: int

    @classmethod
    def of(cls, decoder: Any) -> Self:
        """Of a decoder that has not decoded yet: afterwards it knows what the pictures say."""
        return cls(
            int(decoder.colorspace),
            int(decoder.color_primaries),
            int(decoder.color_trc),
            int(decoder.color_range),
        )

    def fill(self, picture: Any) -> Any:
        """``picture`` with the container's word for what it does not name, as players take it."""
        if picture.colorspace == UNSPECIFIED:
            picture.colorspace = self.matrix
        if picture.color_primaries == UNSPECIFIED:
            picture.color_primaries = self.primaries
        if picture.color_trc == UNSPECIFIED:
            picture.color_trc = self.transfer
        if picture.color_range == NO_RANGE:
            picture.color_range = self.range
        return picture


def reformatted(picture: Any, width: int, height: int, form: str) -> Any:
    """An ``av.VideoFrame`` of that size and form, its matrix the same."""
    if int(picture.colorspace) not in CONVERTED:
        picture.colorspace = UNSPECIFIED
    return picture.reformat(width=width, height=height, format=form, threads=ONE_THREAD)
