"""Which tracks are one person: clustering of their embeddings.

Two groups are as far apart as their members are on average, with a say of the two furthest; the
two nearest are joined until all are too far apart. (Average linkage alone chains, complete linkage
tears people apart who were seen often.) Two faces in one frame are never one person, so their
groups are never joined. Nothing here depends on the order in which tracks are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fer_batch.groups import by_track
from fer_batch.types import FloatArray, IntArray

# How much the two furthest members count, and the distance up to which groups are one person:
# docs/identity.md has the error rates.
FURTHEST_COUNTS = 0.3
SAME_PERSON = 0.57
# People up to this far from another are looked at again, where that can be done.
NEARLY = 0.65
# Tracks so near are one person, whoever else there is: of pairs of two people 1 in 100,000 are.
SURELY = 0.4
# Every pair is compared: of more tracks only those seen longest are.
MOST_COMPARED = 4000


LookAgain = Callable[[list[int]], Mapping[int, FloatArray]]


def join_people(
    track: IntArray,
    frame: IntArray,
    known: Mapping[int, FloatArray],
    look_again: LookAgain | None = None,
    limit: float = SAME_PERSON,
) -> IntArray:
    """Give tracks of one person one number: ``int64[n]``, the smallest among them.

    ``track``, ``frame int64[n]`` of each face; ``known``: the embedding ``float32[d]`` of each
    track that has one. The others keep their number. ``look_again`` gives better embeddings of
    tracks; it is asked once, for those of people who are nearly one with another. ``limit``: up to
    which distance groups are one person.
    """
    rows = {n: mine for n, mine in by_track(track) if n in known}
    chosen = sorted(sorted(rows, key=lambda n: (-len(rows[n]), n))[:MOST_COMPARED])
    joined = track.copy()
    if len(chosen) < 2:
        return joined
    points = np.stack([known[n] for n in chosen]).astype(np.float64)
    apart = together([frame[rows[n]] for n in chosen])
    groups, nearest = _clustered(points, apart, limit)
    near = [group for group, far in zip(groups, nearest, strict=True) if far <= NEARLY]
    if look_again is not None and near:
        places = sorted(place for group in near for place in group)
        better = look_again([chosen[place] for place in places])
        points[places] = np.stack([better[chosen[place]] for place in places])
        groups = cluster(points, apart, limit)
    for group in groups:
        first = chosen[group[0]]
        for place in group[1:]:
            joined[rows[chosen[place]]] = first
    return joined


def worth_telling(track: IntArray, frame: IntArray) -> list[int]:
    """The tracks that might be one person with another: those that do not share a frame with each
    of the others, at most as many as are compared, those seen longest."""
    rows = dict(by_track(track))
    chosen = sorted(sorted(rows, key=lambda n: (-len(rows[n]), n))[:MOST_COMPARED])
    if len(chosen) < 2:
        return []
    apart = together([frame[rows[n]] for n in chosen])
    return [
        n
        for n, never in zip(chosen, apart.sum(axis=1) == len(chosen) - 1, strict=True)
        if not never
    ]


def together(frames: list[IntArray]) -> np.ndarray:
    """Which of tracks share a frame: ``bool[n, n]``; ``frames``: those of each, rising."""
    count = len(frames)
    found = np.zeros((count, count), bool)
    first = np.array([each[0] for each in frames])
    last = np.array([each[-1] for each in frames])
    overlap = (first[:, None] <= last[None]) & (first[None] <= last[:, None])
    for a, b in zip(*np.nonzero(np.triu(overlap, 1)), strict=True):
        if np.intersect1d(frames[a], frames[b], assume_unique=True).size:
            found[a, b] = found[b, a] = True
    return found


def distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Euclidean distances ``float64[n, m]`` of ``[n, d]`` and ``[m, d]``."""
    squared = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None]
    return np.sqrt(np.maximum(squared - 2 * first @ second.T, 0))


def group_distance(points: np.ndarray, group: np.ndarray) -> np.ndarray:
    """How far each of ``points [n, d]`` is from a ``group [m, d]``: ``float64[n]``."""
    far = distances(points, group)
    return _blend(far.mean(axis=1), far.max(axis=1))


def _blend(mean: np.ndarray, furthest: np.ndarray) -> np.ndarray:
    """How far groups are from each other, of the mean of their distances and the furthest."""
    return np.asarray((1 - FURTHEST_COUNTS) * mean + FURTHEST_COUNTS * furthest, np.float64)


class Groups:
    """Groups of points ``float64[k, d]``, to be compared with another group at a time."""

    def __init__(self, groups: Sequence[np.ndarray]) -> None:
        self.every = np.concatenate(groups)
        self.sizes = np.array([len(points) for points in groups])
        self._starts = np.cumsum(self.sizes) - self.sizes

    @property
    def single(self) -> bool:
        """Whether each is one point."""
        return len(self.sizes) == len(self.every)

    def distance(self, group: np.ndarray) -> np.ndarray:
        """How far each is from ``group [m, d]``: ``float64[n]``."""
        if self.single:
            return group_distance(self.every, group)
        return _blend(*self.mean_and_furthest(group))

    def mean_and_furthest(self, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the distances of the points of each from those of ``group [m, d]``: ``float64[n]``."""
        far = distances(self.every, group)
        mean = np.add.reduceat(far.mean(axis=1), self._starts) / self.sizes
        return mean, np.maximum.reduceat(far.max(axis=1), self._starts)


def cluster(points: np.ndarray, apart: np.ndarray, limit: float) -> list[list[int]]:
    """Groups of ``points float64[n, d]`` that are no further apart than ``limit``.

    ``apart bool[n, n]``: pairs that are never in one group. Groups hold rising places and are
    sorted by their first.
    """
    return _clustered(points, apart, limit)[0]


def cluster_groups(
    members: Sequence[np.ndarray], apart: np.ndarray, limit: float
) -> list[list[int]]:
    """The same of groups that are there already: ``float64[k, d]`` each."""
    if not members:
        return []
    groups = Groups(members)
    if groups.single:
        return cluster(groups.every, apart, limit)
    mean, furthest = np.empty((2, len(members), len(members)))
    for place, points in enumerate(members):
        mean[place], furthest[place] = groups.mean_and_furthest(points)
    return _joined(mean, furthest, groups.sizes.tolist(), apart, limit)[0]


def _clustered(
    points: np.ndarray, apart: np.ndarray, limit: float
) -> tuple[list[list[int]], list[float]]:
    """What ``cluster`` gives, and how far each group is from the nearest that it may be one
    with."""
    mean = distances(points, points)
    return _joined(mean, mean.copy(), [1] * len(points), apart, limit)


def _joined(
    mean: np.ndarray, furthest: np.ndarray, sizes: list[int], apart: np.ndarray, limit: float
) -> tuple[list[list[int]], list[float]]:
    """Groups of those that have such distances ``float64[n, n]``, which are used up; ``sizes``: how
    many each stands for."""
    count = len(mean)
    for table in (mean, furthest):
        table[apart] = np.inf
        np.fill_diagonal(table, np.inf)
    between = _blend(mean, furthest)
    groups = {place: [place] for place in range(count)}
    nearest = between.argmin(axis=1)
    near = between[np.arange(count), nearest]
    while True:
        first = int(near.argmin())
        if near[first] > limit:
            break
        kept, gone = sorted((first, int(nearest[first])))
        own, other = sizes[kept], sizes[gone]
        # Infinite stays infinite: whoever is apart from one is apart from both.
        mean[kept] = (mean[kept] * own + mean[gone] * other) / (own + other)
        furthest[kept] = np.maximum(furthest[kept], furthest[gone])
        blend = _blend(mean[kept], furthest[kept])
        for table, row in ((mean, mean[kept]), (furthest, furthest[kept]), (between, blend)):
            row[[kept, gone]] = np.inf
            table[kept] = table[:, kept] = row
            table[gone] = table[:, gone] = np.inf
        groups[kept] += groups.pop(gone)
        sizes[kept] += other
        for place in {kept, gone, *np.flatnonzero(np.isin(nearest, (kept, gone))).tolist()}:
            nearest[place] = between[place].argmin()
            near[place] = between[place, nearest[place]]
        closer = between[kept] < near
        nearest[closer], near[closer] = kept, between[kept, closer]
    found = sorted((sorted(group), float(near[place])) for place, group in groups.items())
    return [group for group, _ in found], [far for _, far in found]
