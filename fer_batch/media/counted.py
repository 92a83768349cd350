"""Times and sizes of all pictures of a video, by decoding it once.

For what packets do not tell: containers without dependable PTS, recordings joined end to end,
packets that hold half a frame, pictures that change size.
"""

from __future__ import annotations

import math
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from fer_batch.config import Limits
from fer_batch.errors import LimitError
from fer_batch.media.container import open_container, open_decoder, video_stream
from fer_batch.media.decode import Damaged, decoded_frames
from fer_batch.media.overflow import Overflow
from fer_batch.media.restarts import EndToEnd
from fer_batch.media.shape import Shape
from fer_batch.types import IntArray

USUAL_RATE = Fraction(25)
RATES = (Fraction(1, 100), Fraction(10_000))  # frames a second, of which one may be believed
LOOKED_AT = 100  # pictures, some seconds: what reorders does so all the time
# A size counts that lasts for at least this share of the film.
LASTING = 0.1


@dataclass(frozen=True, slots=True)
class Counted:
    """``pts``: of all pictures, rising, in ticks of ``time_base``, which is finer than the stream's
    where frames share a tick. ``exact``: each picture comes out of the decoder with that PTS.
    ``joins``: by how much recordings were moved. ``sizes``: width and height as shown, before any
    turn, to number of pictures.
    """

    pts: IntArray
    time_base: Fraction
    exact: bool
    joins: tuple[tuple[int, int], ...]
    sizes: Counter[tuple[int, int]]


def count(
    path: Path,
    limits: Limits,
    restarts: bool,
    track: int = 0,
    expected: int = 0,
    threads: int = 0,
) -> Counted:
    """Decode all of a video. ``restarts``: times that fall back start again. ``expected``: pictures
    that there should be, 0 where nobody knows. Where fewer come out of several threads, and at the
    first sign of damage, one thread counts again: so that the number of threads does not matter.
    ``threads``: 0 for one a core.

    Raises:
        LimitError: more frames than are allowed.
    """
    with suppress(Damaged):
        found = _counted(path, limits, restarts, track, threads, careful=True)
        if len(found.pts) >= expected:
            return found
    return _counted(path, limits, restarts, track, 1)


def _counted(
    path: Path, limits: Limits, restarts: bool, track: int, threads: int, careful: bool = False
) -> Counted:
    pts: list[int] = []
    sizes: Counter[tuple[int, int]] = Counter()
    exact = not restarts
    with open_container(path, limits) as container:
        stream = video_stream(container, path, track)
        stream.thread_type = "AUTO"
        open_decoder(stream, limits, threads, careful)
        base = Fraction(stream.time_base)
        laid = EndToEnd(base, 0.0 if restarts else math.inf)
        step = usual = max(1, round(1 / (rate_of(stream) * base)))
        shape = Shape(stream)
        clock = Overflow(container, stream)
        for frame in decoded_frames(container, stream, careful=careful):
            sizes[shape.see(frame)] += 1
            if frame.pts is None:
                exact = False
                placed = pts[-1] + usual if pts else 0
            else:
                placed = laid.place(clock.whole(frame.pts), step)
            if pts and placed > pts[-1]:
                step = placed - pts[-1]
            pts.append(placed)
            if len(pts) > limits.frames:
                raise LimitError(f"{path}: has more than {limits.frames} frames; cut it in parts")
    spread, scale = finer(sorted(pts))
    exact = exact and scale == 1 and not clock.seen
    joins = tuple((moved * scale, begin * scale) for moved, begin in laid.joins)
    return Counted(np.array(spread, np.int64), base / scale, exact, joins, sizes)


def out_of_order(path: Path, limits: Limits, track: int = 0) -> bool:
    """Whether pictures do not come in the order of their PTS, by the first of them: what copied an
    AVI into another container may have written the times of decoding instead."""
    last = None
    with open_container(path, limits) as container:
        stream = video_stream(container, path, track)
        open_decoder(stream, limits, threads=1)
        for frame in islice(decoded_frames(container, stream), LOOKED_AT):
            if last is not None and frame.pts is not None and frame.pts <= last:
                return True
            last = frame.pts
    return False


def rate_of(stream: Any) -> Fraction:
    """Frames a second that a stream announces; 25 where it says nothing that can be."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and RATES[0] <= rate <= RATES[1]:
            return Fraction(rate)
    return USUAL_RATE


def lasting_size(sizes: Counter[tuple[int, int]]) -> tuple[int, int]:
    """The largest of the sizes that last for a tenth of the film, so that no detail is lost and a
    single large picture does not blow up all others."""
    enough = sum(sizes.values()) * LASTING
    lasting = [size for size, often in sizes.items() if often >= enough]
    return max(lasting or sizes, key=lambda size: (size[0] * size[1], size))


def finer(pts: list[int]) -> tuple[list[int], int]:
    """Rising times, and by how much finer their ticks are than those of ``pts``.

    Frames that share a tick (2000 a second, counted in milliseconds) lie between it and the next
    one in equal steps.
    """
    together = Counter(pts)
    most = max(together.values(), default=1)
    if most == 1:
        return pts, 1
    distinct = sorted(together)
    gaps = [b - a for a, b in pairwise(distinct)]
    usual = sorted(gaps)[len(gaps) // 2] if gaps else 1
    spread = []
    for tick, gap in zip(distinct, [*gaps, usual], strict=True):
        often = together[tick]
        spread += [tick * most + part * most * gap // often for part in range(often)]
    return spread, most
