"""People who leave and come back keep their number where their looks leave no doubt."""

from __future__ import annotations

import numpy as np

from fer_batch.groups import by_track
from fer_batch.types import HalfArray, IntArray

# Correlation of mean looks. On film, two people in like light reach 0.80, one person in two takes
# 0.87 and more; below that a new number is the honest answer.
SURE_LIKENESS = 0.85
# A mean of fewer sights is not worth comparing.
LEAST_SIGHTS = 5
# Every pair is compared: in a film of crowds only the people seen most are.
MOST_COMPARED = 400


def join_returns(track: IntArray, frame: IntArray, appearance: HalfArray) -> IntArray:
    """Give tracks of one person one number: ``int64[n]``, the number of the earliest of them.

    ``track``, ``frame int64[n]``; ``appearance float16[n, d]`` unit vectors. The two most alike
    are joined first; tracks that share a frame are never one person.
    """
    found = [(n, rows) for n, rows in by_track(track) if len(rows) >= LEAST_SIGHTS]
    found = sorted(found, key=lambda item: -len(item[1]))[:MOST_COMPARED]
    groups = dict(sorted(found))
    joined = track.copy()
    while len(groups) > 1:
        pair = _most_alike(groups, frame, appearance)
        if pair is None:
            break
        first, second = pair
        groups[first] = np.sort(np.concatenate([groups[first], groups.pop(second)]))
        joined[groups[first]] = first
    return joined


def _most_alike(
    groups: dict[int, np.ndarray], frame: IntArray, appearance: HalfArray
) -> tuple[int, int] | None:
    """The two groups most surely one person, the earlier first; None where none are."""
    numbers = list(groups)
    means = np.stack([appearance[groups[n]].mean(axis=0, dtype=np.float32) for n in numbers])
    means = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
    similarity = np.triu(means @ means.T, k=1)
    for place in np.argsort(-similarity, axis=None, kind="stable"):
        first, second = divmod(int(place), len(numbers))
        if similarity[first, second] < SURE_LIKENESS:
            return None
        one, other = frame[groups[numbers[first]]], frame[groups[numbers[second]]]
        if not np.intersect1d(one, other, assume_unique=True).size:
            return numbers[first], numbers[second]
    return None
