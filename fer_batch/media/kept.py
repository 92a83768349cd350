"""Frames kept from one pass over an input to the next, so that a short video and the photos of a
small folder are decoded once.

Within a budget of bytes the last frames that were read are kept. The next pass decodes up to the
first of them and has the rest without a decoder; no seeking is needed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fer_batch.media.images import image_path
from fer_batch.types import Frame

if TYPE_CHECKING:
    from fer_batch.media.source import FrameSource
    from fer_batch.types import SourceInfo


PHOTOS_TAKE = 4
"""Photos may fill one part in so many of the budget: decoding them costs little beside the rest."""

Stamp = tuple[int, ...]
"""What a file looks like from outside; empty where it is not there, and reading says so."""


class Waiting(NamedTuple):
    """A frame, and what the file that it alone is of looked like: empty for a video's."""

    frame: Frame
    stamp: Stamp


class KeptFrames:
    """The last frames of one input, at most ``budget`` bytes of them; for several threads."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._of: tuple[object, ...] = ()
        self._frames: deque[Waiting] = deque()
        self._bytes = 0

    def keep(self, source: FrameSource) -> FrameSource:
        """``source``, whose frames are kept as they are read, in place of any other's. Images are
        where all fit: of thousands the last few would take as much and save next to nothing.

        Whoever reads them must not write into their images.
        """
        if not self._budget or not self._worth(source.info):
            return source
        identity = _identity(source.info)
        if identity != self._of:
            self.clear()
            self._of = identity
        return _Keeping(source, self)

    def _worth(self, info: SourceInfo) -> bool:
        largest = (info.width + info.width % 2) * (info.height + info.height % 2) * 3 // 2
        return info.kind == "video" or largest * len(info) <= self._budget // PHOTOS_TAKE

    def again(self, source: FrameSource) -> FrameSource:
        """``source``, of which frames that are kept are not decoded again."""
        return _Again(source, self) if self._of == _identity(source.info) else source

    def clear(self) -> None:
        """Forget all frames."""
        with self._lock:
            self._of = ()
            self._frames.clear()
            self._bytes = 0

    def add(self, new: Waiting) -> None:
        """Keep a frame; the oldest go where there is no more room."""
        frames, index = self._frames, new.frame.index
        with self._lock:
            if frames and index != frames[-1].frame.index + 1:
                # Read again from an earlier place: neighbours must follow one another.
                while frames and frames[-1].frame.index >= index:
                    self._bytes -= _size(frames.pop())
                if frames and index != frames[-1].frame.index + 1:
                    frames.clear()
                    self._bytes = 0
            frames.append(new)
            self._bytes += _size(new)
            while self._bytes > self._budget:
                self._bytes -= _size(frames.popleft())

    def until(self, start: int, stop: int) -> list[Waiting]:
        """What is kept of frames ``start <= i < stop``, if the last of these is among them."""
        with self._lock:
            kept = self._frames
            if not kept or not kept[0].frame.index < stop <= kept[-1].frame.index + 1:
                return []
            return [one for one in kept if start <= one.frame.index < stop]


class _Keeping:
    def __init__(self, source: FrameSource, kept: KeptFrames) -> None:
        self.info, self._source, self._kept = source.info, source, kept

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """See ``FrameSource``."""
        stamp_of = _stamps(self.info)
        for frame in self._source.frames(start, stop):
            self._kept.add(Waiting(frame, stamp_of(frame.index)))
            yield frame


class _Again:
    def __init__(self, source: FrameSource, kept: KeptFrames) -> None:
        self.info, self._source, self._kept = source.info, source, kept

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """See ``FrameSource``. Images are copies: they are drawn into."""
        kept, stamp_of = self._kept.until(start, stop), _stamps(self.info)
        if any(one.stamp != stamp_of(one.frame.index) for one in kept):
            kept = []  # a photo is another one now
        decoded_until = kept[0].frame.index if kept else stop
        if start < decoded_until:
            yield from self._source.frames(start, decoded_until)
        for frame, _ in kept:
            yield frame if frame.image is None else replace(frame, image=frame.image.copy())


def _size(waiting: Waiting) -> int:
    image = waiting.frame.image
    return 0 if image is None else image.nbytes


def _identity(info: SourceInfo) -> tuple[object, ...]:
    """What the frames of a source depend on: a video's file as it is now, and what of it is wanted.
    Images have files of their own (``_stamps``)."""
    file = _stamp(Path(info.path)) if info.kind == "video" else info.files
    shape = (info.width, info.height, info.rotation, info.flipped, info.crop, info.aperture)
    wanted = (info.track, info.left_out, info.seekable, info.pts.tobytes())
    return (info.path, info.kind, file, *shape, *wanted)


def _stamps(info: SourceInfo) -> Callable[[int], Stamp]:
    """What the file of each frame looks like now, where each has one."""
    if info.kind == "video":
        return lambda _: ()
    path = image_path(info)
    return lambda index: _stamp(path(index))


def _stamp(path: Path) -> Stamp:
    try:
        there = path.stat()
    except OSError:
        return ()
    return there.st_mtime_ns, there.st_size, there.st_ino
