"""``intervals.csv``: a row for each episode; ``people.csv``: a row for each person; ``cuts.csv``: a
row for each shot."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from fer_batch.atomic import write_text
from fer_batch.output.people import episodes, frame_seconds, numbers_across, people
from fer_batch.printable import cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from fer_batch.output.write import Facts
    from fer_batch.types import Timeline

INTERVAL_COLUMNS = (
    "face_id",
    "emotion",
    "start_s",
    "end_s",
    "mean_probability",
    "start_frame",
    "end_frame",
)
PERSON_COLUMNS = (
    "face_id",
    "frames",
    "seconds",
    "first_s",
    "last_s",
    "dominant",
    "episodes",
    "changes",
    "changes_per_minute",
    "valence",
    "mean_confidence",
    "valid_s",
    "unusable_s",
)
SHOT_COLUMNS = ("shot", "start_frame", "end_frame", "start_s", "end_s", "people")


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV with line feeds, as every table of fer-batch has them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def intervals_text(timeline: Timeline) -> str:
    """``INTERVAL_COLUMNS``, by face_id, then time.

    An episode lasts to the beginning of the frame after it; ``end_frame`` is its last frame.
    Where people were compared across inputs there is a column ``person``, where they have names one
    called ``name``.
    """
    rows: list[Sequence[object]] = [(*INTERVAL_COLUMNS, *_said_columns(timeline))]
    across = numbers_across(timeline)
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
                *_said(timeline, episode.face_id, across),
            )
        )
    return csv_text(rows)


def people_text(timeline: Timeline) -> str:
    """``PERSON_COLUMNS``, then ``share_…``, ``mean_…`` and ``longest_…_s`` of each label.

    Shares are parts of the time for which the person can be read (``valid_s``; ``seconds`` counts
    ``unusable_s`` too) and sum to 1, as do the means of the probabilities; ``valence`` is empty
    where the model knows no happy or no negative label. The longest episode of an emotion that
    never leads is 0 s. Last, where that is known, ``person`` (across inputs), ``name`` and ``main``
    (1: the main person).
    """
    header = [
        *PERSON_COLUMNS,
        *(f"share_{label}" for label in timeline.outcomes),
        *(f"mean_{label}" for label in timeline.labels),
        *(f"longest_{label}_s" for label in timeline.outcomes),
        *_said_columns(timeline),
        *(["main"] if timeline.main else []),
    ]
    rows: list[Sequence[object]] = [header]
    across = numbers_across(timeline)
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
                f"{person.changes_per_minute:.6f}",
                "" if person.valence is None else f"{person.valence:.6f}",
                f"{person.confidence:.6f}",
                f"{person.valid_s:.6f}",
                f"{person.unusable_s:.6f}",
                *(f"{person.share[label]:.6f}" for label in timeline.outcomes),
                *(f"{person.mean[label]:.6f}" for label in timeline.labels),
                *(f"{longest.get(label, 0.0):.6f}" for label in timeline.outcomes),
                *_said(timeline, person.face_id, across),
                *([int(person.face_id == timeline.main)] if timeline.main else []),
            ]
        )
    return csv_text(rows)


def _said_columns(timeline: Timeline) -> tuple[str, ...]:
    across = ("person",) if timeline.compared else ()
    return (*across, "name") if timeline.names else across


def _said(timeline: Timeline, face_id: int, across: Mapping[int, int]) -> tuple[str, ...]:
    said = (str(across.get(face_id, "")),) if timeline.compared else ()
    return (*said, cell(timeline.names.get(face_id, ""))) if timeline.names else said


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


def cuts_text(timeline: Timeline) -> str:
    """``SHOT_COLUMNS``: each shot from its first to its last frame, and who is seen in it. Where
    people have names there is a column ``names``, of those who have one, separated by ``;``."""
    import numpy as np

    timeline = timeline.readable()
    rows: list[Sequence[object]] = [(*SHOT_COLUMNS, *(["names"] if timeline.names else []))]
    frames = len(timeline)
    ends = timeline.time_s + frame_seconds(timeline)
    starts = [0, *np.flatnonzero(timeline.cut[1:]) + 1] if frames else []
    for number, start in enumerate(starts):
        stop = int(starts[number + 1]) if number + 1 < len(starts) else frames
        end_s = float(ends[-1] if stop == frames else timeline.time_s[stop])
        first, last = timeline.frame.searchsorted([start, stop])
        who = np.unique(timeline.face_id[first:last]).tolist()
        times = (f"{float(timeline.time_s[start]):.6f}", f"{end_s:.6f}")
        names = "; ".join(timeline.names[face] for face in who if face in timeline.names)
        named = [cell(names)] if timeline.names else []
        rows.append((number + 1, int(start), stop - 1, *times, " ".join(map(str, who)), *named))
    return csv_text(rows)


def write_cuts(timeline: Timeline, path: Path, facts: Facts) -> None:
    """Write ``cuts_text`` to ``path``.

    Raises:
        NoSpaceError, OutputPathError: it cannot be written.
    """
    write_text(path, cuts_text(timeline))
