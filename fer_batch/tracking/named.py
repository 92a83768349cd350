"""Who is called what: people compared with photos of those who are known by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fer_batch.tracking.people import Groups
from fer_batch.types import FloatArray, IntArray

# How far a person may be from the photos of a name; docs/identity.md has the error rates.
SAME_AS_PHOTO = 0.54


def named_people(
    people: Sequence[FloatArray],
    owner: IntArray,
    photos: Mapping[str, np.ndarray],
    apart: Callable[[int, int], bool],
) -> list[str]:
    """The name of each person, "" for who is nobody of ``photos``.

    ``people``: of each the embeddings ``float[k, d]`` of some sights (a mean of these would lie
    nearer to strangers' photos); ``owner int64[n]``: the input that each belongs to; ``photos``:
    embeddings ``float[k, d]`` by name. The surest are named first. Several people of one input may
    get one name (they are one person who was not recognised as such), but not two that are
    ``apart``: seen at once. The order of people does not matter.
    """
    found = [""] * len(people)
    names = sorted(photos)
    if not names or not len(people):
        return found
    seen = Groups([each.astype(np.float64) for each in people])
    far = [seen.distance(photos[name].astype(np.float64)) for name in names]
    between = np.stack(far, axis=1)
    rows, columns = np.nonzero(between <= SAME_AS_PHOTO)
    pairs = zip(between[rows, columns].tolist(), rows.tolist(), columns.tolist(), strict=True)
    taken: dict[tuple[int, str], list[int]] = {}
    for _, row, column in sorted(pairs):
        same = taken.setdefault((int(owner[row]), names[column]), [])
        if not found[row] and not any(apart(row, other) for other in same):
            found[row] = names[column]
            same.append(row)
    return found
