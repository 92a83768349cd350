"""Who is who across inputs: people of several inputs who are one person get one number.

Who has a number keeps it, whatever is added later: newcomers are first compared with those who have
one, then among themselves. Two people of one input are never one person; that has been decided
within the input.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_batch.tracking.people import SAME_PERSON, Groups, cluster_groups
from fer_batch.types import FloatArray, IntArray

NEW = -1
"""The number of who has none yet."""


def people_across(
    people: Sequence[FloatArray], owner: IntArray, number: IntArray, first: int = 1
) -> IntArray:
    """A number for each: ``int64[n]``, those that are there already kept.

    ``people``: of each the embeddings ``float[k, d]`` of some sights. (Means of these lie nearer to
    each other than sights do, so that strangers would be one person.) ``owner int64[n]``: the input
    that each belongs to; ``number int64[n]``: what each is called already, or ``NEW``.
    ``first``: no new number is smaller, nor one that is in use. New numbers rise by ``owner``, then
    by place.
    """
    found = number.copy()
    points = [each.astype(np.float64) for each in people]
    new = np.flatnonzero(number == NEW)
    _join_known(points, owner, found, new)
    left = np.flatnonzero(found == NEW)
    if not len(left):
        return found
    apart = owner[left][:, None] == owner[left][None]
    np.fill_diagonal(apart, False)
    mine = [points[place] for place in left.tolist()]
    groups = [left[group] for group in cluster_groups(mine, apart, SAME_PERSON)]
    following = max(first, int(found.max(initial=0)) + 1)
    for group in sorted(groups, key=lambda g: min((int(owner[p]), int(p)) for p in g)):
        found[group] = following
        following += 1
    return found


def _join_known(
    points: Sequence[np.ndarray], owner: IntArray, found: IntArray, new: IntArray
) -> None:
    """Give newcomers the numbers of known people, the surest first."""
    numbers = np.unique(found[found != NEW])
    if not len(numbers) or not len(new):
        return
    between = np.full((len(new), len(numbers)), np.inf)
    newcomers = Groups([points[place] for place in new.tolist()])
    for place, number in enumerate(numbers.tolist()):
        members = np.flatnonzero(found == number)
        theirs = np.concatenate([points[member] for member in members.tolist()])
        between[:, place] = newcomers.distance(theirs)
        between[np.isin(owner[new], owner[members]), place] = np.inf
    while True:
        row, place = divmod(int(between.argmin()), len(numbers))
        if between[row, place] > SAME_PERSON:
            return
        found[new[row]] = numbers[place]
        between[row] = np.inf
        between[owner[new] == owner[new[row]], place] = np.inf
