"""Which packets of sound a film takes, by their times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from fer_batch.plural import plural

NO_SHIFT = Fraction(0)
AFTER_S = 60.0  # sound after the last picture: a fade, a title without pictures
LEAP_S = 1.0  # between two packets; a pause, or a damaged time
OVERLAP = 1.5  # of a packet's length by which it may come later than its time says

# A packet and when it is heard, in seconds.
Timed = tuple[float, Any]


def in_order(
    packets: Iterable[Any], warnings: list[str], later: Fraction = NO_SHIFT
) -> Iterator[Timed]:
    """With their times in seconds, without those that do not come after the one before: MP4 takes
    no others. Of two of which the second falls back behind a leap, the one that leapt is wrong. One
    that begins while the last is heard (some live recordings give two the same time) comes next.

    ``later``: seconds by which all are moved. ``warnings`` gets a line where some are left out.
    """
    last = end = float("-inf")
    lost = 0
    leapt: Timed | None = None
    for packet in packets:
        if packet.pts is not None and later:
            packet.pts += round(later / packet.time_base)
            packet.dts = packet.pts
        time = last if packet.pts is None else packet.pts * float(packet.time_base)
        if leapt is not None:
            if time > leapt[0]:
                last = end = leapt[0]
                yield leapt
            else:
                lost += 1
            leapt = None
        length = (packet.duration or 0) * float(packet.time_base)
        if time <= last < end <= time + length * OVERLAP:
            packet.pts = packet.dts = round(end / float(packet.time_base))
            time = end
        if time <= last:
            lost += 1
        elif float("-inf") < last < time - LEAP_S:
            leapt = time, packet
        else:
            last, end = time, time + length
            yield time, packet
    if leapt is not None:
        yield leapt
    if lost:
        warnings.append(left_out(lost, "out of order"))


def left_out(packets: int, why: str) -> str:
    """What is said of so many packets of sound that a film does not take."""
    were = "was {} and is" if packets == 1 else "were {} and are"
    return f"{plural(packets, 'packet')} of sound {were.format(why)} left out"


def until(end_s: float, packets: Iterator[Timed], warnings: list[str]) -> Iterator[Timed]:
    """Only what is heard before ``end_s``: a day of sound over a second of pictures would be
    decoded and coded for minutes, and nobody would look at it."""
    for time, packet in packets:
        if time > end_s:
            words = (
                f"the sound goes on {AFTER_S:.0f} s after the last picture; the rest is left out"
            )
            warnings.append(words)
            return
        yield time, packet
