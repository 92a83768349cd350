"""``intervals.csv``: a row for each episode; ``people.csv``: a row for each person."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from fer_batch.atomic import write_text
from fer_batch.output.people import episodes, people
from fer_batch.printable import cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from fer_batch.output.write import Facts
    from fer_batch.types import Timeline

INTERVAL_COLUMNS = (
    "person",
    "emotion",
    "start_s",
    "end_s",
    "mean_probability",
    "start_frame",
    "end_frame",
)
PERSON_COLUMNS = (
    "person",
    "frames",
    "seconds",
    "first_s",
    "last_s",
    "dominant",
    "episodes",
    "changes",
    "mean_confidence",
)


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV with line feeds, as every table of fer-batch has them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def intervals_text(timeline: Timeline) -> str:
    """``INTERVAL_COLUMNS``, by person, then time. ``person`` is the ``face_id`` of the timeline.

    A episode lasts to the beginning of the frame after it; ``end_frame`` is its last frame.
    """
    rows: list[Sequence[object]] = [INTERVAL_COLUMNS]
    for episode in episodes(timeline):
        rows.append(
            (
                episode.face_id,
                cell(episode.emotion),
                f"{episode.start_s:.6f}",
                f"{episode.stop_s:.6f}",
                f"{episode.probability:.6f}",
                episode.start_frame,
                episode.stop_frame - 1,
            )
        )
    return csv_text(rows)


def people_text(timeline: Timeline) -> str:
    """``PERSON_COLUMNS``, then ``share_<label>`` and ``longest_<label>_s`` in card order.

    Shares are parts of the time for which the person is seen and sum to 1; the longest episode of
    an emotion that never leads is 0 s.
    """
    header = [
        *PERSON_COLUMNS,
        *(f"share_{label}" for label in timeline.labels),
        *(f"longest_{label}_s" for label in timeline.labels),
    ]
    rows: list[Sequence[object]] = [header]
    for person in people(timeline):
        longest = {label: episode.seconds for label, episode in person.longest.items()}
        rows.append(
            [
                person.face_id,
                person.frames,
                f"{person.seconds:.6f}",
                f"{person.first_s:.6f}",
                f"{person.last_s:.6f}",
                cell(person.dominant),
                person.episodes,
                person.changes,
                f"{person.confidence:.6f}",
                *(f"{person.share[label]:.6f}" for label in timeline.labels),
                *(f"{longest.get(label, 0.0):.6f}" for label in timeline.labels),
            ]
        )
    return csv_text(rows)


def write_intervals(timeline: Timeline, path: Path, facts: Facts) -> None:
    """Write ``intervals.csv``.

    Raises:
        NoSpaceError, OutputPathError: the file cannot be written.
    """
    write_text(path, intervals_text(timeline))


def write_people(timeline: Timeline, path: Path, facts: Facts) -> None:
    """Write ``people.csv``.

    Raises:
        NoSpaceError, OutputPathError: the file cannot be written.
    """
    write_text(path, people_text(timeline))
