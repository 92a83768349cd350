"""Cutting a source into segments on the detection grid."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from fer_batch.config import AnalyzeSettings
from fer_batch.types import IntArray, Segment, SourceInfo

WINDOW = 4
"""Segments begin on each so many frames of the detection grid: views are chosen within these."""
VIEW_S = 1.0  # seconds of a film of which one view of a face is kept, at most
# Seconds between two pictures that are searched for faces, at most: six frames of a film. What lies
# between pictures further apart (one a second, time-lapse, `--every`) is not known from them.
LOOK_S = 0.26


def detection_grid(info: SourceInfo, settings: AnalyzeSettings) -> int:
    """Of how many analysed frames one is always searched for faces; more are where frames are
    further apart than ``LOOK_S``. What two photos show says nothing of those between, so each is
    searched."""
    return 1 if info.kind == "photos" else settings.grid


def view_window(info: SourceInfo, settings: AnalyzeSettings) -> tuple[int, int]:
    """Of how many analysed frames faces are looked at in one, and within how many the best look is
    kept: on the detection grid, within four of its frames. Where those would be seconds apart (one
    picture a second, time-lapse, ``--every``) each is looked at, and the window is as short as its
    seconds ask for, so that whoever is seen at all is known. Segments begin with windows."""
    grid = detection_grid(info, settings)
    cell = grid * WINDOW
    times = info.pts[analysed_frames(info, settings)]
    apart = float(np.median(np.diff(times)) * info.time_base) if len(times) > 1 else 0.0
    if grid * apart <= VIEW_S:
        return grid, cell
    return 1, max(
        n for n in range(1, cell + 1) if cell % n == 0 and (n * apart <= VIEW_S or n == 1)
    )


def tells_people(kind: str, settings: AnalyzeSettings) -> bool:
    """Whether anybody is to be recognised in an input of that kind. In photos that is only where
    inputs are compared."""
    return settings.identity == "batch" or (settings.identity != "off" and kind != "photos")


def asked_each(info: SourceInfo, settings: AnalyzeSettings) -> int:
    """Of how many analysed frames a second network is asked about the faces of one, 1 for all of
    them: about each photo, and in films once a second at most. What it adds changes slowly there,
    so frames between are told from their neighbours (``tracking.opinions``)."""
    if info.kind == "photos" or settings.second_opinion == "on":
        return 1
    return view_window(info, settings)[1]


def analysed_frames(info: SourceInfo, settings: AnalyzeSettings) -> IntArray:
    """The frames that are analysed, rising: each n-th, or with ``fps`` the first frame of each
    ``1 / fps`` seconds. The first frame of all is always one."""
    if info.kind == "photos" or not settings.fps:
        return np.arange(0, len(info), settings.every, dtype=np.int64)
    time_s = (info.pts - info.pts[0]) * float(info.time_base)
    # A thousandth of a step ahead, so that rounded times of a container miss none.
    step = np.floor(time_s * settings.fps + 1e-3).astype(np.int64)
    chosen: IntArray = np.flatnonzero(np.diff(step, prepend=step[:1] - 1) > 0).astype(np.int64)
    return chosen


def asked_frames(info: SourceInfo, settings: AnalyzeSettings) -> IntArray:
    """The frames about whose faces a second network is asked, rising; see ``asked_each``."""
    return analysed_frames(info, settings)[:: asked_each(info, settings)]


def plan(info: SourceInfo, settings: AnalyzeSettings, frames: int) -> list[Segment]:
    """Segments of at most about ``frames`` frames that cover the source without gap or overlap.

    As few as will do and all about as long, so that workers who share them are done together. Each
    starts on a detection-grid frame and with a window of views, so that the cut never changes a
    result. Sources that cannot be
    sought in are one segment: reading one from the middle means reading all before it.
    """
    total = len(info)
    analysed = analysed_frames(info, settings)
    cell = detection_grid(info, settings) * WINDOW
    count = max(1, math.ceil(total / frames)) if info.seekable else 1
    length = max(1, math.ceil(len(analysed) / count / cell)) * cell
    starts = analysed[::length].tolist()
    return [Segment(i, start, stop) for i, (start, stop) in enumerate(pairwise([*starts, total]))]
