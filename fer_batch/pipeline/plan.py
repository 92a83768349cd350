"""Cutting a source into segments on the detection grid."""

from __future__ import annotations

import math

from fer_batch.config import AnalyzeSettings
from fer_batch.types import Segment, SourceInfo

WINDOW = 4
"""Segments begin on each so many frames of the detection grid: views are chosen within these."""
# Seconds between two pictures that are searched for faces, at most: six frames of a film. What lies
# between pictures further apart (one a second, time-lapse, `--every`) is not known from them.
LOOK_S = 0.26


def detection_grid(info: SourceInfo, settings: AnalyzeSettings) -> int:
    """Of how many analysed frames one is always searched for faces; more are where frames are
    further apart than ``LOOK_S``. What two photos show says nothing of those between, so each is
    searched."""
    return 1 if info.kind == "photos" else settings.grid


def plan(info: SourceInfo, settings: AnalyzeSettings, frames: int) -> list[Segment]:
    """Segments of at most about ``frames`` frames that cover the source without gap or overlap.

    As few as will do and all about as long, so that workers who share them are done together. Each
    starts on a detection-grid frame and with a window of views, so that the cut never changes a
    result. Sources that cannot be
    sought in are one segment: reading one from the middle means reading all before it.
    """
    total = len(info)
    grid = settings.every * detection_grid(info, settings) * WINDOW
    count = max(1, math.ceil(total / frames)) if info.seekable else 1
    length = max(1, math.ceil(total / count / grid)) * grid
    starts = range(0, total, length)
    return [Segment(i, start, min(start + length, total)) for i, start in enumerate(starts)]
