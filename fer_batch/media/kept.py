"""Frames kept from one pass over a video to the next, so that a short one is decoded once.

Within a budget of bytes the last frames that were read are kept. The next pass decodes up to the
first of them and has the rest without a decoder; no seeking is needed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fer_batch.media.source import FrameSource
    from fer_batch.types import Frame, SourceInfo


class KeptFrames:
    """The last frames of one video, at most ``budget`` bytes of them; for several threads."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._of: tuple[object, ...] = ()
        self._frames: deque[Frame] = deque()
        self._bytes = 0

    def keep(self, source: FrameSource) -> FrameSource:
        """``source``, whose frames are kept as they are read, in place of any other's.

        Whoever reads them must not write into their images.
        """
        if not self._budget or source.info.kind != "video":
            return source
        identity = _identity(source.info)
        if identity != self._of:
            self.clear()
            self._of = identity
        return _Keeping(source, self)

    def again(self, source: FrameSource) -> FrameSource:
        """``source``, of which frames that are kept are not decoded again."""
        return _Again(source, self) if self._of == _identity(source.info) else source

    def clear(self) -> None:
        """Forget all frames."""
        with self._lock:
            self._of = ()
            self._frames.clear()
            self._bytes = 0

    def add(self, frame: Frame) -> None:
        """Keep a frame; the oldest go where there is no more room."""
        with self._lock:
            if self._frames and frame.index != self._frames[-1].index + 1:
                # Read again from an earlier place: neighbours must follow one another.
                while self._frames and self._frames[-1].index >= frame.index:
                    self._bytes -= _size(self._frames.pop())
                if self._frames and frame.index != self._frames[-1].index + 1:
                    self._frames.clear()
                    self._bytes = 0
            self._frames.append(frame)
            self._bytes += _size(frame)
            while self._bytes > self._budget:
                self._bytes -= _size(self._frames.popleft())

    def until(self, start: int, stop: int) -> list[Frame]:
        """The frames that are kept of ``start <= i < stop``, if the last of these is among them."""
        with self._lock:
            if not self._frames or not self._frames[0].index < stop <= self._frames[-1].index + 1:
                return []
            return [frame for frame in self._frames if start <= frame.index < stop]


class _Keeping:
    def __init__(self, source: FrameSource, kept: KeptFrames) -> None:
        self.info, self._source, self._kept = source.info, source, kept

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """See ``FrameSource``."""
        for frame in self._source.frames(start, stop):
            self._kept.add(frame)
            yield frame


class _Again:
    def __init__(self, source: FrameSource, kept: KeptFrames) -> None:
        self.info, self._source, self._kept = source.info, source, kept

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """See ``FrameSource``. Images are copies: they are drawn into."""
        kept = self._kept.until(start, stop)
        decoded_until = kept[0].index if kept else stop
        if start < decoded_until:
            yield from self._source.frames(start, decoded_until)
        for frame in kept:
            yield frame if frame.image is None else replace(frame, image=frame.image.copy())


def _size(frame: Frame) -> int:
    return 0 if frame.image is None else frame.image.nbytes


def _identity(info: SourceInfo) -> tuple[object, ...]:
    """What the frames of a source depend on: the file as it is now, and what of it is wanted."""
    try:
        there = Path(info.path).stat()
    except OSError:  # reading says so
        return ()
    file = (info.path, there.st_mtime_ns, there.st_size, there.st_ino)
    shape = (info.width, info.height, info.rotation, info.flipped, info.crop, info.aperture)
    return (*file, *shape, info.track, info.left_out, info.seekable, info.pts.tobytes())
