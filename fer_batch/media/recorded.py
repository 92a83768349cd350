"""When a recording began, and what the camera's clock showed, as its container says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

# The first has the place's own time zone (Apple), the others are UTC by their standards.
TIMES = ("com.apple.quicktime.creationdate", "creation_time", "date", "DATE_RECORDED")
# A clock that was never set: QuickTime counts from 1904, Unix from 1970.
FIRST_YEAR = 1971


def recorded(container: Any, stream: Any) -> str:
    """The beginning of a recording in ISO 8601, "" where the file does not say."""
    for place in (container.metadata, stream.metadata):
        for name in TIMES:
            try:
                time = datetime.fromisoformat(place.get(name, "").strip())
            except ValueError:
                continue
            if time.year >= FIRST_YEAR and len(place[name].strip()) > len("2026-01-01"):
                return time.isoformat()
    return ""


def timecode(container: Any, stream: Any) -> str:
    """The timecode of the first frame (``HH:MM:SS:FF``), "" where there is none."""
    others = [s for s in container.streams if s is not stream]
    for place in (stream, *others, container):
        found = str(place.metadata.get("timecode", "")).strip()
        if found and len(found) <= 16 and set(found) <= set("0123456789:;."):
            return found
    return ""
