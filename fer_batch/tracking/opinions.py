"""What a second network adds to frames that it was not asked about.

It takes four times as long as the first one, so in films it is asked once a second. The two differ
by what is peculiar to a person, the light and the camera, which changes slowly; what changes
quickly both see alike. So between two frames it adds what lies between, and nothing is carried to
another sight of a person as long as it was asked about this one.
"""

from __future__ import annotations

import numpy as np

from fer_batch.groups import by_track
from fer_batch.types import BoolArray, FloatArray, IntArray
from fer_batch.types.arrays import DoubleArray


def spread(added: FloatArray, sight: IntArray, person: IntArray, time_s: DoubleArray) -> FloatArray:
    """``added float32[n, labels]`` with values for the faces that the second network was not asked
    about (NaN): within each unbroken ``sight int64[n]`` those of the faces before and after, by
    time (at its ends the nearest); in a sight without any, the mean of that ``person int64[n]``.
    ``time_s float64[n]``, seconds. Still NaN where it was asked about none of a person's."""
    result = added.copy()
    known: BoolArray = np.asarray(np.isfinite(added).all(axis=1))
    if known.all() or not known.any():
        return result
    for _, mine in by_track(person):
        asked = mine[known[mine]]
        if len(asked):
            result[mine[~known[mine]]] = added[asked].mean(axis=0, dtype=np.float64)
    for _, mine in by_track(sight):
        mine = mine[np.argsort(time_s[mine], kind="stable")]
        asked, rest = mine[known[mine]], mine[~known[mine]]
        if len(asked) and len(rest):
            for label in range(added.shape[1]):
                here = np.interp(time_s[rest], time_s[asked], added[asked, label])
                result[rest, label] = here
    return result
