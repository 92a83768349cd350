"""The formats by the names that ``--outputs`` uses, and how each is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fer_batch.atomic import write_text
from fer_batch.output.formats.elan import elan_text
from fer_batch.output.formats.tables import intervals_text, people_text
from fer_batch.output.formats.webvtt import webvtt_text
from fer_batch.output.table import write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from fer_batch.types import Timeline

FORMATS: dict[str, str] = {
    "csv": "timeline.csv",
    "intervals": "intervals.csv",
    "people": "people.csv",
    "vtt": "emotions.vtt",
    "eaf": "emotions.eaf",
}


def write_format(
    name: str,
    folder: Path,
    timeline: Timeline,
    *,
    start_s: float = 0.0,
    media: str = "annotated.mp4",
) -> Path:
    """Write one of ``FORMATS`` into ``folder`` and return its path.

    ``start_s`` is the time at which a player shows the first frame of ``media`` (the video of the
    same folder): captions and tiers are in that time. The tables are in seconds from the first
    frame, as ``timeline.csv`` is.

    Raises:
        KeyError: no format of that name.
        NoSpaceError, OutputPathError: the file cannot be written.
    """
    path = folder / FORMATS[name]
    if name == "csv":
        write_csv(timeline, path)
        return path
    if name == "intervals":
        text = intervals_text(timeline)
    elif name == "people":
        text = people_text(timeline)
    elif name == "vtt":
        text = webvtt_text(timeline, start_s)
    else:
        text = elan_text(timeline, media, start_s)
    write_text(path, text)
    return path
