"""Long times for which a film shows nothing new.

A picture is shown until the next one comes, and counts for that long: right where a screen stood
still, not where a camera recorded nothing.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from fer_batch.plural import plural
from fer_batch.types import IntArray

LONG_S = 30.0
UNUSUAL = 20  # times the usual step: pictures of a time-lapse are as far apart throughout


def long_pauses(pts: IntArray, time_base: Fraction) -> list[str]:
    """A line where pictures pause for long. ``pts``: rising, in ticks of ``time_base``."""
    steps = np.diff(pts) * float(time_base)
    if len(steps) == 0:
        return []
    long = steps > max(LONG_S, UNUSUAL * float(np.median(steps)))
    if not long.any():
        return []
    first = int(np.argmax(steps))
    after = float((int(pts[first]) - int(pts[0])) * time_base)
    others = int(long.sum()) - 1
    more = f" ({plural(others, 'pause')} more over {LONG_S:.0f} s)" if others else ""
    return [
        f"no picture comes for {steps[first]:.0f} s after {after:.2f} s{more}; "
        "the one before counts for that long"
    ]
