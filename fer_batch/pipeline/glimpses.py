"""The glimpses of a segment's frames, gathered while they are decoded."""

from __future__ import annotations

import numpy as np

from fer_batch.media.glimpse import LENGTH, glimpse
from fer_batch.tracking.cuts import suspicious
from fer_batch.types import Frame, Image


class Glimpses:
    """One thread adds frames in order, others ask about those that have been added."""

    def __init__(self, start: int) -> None:
        """``start``: the first frame that will come."""
        self._start = start
        self._seen: list[Image] = []

    def add(self, frame: Frame) -> None:
        """Take the next frame."""
        self._seen.append(glimpse(frame))

    def at(self, frame: int) -> Image:
        """The glimpse ``uint8[288]`` of one frame."""
        return self._seen[frame - self._start]

    def cut_may_lie(self, first: int, last: int) -> bool:
        """Whether the film may cut anywhere from frame ``first`` to frame ``last``. Depends on
        nothing but these frames, so that segments never change results."""
        part = self._seen[first - self._start : last - self._start + 1]
        there = np.stack([each for each in part if each.any()] or [np.zeros(LENGTH, np.uint8)])
        return bool(suspicious(there).any())

    def whole(self, frames: int) -> Image:
        """Those of the first ``frames`` frames: ``uint8[frames, 288]``."""
        return np.stack(self._seen[:frames]) if frames else np.zeros((0, LENGTH), np.uint8)
