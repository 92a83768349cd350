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
from fer_batch.tracking.people import MOST_COMPARED, join_people, worth_telling
from fer_batch.types import Faces, FloatArray, Image, IntArray, Views

# Pictures of a track that are recognised: its best views and, where these are fewer, the same in a
# mirror, where the network errs in other ways. Mirrored ones wait for a second look.
MOST_PICTURES = 5
# A track that has no view of at least this worth is not told from others; see docs/identity.md.
GOOD_VIEW = 0.2

NO_VIEWS = Views(np.zeros(0, np.int64), np.zeros(0, np.float32), ())
View = tuple[float, int, bytes]  # worth (negative, so that the best comes first), row, picture


class Identified(NamedTuple):
    """``track int64[n]``: the number of each face's person, the smallest of their tracks;
    ``known``: the embedding ``float32[128]`` of each track that was recognised, at a first look
    where not ``everyone`` was to be known."""

    track: IntArray
    known: dict[int, FloatArray]


def join_tracks(
    track: IntArray,
    frame: IntArray,
    shards: Iterable[Faces],
    recogniser: Callable[[], Recogniser],
    everyone: bool = False,
) -> Identified:
    """Give tracks of one person one number.

    ``track``, ``frame int64[n]`` of all faces of ``shards``, which lie in order. ``recogniser`` is
    asked for only where two tracks could be one person, or where ``everyone`` is to be known.
    """
    wanted = np.unique(track).tolist() if everyone else worth_telling(track, frame)
    views = best_views(track, shards, wanted) if wanted else {}
    if len(views) < (1 if everyone else 2):
        return Identified(track.copy(), {})
    network = recogniser()
    if everyone:  # they will be compared with people who are not here
        known = {number: embedding(network, found) for number, found in views.items()}
        return Identified(join_people(track, frame, known), known)
    seen = {number: first_look(network, chips_of(found)) for number, found in views.items()}

    def look_again(numbers: Iterable[int]) -> dict[int, FloatArray]:
        return {n: _mean(second_look(network, chips_of(views[n]), seen[n])) for n in numbers}

    known = {number: _mean(found) for number, found in seen.items()}
    return Identified(join_people(track, frame, known, look_again), known)


def people_of_photos(
    frame: IntArray, shards: Iterable[Faces], recogniser: Callable[[], Recogniser]
) -> tuple[IntArray, dict[int, FloatArray]]:
    """Who is who in a set of photos: ``int64[n]``, a number for each face, -1 for those that show
    too little, and the embedding ``float32[128]`` of each number.

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
        person[part] = people_across(point[:stop], frame[part], person[part])
    groups = by_track(person[place])
    return person, {n: point[mine].mean(axis=0).astype(np.float32) for n, mine in groups}


def by_person(
    track: IntArray, face_id: IntArray, known: Mapping[int, FloatArray]
) -> dict[int, FloatArray]:
    """The embedding of each person of whom any track is known: the mean, weighted by sights.

    ``track``, ``face_id int64[n]`` of all faces that are kept.
    """
    people: dict[int, FloatArray] = {}
    for person, mine in by_track(face_id):
        numbers, sights = np.unique(track[mine], return_counts=True)
        pairs = [(known[n], s) for n, s in zip(numbers.tolist(), sights, strict=True) if n in known]
        if pairs:
            points, weights = zip(*pairs, strict=True)
            people[person] = np.average(points, axis=0, weights=weights).astype(np.float32)
    return people


def best_views(
    track: IntArray, shards: Iterable[Faces], wanted: Sequence[int]
) -> dict[int, list[bytes]]:
    """The best pictures of each ``wanted`` track that has any that will do, the best first."""
    best: dict[int, list[View]] = {number: [] for number in wanted}
    for row, worth, picture in _good_views(shards):
        mine = best.get(int(track[row]))
        if mine is not None:
            insort(mine, (-worth, row, picture))
            del mine[MOST_PICTURES:]
    return {n: [picture for _, _, picture in mine] for n, mine in best.items() if mine}


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
    chips = chips_of(pictures)
    return _mean(second_look(network, chips, first_look(network, chips)))


def chips_of(pictures: Sequence[bytes]) -> Image:
    """Pictures of faces as they are recognised, ``uint8[n, 150, 150, 3]`` RGB."""
    return np.stack([from_jpeg(picture) for picture in pictures])


def first_look(network: Recogniser, chips: Image) -> FloatArray:
    """The embedding of each picture as it is, ``float32[n, 128]``."""
    return network.embed(chips)


def second_look(network: Recogniser, chips: Image, seen: FloatArray) -> FloatArray:
    """``seen``, which ``first_look`` gave, and embeddings of mirrored pictures, five in all at
    most: ``float32[m, 128]``."""
    some = chips[: MOST_PICTURES - len(chips)]
    if not len(some):
        return seen
    mirrored = np.ascontiguousarray(some[:, :, ::-1])
    return np.concatenate([seen, network.embed(mirrored)])


def _mean(found: FloatArray) -> FloatArray:
    return np.asarray(found.mean(axis=0), np.float32)
