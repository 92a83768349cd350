"""What the packets of a stream say, read without decoding: times, and whether these can be trusted.

The list of packet PTS defines "every frame of the input", where a packet is a frame.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np

from fer_batch.config import Limits
from fer_batch.errors import LimitError, NotMediaError
from fer_batch.media import headers
from fer_batch.media.formats import FAULTS, reason
from fer_batch.media.named_colours import NamedColours
from fer_batch.media.overflow import Overflow
from fer_batch.media.restarts import EndToEnd
from fer_batch.plural import plural
from fer_batch.types import IntArray

MOST_MARKS = 64  # of sizes; what changes more often changes


class First:
    """Decodes packets until there is a picture."""

    def __init__(self, decoder: Any) -> None:
        self.picture: Any = None
        self._decoder = decoder
        self._named = NamedColours.of(decoder)

    @property
    def reorders(self) -> bool:
        """Whether the decoder holds pictures back to show them in another order."""
        return bool(self._decoder.has_b_frames)

    def see(self, packet: Any) -> None:
        """The next packet, None after the last."""
        if self.picture is None:
            with suppress(*FAULTS):  # whatever damaged bytes make of a decoder
                for picture in self._decoder.decode(packet)[:1]:
                    self.picture = self._named.fill(picture)


@dataclass(slots=True)
class Packets:
    """``pts``: sorted, of all that are to be shown, None where they cannot be relied on; ``dts``:
    sorted. ``count``: of packets with pictures. ``restarts``: how often times start again.
    ``sizes``: pictures may change size. ``fields``: a packet may be half a frame, or none.
    ``unsorted``: they may be coded in another order than shown, yet their PTS rise: perhaps
    those of decoding.
    """

    pts: IntArray | None
    dts: IntArray
    count: int = 0
    restarts: int = 0
    sizes: bool = False
    fields: bool = False
    unsorted: bool = False
    warnings: list[str] = field(default_factory=list)


class _Marks:
    """Watches the front of packets for what only decoding would tell for sure."""

    def __init__(self, stream: Any) -> None:
        context = stream.codec_context
        self._codec = context.codec.canonical_name  # the decoder's own may be libdav1d
        extradata = context.extradata
        self._prefix = headers.nal_prefix(self._codec, extradata)
        self._seen: set[bytes] = set()
        self.fields = False
        if self._codec == "h264":
            self._parameters(headers.first_parameter_set(extradata))
            if self._prefix and extradata:
                self._seen.add(headers.first_parameter_set(extradata))

    @property
    def sizes(self) -> bool:
        return len(self._seen) > 1

    def hides(self, packet: Any) -> bool:
        """Whether a packet holds nothing that is shown."""
        return headers.shows_nothing(self._codec, memoryview(packet)[:1].tobytes())

    def see(self, packet: Any) -> None:
        """The next packet."""
        self.fields |= headers.may_be_empty(self._codec, packet.size)
        if not packet.is_keyframe and self._codec != "vp9":
            return
        if packet.has_sidedata("new_extradata"):
            self._seen |= {b"", b"other parameters in the container"}
        if len(self._seen) < MOST_MARKS:
            front = memoryview(packet)[: headers.FRONT].tobytes()
            mark = headers.size_mark(self._codec, front, self._prefix)
            if mark and mark not in self._seen:
                self._seen.add(mark)
                if self._codec == "h264":
                    self._parameters(mark)

    def _parameters(self, parameter_set: bytes) -> None:
        self.fields |= headers.fields_apart(parameter_set)


class _Times:
    """The times of packets that are shown, as they come. ``dependable``: each has a PTS."""

    def __init__(self, container: Any, stream: Any) -> None:
        self.pts: list[int] = []
        self.dts: list[int] = []
        self.end = 0  # of the last packet, ticks
        self.dependable = True
        self.shown, self.coded = Overflow(container, stream), Overflow(container, stream)
        # Matroska has no DTS; those that FFmpeg makes of its PTS may be out of order.
        self._laid = EndToEnd(stream.time_base, 0.5 if "matroska" in container.format.name else 0.0)

    @property
    def restarts(self) -> int:
        return self._laid.restarts

    def add(self, packet: Any) -> None:
        """The next packet."""
        if packet.dts is not None:
            self.dts.append(self.coded.whole(packet.dts))
            self._laid.place(self.dts[-1], packet.duration or 0)
        if packet.pts is None:
            self.dependable = False
            return
        self.pts.append(self.shown.whole(packet.pts))
        self.end = max(self.end, self.pts[-1] + (packet.duration or 0))


def read_packets(container: Any, stream: Any, limits: Limits, path: Path, first: First) -> Packets:
    """Read all packets of ``stream``; ``first`` sees each.

    Raises:
        LimitError: more frames than are allowed.
        NotMediaError: the pictures are encrypted.
    """
    hidden = number = 0
    warnings: list[str] = []
    times, marks = _Times(container, stream), _Marks(stream)
    try:
        for packet in container.demux(stream):
            if not packet.size:
                continue
            if not times.pts:
                _check_clear(path, packet)
            first.see(packet)
            if packet.is_discard or marks.hides(packet):  # an edit list may leave it out
                hidden += 1
                continue
            number += 1
            marks.see(packet)
            times.add(packet)
            if len(times.pts) > limits.frames:
                raise LimitError(f"{path}: has more than {limits.frames} frames; cut it in parts")
    except FAULTS as error:  # whatever damaged bytes make of a demuxer
        stopped = plural(len(times.pts), "frame")
        warnings.append(f"reading stopped after {stopped} ({reason(error)})")
    first.see(None)
    if times.restarts:
        warnings.append(_joined(times.restarts))
    elif not warnings:
        warnings += _missing(container, stream, times, hidden)
    found = _sorted_once(times.pts)
    # What comes out of a decoder has other times than what a clock that overflowed stands for.
    exact = not (times.restarts or times.shown.seen or times.coded.seen)
    dependable = times.dependable and exact and len(found) == len(times.pts)
    rising = len(times.pts) > 1 and all(a < b for a, b in pairwise(times.pts))
    return Packets(
        found if dependable else None,
        _sorted_once(times.dts),
        number,
        times.restarts,
        marks.sizes,
        marks.fields,
        first.reorders and rising,
        warnings,
    )


def _joined(restarts: int) -> str:
    often = "once" if restarts == 1 else f"{restarts} times"
    return f"its times start again {often} (joined recordings); they are placed one after the other"


def _missing(container: Any, stream: Any, times: _Times, hidden: int) -> list[str]:
    """A warning where there is less than the header says, as far as both can be relied on."""
    if times.shown.seen or container.format.name == "ivf":  # some of its writers count ticks
        return []
    held = len(times.pts) + hidden if times.dependable else None
    lost = _lost_seconds(container, stream, times.pts, times.end)
    return _cut_off(_announced(container, stream), held, lost)


def _announced(container: Any, stream: Any) -> int:
    """Frames that the header announces, 0 where it says nothing to rely on: AVI counts the empty
    chunks that stand for a frame shown longer. Of MP4 those that its edit list leaves: phones trim
    so, and keep in the file what is not shown."""
    formats = container.format.name.split(",")
    if "avi" in formats:
        return 0
    left = len(stream.index_entries) if "mp4" in formats else 0
    return min(left, stream.frames) if left else int(stream.frames)


def _cut_off(announced: int, held: int | None, lost_s: float) -> list[str]:
    """A warning where a file ends before its header says. ``held``: frames, None where packets do
    not tell."""
    if held is not None and announced > held:
        frames = plural(announced, "frame")
        return [f"the file announces {frames} and holds {held}; it is cut off"]
    if lost_s > 1.0 and not (announced and announced == held):
        return [f"the file ends {lost_s:.1f} s before its announced length; it is cut off"]
    return []


def _check_clear(path: Path, packet: Any) -> None:
    if packet.has_sidedata("encryption_info"):
        raise NotMediaError(f"{path}: is encrypted (copy protection); export it without")


def _sorted_once(times: list[int]) -> IntArray:
    """As ``np.unique``, which would import numpy's masked arrays for it."""
    return np.array(sorted(set(times)), np.int64)


def _lost_seconds(container: Any, stream: Any, pts: list[int], end: int) -> float:
    """Seconds between the end of the last packet and the length that the header announces.

    ``end``: in ticks. The file's length is that of its longest stream, so the stream's own goes
    first; Matroska writes that one as a tag.
    """
    if not pts:
        return 0.0
    if stream.duration:
        return float((stream.duration - (end - min(pts))) * stream.time_base)
    announced = _seconds(stream.metadata.get("DURATION", ""))
    announced = announced or (container.duration or 0) / av.time_base
    return float(announced - float((end - min(0, min(pts))) * stream.time_base))


def _seconds(clock: str) -> float:
    """Of ``00:01:02.500000000``; 0 of anything else."""
    try:
        hours, minutes, seconds = (float(part) for part in clock.split(":"))
    except ValueError:
        return 0.0
    return hours * 3600 + minutes * 60 + seconds
