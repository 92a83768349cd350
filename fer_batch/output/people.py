"""What a timeline says of each person: presence, shares, episodes, changes. Pure numbers.

Definitions, used by the summary, the plot, the report and ``intervals.csv`` alike:

- A frame *lasts* from its time to the time of the next frame that was not skipped (``--every``);
  the last one lasts until the input ends (``Timeline.end_s``). So variable frame rates weigh right.
- A *episode* is a run of one person's successive frames that is called the same.
  Skipped frames do not end an episode; a frame without that person (no face, decode error) does.
- What a face is called is its strongest smoothed label or, below ``--threshold``, *unsure*
  (``Timeline.emotion``): this has episodes and a share of its own.
- A *change* is an episode whose label differs from that of the same person's one before it;
  episodes of *unsure* are no change and are passed over.
- A face that is *unusable* (too bad to be read) has no label: it ends an episode, and counts in
  no share and no mean. Who has no usable face at all is no person.
- *Shares* are parts of the time that the person is present and can be read, and sum to 1.
- *Coverage* is the part of the frames not skipped in which at least one face was found.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_batch.groups import by_track
from fer_batch.types import UNSURE, FrameStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from fer_batch.types import IntArray, Timeline

NEGATIVE = ("sad", "angry", "fear", "disgust", "contempt")


@dataclass(frozen=True, slots=True)
class Episode:
    """One person showing one emotion without a break.

    Frames ``start_frame <= i < stop_frame``; ``start_s`` to ``stop_s`` in seconds from the first
    frame. ``probability`` is the smoothed probability of the label, mean over the episode's frames;
    it is highest (``peak``) at ``peak_frame``.
    """

    face_id: int
    emotion: str
    start_frame: int
    stop_frame: int
    start_s: float
    stop_s: float
    frames: int
    probability: float
    peak: float
    peak_frame: int

    @property
    def seconds(self) -> float:
        return self.stop_s - self.start_s


@dataclass(frozen=True, slots=True)
class Person:
    """One face_id over the whole input. ``first_s``/``last_s``: begin of the first and end of the
    last frame with this person who can be read. ``frames`` and ``seconds`` count all in which the
    person is present: ``valid_s`` of these can be read, ``unusable_s`` cannot. ``share`` and
    ``mean`` (mean smoothed probability, frames weighted by how long they last) hold every label in
    card order, ``share`` also ``unsure`` where there is a threshold; ``longest`` holds the longest
    episode of each label that occurs.
    ``thumbnail_frame`` is the frame of the portrait."""

    face_id: int
    frames: int
    seconds: float
    first_s: float
    last_s: float
    dominant: str
    share: dict[str, float]
    mean: dict[str, float]
    longest: dict[str, Episode]
    episodes: int
    changes: int
    confidence: float
    thumbnail_frame: int
    valid_s: float
    unusable_s: float

    @property
    def valence(self) -> float | None:
        """Mean probability of happy less that of the strongest negative label, -1 to 1; None
        where the model lacks one of them. It says how a face looks, not what a person feels."""
        negative = [self.mean[label] for label in NEGATIVE if label in self.mean]
        return self.mean["happy"] - max(negative) if negative and "happy" in self.mean else None

    @property
    def changes_per_minute(self) -> float:
        """Changes of label a minute that can be read; 0 where no time can."""
        return 60 * self.changes / self.valid_s if self.valid_s > 0 else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values, rounded to microseconds and millionths."""
        data = asdict(self)
        for key in ("share", "mean"):
            data[key] = {k: round(v, 6) for k, v in data[key].items()}
        data["longest"] = {k: episode_json(v) for k, v in self.longest.items()}
        for key in ("seconds", "first_s", "last_s", "confidence", "valid_s", "unusable_s"):
            data[key] = round(data[key], 6)
        return data


def episode_json(episode: Episode) -> dict[str, Any]:
    """An episode as plain values, rounded to microseconds and millionths, with its length."""
    data = {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(episode).items()}
    return data | {"seconds": round(episode.seconds, 6)}


def frame_seconds(timeline: Timeline) -> NDArray[np.float64]:
    """How long each frame lasts, ``float64[frames]`` in seconds; skipped frames last 0."""
    lasting = np.zeros(len(timeline))
    kept = np.flatnonzero(timeline.status != FrameStatus.SKIPPED)
    if len(kept) == 0:
        return lasting
    steps = np.diff(timeline.time_s[kept])
    skipped = float(timeline.time_s[-1] - timeline.time_s[kept[-1]])  # after the last one
    lasting[kept] = np.append(np.maximum(steps, 0.0), skipped + timeline.last_frame_s)
    return lasting


def coverage(timeline: Timeline) -> float:
    """Part of the frames not skipped in which at least one face was found; 0 without frames."""
    kept = int((timeline.status != FrameStatus.SKIPPED).sum())
    shown = np.count_nonzero(np.diff(timeline.frame, prepend=-1))  # frames are in order
    return int(shown) / kept if kept else 0.0


def episodes(timeline: Timeline) -> list[Episode]:
    """Every episode, ordered by face_id, then time; none in photos, which have no time."""
    timeline = timeline.readable()
    if len(timeline.frame) == 0 or timeline.is_photos:
        return []
    order, starts, stops = _runs(timeline)
    frame, label = timeline.frame[order], timeline.emotion[order]
    probability = timeline.smoothed[order].max(axis=1).astype(np.float64)
    mean = np.add.reduceat(probability, starts) / (stops - starts)
    ends = timeline.time_s + frame_seconds(timeline)
    found = []
    for start, stop, average in zip(starts.tolist(), stops.tolist(), mean.tolist(), strict=True):
        peak = start + int(probability[start:stop].argmax())
        first, last = int(frame[start]), int(frame[stop - 1])
        found.append(
            Episode(
                face_id=int(timeline.face_id[order[start]]),
                emotion=timeline.outcomes[int(label[start])],
                start_frame=first,
                stop_frame=last + 1,
                start_s=float(timeline.time_s[first]),
                stop_s=float(ends[last]),
                frames=stop - start,
                probability=average,
                peak=float(probability[peak]),
                peak_frame=int(frame[peak]),
            )
        )
    return found


def changes(own: Sequence[Episode]) -> list[Episode]:
    """The episodes of one person, in order of time, that begin with a change of label."""
    named = [episode for episode in own if episode.emotion != UNSURE]
    return [after for before, after in pairwise(named) if before.emotion != after.emotion]


def _runs(timeline: Timeline) -> tuple[IntArray, IntArray, IntArray]:
    """Faces ordered by person, then frame, and where runs of one label begin and end."""
    # Skipped frames take no number, so that neighbours across them count as successive.
    number = np.cumsum(timeline.status != FrameStatus.SKIPPED)
    order = np.lexsort((timeline.frame, timeline.face_id))
    person, label = timeline.face_id[order], timeline.emotion[order]
    place = number[timeline.frame[order]]
    broken = (np.diff(person) != 0) | (np.diff(label) != 0) | (np.diff(place) > 1)
    starts = np.concatenate([[0], np.flatnonzero(broken) + 1])
    return order, starts, np.append(starts[1:], len(order))


def by_person(every: Iterable[Episode]) -> dict[int, list[Episode]]:
    """Episodes by ``face_id``, in their order."""
    found: dict[int, list[Episode]] = {}
    for episode in every:
        found.setdefault(episode.face_id, []).append(episode)
    return found


def numbers_across(timeline: Timeline) -> dict[int, int]:
    """The number across inputs of each ``face_id`` that has one."""
    if not timeline.compared:
        return {}
    found = {face: int(timeline.person[rows].max()) for face, rows in by_track(timeline.face_id)}
    return {face: number for face, number in found.items() if number >= 0}


def people(timeline: Timeline, known: list[Episode] | None = None) -> list[Person]:
    """Every person, ordered by face_id. ``known``: the result of ``episodes``, if at hand."""
    of_person = by_person(episodes(timeline) if known is None else known)
    lasting = frame_seconds(timeline)
    return [
        _person(timeline, rows, of_person[face_id], lasting)
        for face_id, rows in by_track(timeline.face_id)
        if face_id in of_person
    ]


def _person(
    timeline: Timeline, present: IntArray, own: list[Episode], lasting: NDArray[np.float64]
) -> Person:
    rows = present[~timeline.unusable[present]]
    seconds = float(lasting[timeline.frame[present]].sum())
    valid_s = float(lasting[timeline.frame[rows]].sum())
    weight = lasting[timeline.frame[rows]]
    # Several frames may bear one time stamp; then frames count instead of seconds.
    weight = weight if weight.sum() > 0 else np.ones(len(rows))
    time = np.bincount(timeline.emotion[rows], weight, minlength=len(timeline.outcomes))
    share = dict(zip(timeline.outcomes, (time / time.sum()).tolist(), strict=True))
    mean = np.average(timeline.smoothed[rows].astype(np.float64), axis=0, weights=weight)
    longest: dict[str, Episode] = {}
    for episode in own:
        best = longest.get(episode.emotion)
        if best is None or episode.seconds > best.seconds:
            longest[episode.emotion] = episode
    confidence = timeline.confidence[rows]
    seen = confidence > 0
    return Person(
        face_id=own[0].face_id,
        frames=len(present),
        seconds=seconds,
        first_s=own[0].start_s,
        last_s=own[-1].stop_s,
        dominant=timeline.outcomes[int(time.argmax())],
        share=share,
        mean=dict(zip(timeline.labels, mean.tolist(), strict=True)),
        longest={label: longest[label] for label in timeline.outcomes if label in longest},
        episodes=len(own),
        changes=len(changes(own)),
        confidence=float(confidence[seen].mean()) if seen.any() else 0.0,
        thumbnail_frame=int(timeline.frame[portrait(timeline, rows)]),
        valid_s=valid_s,
        unusable_s=max(seconds - valid_s, 0.0),
    )


def by_weight(timeline: Timeline, persons: list[Person]) -> list[Person]:
    """``persons`` with those who matter first: the main person, then who is seen longest."""
    return sorted(persons, key=lambda p: (p.face_id != timeline.main, -p.seconds, p.face_id))


def portrait(timeline: Timeline, rows: IntArray) -> int:
    """The row of ``rows`` in which that person is best seen: among those where the detector is as
    sure as anywhere, to a tenth, the one with the largest face, the first of such."""
    sure = timeline.confidence[rows].round(1)
    best = rows[sure == sure.max()]
    return int(best[int(timeline.box[best, 2:].prod(axis=1).argmax())])
