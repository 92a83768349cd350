"""What became of a frame, and what a face is called that cannot be read or is not certain."""

from __future__ import annotations

from enum import IntEnum

UNUSABLE = "unusable"  # stands for the status of a face that cannot be read
UNSURE = "unsure"  # stands for the label of a face whose strongest is below `--threshold`


class FrameStatus(IntEnum):
    """What became of one frame of the input."""

    OK = 0
    NO_FACE = 1
    SKIPPED = 2
    DECODE_ERROR = 3

    @property
    def text(self) -> str:
        """The word that stands in ``timeline.csv``."""
        return self.name.lower()
