"""Who is who in one input: the best views of each track recognised, tracks of one person joined."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fer_batch.faces.chips import from_jpeg
from fer_batch.faces.recogniser import Recogniser
from fer_batch.groups import by_track
from fer_batch.tracking.across import NEW, people_across
from fer_batch.tracking.cuts import jumps
from fer_batch.tracking.doubts import appearance_similarity, parted, pieces
from fer_batch.tracking.people import (
    MOST_COMPARED,
    SAME_PERSON,
    SURELY,
    join_people,
    worth_telling,
)
from fer_batch.types import Faces, FloatArray, Image, IntArray, Views

# Pictures of a track that are recognised at most: its best views and, where these are fewer, the
# same in a mirror, where the network errs in other ways. All but the best wait for a second look.
MOST_PICTURES = 5
# A track that has no view of at least this worth is not told from others; see docs/identity.md.
GOOD_VIEW = 0.2

# Embeddings that are kept of a person, to be compared with people of other inputs.
MOST_SIGHTS = 16

NO_VIEWS = Views(np.zeros(0, np.int64), np.zeros(0, np.float32), ())


class View(NamedTuple):
    """``worth`` is negative, so that the best comes first; ``row`` among all faces."""

    worth: float
    row: int
    picture: bytes


class Identified(NamedTuple):
    """``sight int64[n]``: the track of each face, parted where it had gone over to another person,
    from 0 in order of appearance; ``track int64[n]``: the number of each face's person, the
    smallest of their tracks; ``surely int64[n]``: the same where only tracks that leave no doubt
    are joined, if ``everyone`` was to be known; ``known``: the embedding ``float32[128]`` of each
    track that was recognised, at a first look where not ``everyone`` was."""

    sight: IntArray
    track: IntArray
    surely: IntArray
    known: dict[int, FloatArray]


def join_tracks(
    track: IntArray,
    faces: Faces,
    shards: Iterable[Faces],
    recogniser: Callable[[], Recogniser],
    everyone: bool = False,
) -> Identified:
    """Give tracks of one person one number, and part those that are of two.

    ``track int64[n]`` of all ``faces``, which are those of ``shards``, in order. ``recogniser`` is
    asked for only where two tracks could be one person or one could be two, or where ``everyone``
    is to be known.
    """
    frame = faces.frame
    like = appearance_similarity(track, frame, faces.appearance, jumps(faces.glimpse))
    piece = pieces(track, frame, like)
    wanted = np.unique(piece).tolist() if everyone else worth_telling(piece, frame)
    views = best_views(piece, shards, wanted) if wanted else {}
    if len(views) < (1 if everyone else 2):
        return Identified(track, track.copy(), track.copy(), {})
    looks = _Looks(recogniser())
    sight = parted(track, frame, piece, like, {n: looks.first(v) for n, v in views.items()})
    views = _best_of_tracks(sight, views)

    def look_again(numbers: Iterable[int]) -> dict[int, FloatArray]:
        return {n: looks.second(views[n]) for n in numbers}

    if everyone:  # they will be compared with people who are not here
        known = look_again(views)
        joined, surely = (join_people(sight, frame, known, None, n) for n in (SAME_PERSON, SURELY))
        return Identified(sight, joined, surely, known)
    known = {n: looks.first(mine) for n, mine in views.items()}
    joined = join_people(sight, frame, known, look_again)
    return Identified(sight, joined, joined, known)


def people_of_photos(
    frame: IntArray, shards: Iterable[Faces], recogniser: Callable[[], Recogniser]
) -> tuple[IntArray, dict[int, FloatArray]]:
    """Who is who in a set of photos: ``int64[n]``, a number for each face, -1 for those that show
    too little, and the embeddings ``float32[k, 128]`` of each number, ``MOST_SIGHTS`` at most.

    ``frame int64[n]``: the photo of each face of ``shards``, which lie in order. Two faces of one
    photo are never one person.
    """
    rows, points = [], []
    for row, _, picture in _good_views(shards):
        rows.append(row)
        points.append(embedding(recogniser(), [picture]))
    person = np.full(len(frame), NEW, np.int64)
    if not rows:
        return person, {}
    place, point = np.array(rows), np.stack(points)
    for start in range(0, len(place), MOST_COMPARED):  # the next join those who are known by then
        stop = start + MOST_COMPARED
        part = place[:stop]
        person[part] = people_across(list(point[:stop, None]), frame[part], person[part])
    groups = by_track(person[place])
    return person, {n: point[some_of(mine)].astype(np.float32) for n, mine in groups}


def some_of(rows: IntArray) -> IntArray:
    """At most ``MOST_SIGHTS`` of them, evenly."""
    count = min(len(rows), MOST_SIGHTS)
    return rows[np.arange(count) * len(rows) // max(count, 1)]


def by_person(
    track: IntArray, face_id: IntArray, known: Mapping[int, FloatArray]
) -> dict[int, FloatArray]:
    """The embeddings ``float32[k, 128]`` of each person of whom any track is known: those of the
    tracks that are seen longest, ``MOST_SIGHTS`` at most.

    ``track``, ``face_id int64[n]`` of all faces that are kept.
    """
    people: dict[int, FloatArray] = {}
    for person, mine in by_track(face_id):
        numbers, sights = np.unique(track[mine], return_counts=True)
        longest = sorted(zip((-sights).tolist(), numbers.tolist(), strict=True))
        points = [known[number] for _, number in longest if number in known]
        if points:
            people[person] = np.concatenate([np.atleast_2d(p) for p in points])[:MOST_SIGHTS]
    return people


def best_views(
    track: IntArray, shards: Iterable[Faces], wanted: Sequence[int]
) -> dict[int, list[View]]:
    """The best views of each ``wanted`` track that has any that will do, the best first."""
    best: dict[int, list[View]] = {number: [] for number in wanted}
    for row, worth, picture in _good_views(shards):
        mine = best.get(int(track[row]))
        if mine is not None:
            insort(mine, View(-worth, row, picture))
            del mine[MOST_PICTURES:]
    return {n: mine for n, mine in best.items() if mine}


def _best_of_tracks(track: IntArray, views: Mapping[int, list[View]]) -> dict[int, list[View]]:
    """The best views of each track, of the ``views`` of its pieces."""
    best: dict[int, list[View]] = {}
    for view in sorted(view for mine in views.values() for view in mine):
        best.setdefault(int(track[view.row]), []).append(view)
    return {n: mine[:MOST_PICTURES] for n, mine in best.items()}


def _good_views(shards: Iterable[Faces]) -> Iterator[tuple[int, float, bytes]]:
    """Row among the faces of all shards, worth and picture of each view that will do."""
    first = 0
    for shard in shards:
        views = shard.views or NO_VIEWS
        rows, worths = (views.row + first).tolist(), views.worth.tolist()
        for row, worth, picture in zip(rows, worths, views.jpeg, strict=True):
            if worth >= GOOD_VIEW:
                yield row, worth, picture
        first += len(shard.frame)


def embedding(network: Recogniser, pictures: Sequence[bytes]) -> FloatArray:
    """Where a person lies: ``float32[128]``, the mean of at most five pictures, mirrored ones
    included."""
    return _Looks(network).second([View(0, row, picture) for row, picture in enumerate(pictures)])


class _Looks:
    """What a network says of pictures, each asked for once."""

    def __init__(self, network: Recogniser) -> None:
        self._network = network
        self._seen: dict[tuple[int, bool], FloatArray] = {}  # by row, and whether in a mirror

    def first(self, views: Sequence[View]) -> FloatArray:
        """Where a person lies by the best of ``views``: ``float32[128]``."""
        return self._mean([(views[0], False)])

    def second(self, views: Sequence[View]) -> FloatArray:
        """The same by all of ``views`` and, where these are few, their mirror images."""
        mirrored = views[: max(MOST_PICTURES - len(views), 0)]
        return self._mean([(v, False) for v in views] + [(v, True) for v in mirrored])

    def _mean(self, wanted: Sequence[tuple[View, bool]]) -> FloatArray:
        keys = [(view.row, mirror) for view, mirror in wanted]
        new = [each for each, key in zip(wanted, keys, strict=True) if key not in self._seen]
        if new:
            found = self._network.embed(_chips(new))
            self._seen |= {(v.row, m): point for (v, m), point in zip(new, found, strict=True)}
        return np.asarray(np.stack([self._seen[key] for key in keys]).mean(axis=0), np.float32)


def _chips(wanted: Sequence[tuple[View, bool]]) -> Image:
    """Pictures ``uint8[n, 150, 150, 3]`` as they are, or in a mirror; each is unpacked once."""
    chips = {row: from_jpeg(data) for row, data in {v.row: v.picture for v, _ in wanted}.items()}
    pairs = ((chips[view.row], mirror) for view, mirror in wanted)
    return np.stack([chip[:, ::-1] if mirror else chip for chip, mirror in pairs])
