"""What a clock on the wall showed at each frame, for those who align other sensors.

A container says when its recording began (creation time, mostly to the second), or the camera's
timecode of the first frame, to the frame. Times of frames count from there by their PTS.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fer_batch.types import SourceInfo

NO_CLOCK = (
    "does not say when it was recorded (neither a creation time nor a timecode): "
    "the column clock is empty"
)


@dataclass(frozen=True, slots=True)
class Clock:
    """``begin``: at the film's first frame, to the microsecond. ``zone``: its distance from UTC as
    ISO 8601 writes it, "" where nothing is known of it. ``dated``: whether the day is known."""

    begin: np.datetime64
    zone: str = ""
    dated: bool = True

    def texts(self, time_s: NDArray[np.float64]) -> list[str]:
        """The time of each frame in ISO 8601, from its seconds after the first; without a date
        where there is none. Empty where a frame has no time (NaN)."""
        known = np.isfinite(time_s)
        after = np.round(np.where(known, time_s, 0) * 1e6).astype("timedelta64[us]")
        texts: list[str] = np.datetime_as_string(self.begin + after, unit="us").tolist()
        first = 0 if self.dated else len("1970-01-01T")
        return [
            text[first:] + self.zone if has else ""
            for text, has in zip(texts, known.tolist(), strict=True)
        ]


def clock_of(info: SourceInfo) -> Clock | None:
    """The clock of a recording: its creation time, else its timecode; None where it has neither."""
    if info.recorded:
        begin = datetime.fromisoformat(info.recorded)
        zone = begin.isoformat()[len(begin.replace(tzinfo=None).isoformat()) :]
        return Clock(np.datetime64(begin.replace(tzinfo=None), "us"), zone)
    seconds = timecode_s(info.timecode, info.frame_s)
    if seconds is None:
        return None
    begin_us = np.timedelta64(round(seconds * 1_000_000), "us")
    return Clock(np.datetime64("1970-01-01T00:00:00.000000") + begin_us, dated=False)


def timecode_s(timecode: str, frame_s: float) -> float | None:
    """Seconds after midnight of a timecode ``HH:MM:SS:FF``; None where it is none.

    ``frame_s``: how long a frame lasts, of which the whole number of frames a second follows.
    "Drop-frame" timecode (``;`` or ``.`` before the frames, at 29.97 and 59.94 a second) leaves out
    the first 2 (4) numbers of each minute but every tenth (SMPTE ST 12-1), so that it keeps to the
    clock; the exact time is that of the number of frames.
    """
    parts = timecode.replace(";", ":").replace(".", ":").split(":")
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        return None
    hours, minutes, seconds, frames = map(int, parts)
    rate = max(round(1 / frame_s), 1)
    if hours > 23 or minutes > 59 or seconds > 59 or frames >= rate:
        return None
    whole = hours * 3600 + minutes * 60 + seconds
    if rate % 30 or not set(";.") & set(timecode):
        return whole + frames / rate
    passed = hours * 60 + minutes
    left_out = rate // 15 * (passed - passed // 10)
    return (whole * rate + frames - left_out) * 1001 / (rate * 1000)
