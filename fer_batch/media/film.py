"""An MP4 while it is written: one packet a frame at the source's own times, its sound beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np

from fer_batch.errors import FerBatchError
from fer_batch.media.container import open_container
from fer_batch.media.sound import damaged, open_sound
from fer_batch.media.sound_times import Timed
from fer_batch.types import SourceInfo


def shift(info: SourceInfo) -> int:
    """By how many of its ticks a source's times are moved in the annotated video: a part begins at
    0, and so does a film that began below, or whose clock began anywhere."""
    first = int(info.pts[0])
    return -first if info.free_clock or info.origin is not None else -min(0, first)


def output_ticks(info: SourceInfo) -> tuple[Fraction, np.ndarray[Any, np.dtype[np.int64]]]:
    """Time base and PTS of the annotated video: the source's own times in a base of ``1 / n``.

    MP4 counts in whole ticks a second; a source's base of ``k / n`` keeps its times exactly when
    its PTS are multiplied by ``k``. Players leave out what comes before 0, so a film that begins
    there begins at 0 instead, as does a part of one; so do broadcasts, since an MP4 that begins
    hours late shows nothing for hours.
    """
    pts = info.pts + shift(info)
    return Fraction(1, info.time_base.denominator), pts * info.time_base.numerator


class Film:
    """Takes the packets of the frames ``frames`` in order; a context manager.

    With all frames of the source it is the whole film: the source's sound goes in with them, in
    order of time, and the index comes first (faststart). ``warnings`` then says what of the sound
    was lost. Closing after an error leaves an unfinished file: hand in a temporary name.

    Raises:
        FerBatchError: at the end, when there was not one packet a frame.
    """

    def __init__(self, path: Path, info: SourceInfo, frames: range) -> None:
        self.warnings: list[str] = []
        self.time_base, ticks = output_ticks(info)
        self._info, self._frames = info, frames
        last = int(ticks[-1]) + max(1, round(info.frame_s / self.time_base))
        self._times = [*ticks[frames.start : frames.stop + 1].tolist(), last]
        self._tick_s = float(self.time_base)
        self._count = 0
        self._sound: Iterator[Timed] = iter(())
        self._refused = 0  # packets of sound
        self._whole = len(frames) == len(info)
        # A late start is counted in the film's own ticks, by default milliseconds.
        options = {"movie_timescale": str(self.time_base.denominator)}
        if self._whole:
            options["movflags"] = "+faststart"
        self._stack = ExitStack()
        self.container = self._stack.enter_context(
            av.open(str(path.absolute()), "w", format="mp4", options=options)
        )

    def begin(self, stream: Any) -> None:
        """``stream`` of ``container`` takes the pictures; one for the sound is added after it."""
        stream.time_base = self.time_base
        self._stream = stream
        if self._whole and self._info.has_audio:
            source = self._stack.enter_context(open_container(Path(self._info.path)))
            later = shift(self._info) * self._info.time_base
            sound = open_sound(source, self.container, self._info, later, self.warnings)
            self._sound = sound if self._info.origin is None else self._within(sound)
        self._heard = next(self._sound, None)

    def _within(self, sound: Iterator[Timed]) -> Iterator[Timed]:
        """The sound that is heard while the pictures of a part are shown."""
        end = self._times[-1] * self._tick_s
        for timed in takewhile(lambda timed: timed[0] < end, sound):
            if timed[0] >= 0:
                yield timed

    def add(self, packet: Any) -> None:
        """The next frame's packet, and all sound that comes before it.

        Raises:
            FerBatchError: all frames have got theirs.
        """
        if self._count == len(self._frames):
            raise FerBatchError(f"{self._info.name}: more encoded frames than source frames")
        begin, end = self._times[self._count : self._count + 2]
        packet.stream = self._stream
        packet.time_base = self.time_base
        packet.pts = packet.dts = begin
        packet.duration = end - begin
        self._listen(begin * self._tick_s)
        self.container.mux(packet)
        self._count += 1

    def _listen(self, until: float) -> None:
        while self._heard is not None and self._heard[0] < until:
            try:
                self.container.mux(self._heard[1])
            except av.FFmpegError as error:
                if isinstance(error, OSError):  # of the disk, not of the sound
                    raise
                self._refused += 1  # damaged on the way; pictures and the rest of the sound go on
            self._heard = next(self._sound, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            if kind is None:
                self._listen(float("inf"))
                if self._refused:
                    self.warnings.append(damaged(self._refused))
                if self._count != len(self._frames):
                    counts = f"{self._count} encoded frames of {len(self._frames)}"
                    raise FerBatchError(f"{self._info.name}: {counts}")
