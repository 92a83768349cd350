"""Who is who in one input: the best views of each track recognised, tracks of one person joined."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from fer_batch.faces.chips import from_jpeg
from fer_batch.faces.recogniser import Recogniser
from fer_batch.tracking.people import join_people, worth_telling
from fer_batch.types import Faces, FloatArray, IntArray, Views

# Pictures of a track that are recognised: its best views and, where these are fewer, the same in a
# mirror, where the network errs in other ways.
MOST_PICTURES = 5
# A track that has no view of at least this worth is not told from others; see docs/identity.md.
GOOD_VIEW = 0.2

NO_VIEWS = Views(np.zeros(0, np.int64), np.zeros(0, np.float32), ())
View = tuple[float, int, bytes]  # worth (negative, so that the best comes first), row, picture


def join_tracks(
    track: IntArray,
    frame: IntArray,
    shards: Iterable[Faces],
    recogniser: Callable[[], Recogniser],
) -> IntArray:
    """Give tracks of one person one number: ``int64[n]``, the smallest among them.

    ``track``, ``frame int64[n]`` of all faces of ``shards``, which lie in order. ``recogniser`` is
    asked for only where two tracks could be one person.
    """
    wanted = worth_telling(track, frame)
    views = best_views(track, shards, wanted) if wanted else {}
    if len(views) < 2:
        return track.copy()
    network = recogniser()
    known = {number: embedding(network, found) for number, found in views.items()}
    return join_people(track, frame, known)


def best_views(
    track: IntArray, shards: Iterable[Faces], wanted: Sequence[int]
) -> dict[int, list[bytes]]:
    """The best pictures of each ``wanted`` track that has any that will do, the best first."""
    best: dict[int, list[View]] = {number: [] for number in wanted}
    first = 0
    for shard in shards:
        views = shard.views or NO_VIEWS
        for row, worth, picture in zip(
            (views.row + first).tolist(), views.worth.tolist(), views.jpeg, strict=True
        ):
            mine = best.get(int(track[row]))
            if mine is not None and worth >= GOOD_VIEW:
                insort(mine, (-worth, row, picture))
                del mine[MOST_PICTURES:]
        first += len(shard.frame)
    return {n: [picture for _, _, picture in mine] for n, mine in best.items() if mine}


def embedding(network: Recogniser, pictures: Sequence[bytes]) -> FloatArray:
    """Where a person lies: ``float32[128]``, the mean of at most five pictures, mirrored ones
    included."""
    chips = np.stack([from_jpeg(picture) for picture in pictures])
    mirrored = chips[: MOST_PICTURES - len(chips), :, ::-1]
    found = network.embed(chips)
    if len(mirrored):
        found = np.concatenate([found, network.embed(np.ascontiguousarray(mirrored))])
    return np.asarray(found.mean(axis=0), np.float32)
