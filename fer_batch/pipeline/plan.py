"""Cutting a source into segments on the detection grid."""

from __future__ import annotations

from fer_batch.config import AnalyzeSettings
from fer_batch.types import Segment, SourceInfo


def plan(info: SourceInfo, settings: AnalyzeSettings, frames: int) -> list[Segment]:
    """Segments of about ``frames`` frames that cover the source without gap or overlap.

    Each starts on a detection-grid frame, so that the cut never changes a result. Sources that
    cannot be sought in are one segment: reading one from the middle means reading all before it.
    """
    total = len(info)
    grid = settings.every * settings.grid
    length = max(1, round(frames / grid)) * grid
    if not info.seekable:
        length = max(total, 1)
    starts = range(0, total, length)
    return [Segment(i, start, min(start + length, total)) for i, start in enumerate(starts)]
