"""Frames of a video by index, decoded by PyAV."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
from av import Codec

from fer_batch.config import Limits
from fer_batch.cores import usable_cores
from fer_batch.errors import InputError
from fer_batch.media import hardware, planes
from fer_batch.media.container import (
    NO_LIMITS,
    open_container,
    open_decoder,
    tells_ahead,
    video_stream,
)
from fer_batch.media.decode import Damaged, decoded_frames
from fer_batch.media.formats import FAULTS
from fer_batch.media.shape import Shape
from fer_batch.types import Frame, Image, SourceInfo

# Up to this many pixels one core decodes faster than the rest of the pipeline takes frames, and
# FFmpeg's threads would cost half as much again in CPU time.
SMALL_PICTURE = 1280 * 720
FEW_CORES = 4
# Decoders that do not see damage, and whose pictures then depend on how they share the work: these
# share each picture.
IN_SLICES = frozenset({"ffv1"})
PALETTE = "pal8"  # FFmpeg's form of pictures that hold numbers of colours


class VideoReader:
    """Reads ranges of frames of one video; see ``FrameSource`` for the contract."""

    def __init__(
        self,
        info: SourceInfo,
        limits: Limits = NO_LIMITS,
        threads: int = 0,
        by_gpu: bool = False,
    ) -> None:
        """``threads``: decoder threads, 0 for as many as are worth it. ``by_gpu``: decoded by a
        GPU as far as that can; whether there is one is not asked."""
        self.info, self._limits = info, limits
        self._shape: Shape | None = None
        self._key_pts: int | None = None  # of the key frame that reading was brought to
        self._begun_well = True  # whether that one came whole
        self._ended = False  # whether the decoder was read to the end of the file
        small = info.width * info.height <= SMALL_PICTURE
        alone = info.changes and tells_ahead(info.codec)
        self._threads = 1 if alone else threads or int(small and usable_cores() <= FEW_CORES)
        self._by_gpu = by_gpu and info.codec in hardware.CODECS

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """Yield frames ``start`` to ``stop - 1`` in order, each exactly once."""
        expected = start
        for index, picture in self._pictures(start, stop):
            # Frames that did not come out of the decoder in their turn never will.
            for missing in range(expected, index):
                yield self._frame(missing, None)
            yield self._frame(index, picture)
            expected = index + 1
        for missing in range(expected, stop):
            yield self._frame(missing, None)

    def _frame(self, index: int, picture: Any) -> Frame:
        info = self.info
        pts = int(info.pts[index])
        if picture is None:
            return Frame(index, pts, None, info.width, info.height)
        image, full_range = self._fitted(picture, *self._stored)
        image, width, height = planes.upright(image, *self._stored, info.rotation, info.flipped)
        if info.crop:
            width, height = info.width, info.height
            image = planes.cropped(image, info.crop[0], info.crop[1], width, height)
        return Frame(index, pts, image, width, height, full_range, matrix=info.colour[3])

    @property
    def _stored(self) -> tuple[int, int]:
        """Width and height of whole pictures before they are turned upright."""
        info = self.info
        width, height = info.crop[2:] or (info.width, info.height)
        return (height, width) if info.rotation in (90, 270) else (width, height)

    def _fitted(self, picture: Any, width: int, height: int) -> tuple[Image, bool]:
        """I420 array of that size, and whether its luma has full range. A picture of another shape
        than the film (a stream may change size) keeps its own, between bars."""
        shown = self._shape.shown if self._shape else (width, height)
        aperture = self.info.aperture
        if aperture and (picture.width, picture.height) == aperture[4:]:
            image, full_range = planes.from_video_frame(picture, *aperture[4:])
            image = planes.cropped(image, *aperture[:4])
            return planes.stretched(image, width + width % 2, height + height % 2), full_range
        if shown == (width, height):
            return planes.from_video_frame(picture, width, height)
        inner, full_range = planes.from_video_frame(picture, *(max(2, s - s % 2) for s in shown))
        return planes.fit(inner, width + width % 2, height + height % 2), full_range

    def _pictures(self, start: int, stop: int) -> Iterator[tuple[int, Any]]:
        """Decoded pictures with their frame index, strictly rising, from ``start`` on.

        A GPU serves for as long as each picture comes in its turn and as it should be. It never
        has the last word on what cannot be decoded: from there on FFmpeg's own decoder reads.
        """
        if self._by_gpu:
            with (
                suppress(InputError),  # no GPU any more; what is wrong with the file comes below
                closing(self._decoded(start, stop, by_gpu=True)) as pictures,
            ):
                for index, picture in pictures:
                    if index != start or not self._is_whole(picture):
                        break
                    yield index, hardware.as_decoded(picture)
                    start += 1
        yield from self._past_damage(start, stop)

    def _past_damage(self, start: int, stop: int) -> Iterator[tuple[int, Any]]:
        """See ``_pictures``. How damaged pictures look, and which come at all, depends on how many
        threads decode and on where reading began. So at the first sign of damage one thread reads
        on from the key frame before it, up to the next one: no number of cores or segments matters.
        """
        patience, threads = 1, self._threads  # key frames; several threads may miss a sign
        while start < stop:
            self._ended = False
            with suppress(Damaged):
                for index, picture in self._decoded(start, stop, False, threads, True):
                    yield index, picture
                    start = index + 1
                if not self._ended:
                    return
            if start >= stop:
                return
            begin, passed, threads = start, 0, 1
            for index, picture in self._decoded(start, stop, False):
                passed += int(picture.key_frame and index > begin and self.info.seekable)
                if passed == patience:
                    start = index
                    break
                yield index, picture
            else:
                return
            if Codec(self.info.codec).intra_only:  # where each is damaged somewhere
                patience *= 2

    def _is_whole(self, picture: Any) -> bool:
        """Whether a picture that a GPU was asked for came from there, and has the film's size."""
        shown = self._shape.shown if self._shape else None
        return hardware.came_from_gpu(picture) and shown == self._stored

    def _decoded(
        self, start: int, stop: int, by_gpu: bool, threads: int = 1, careful: bool = False
    ) -> Generator[tuple[int, Any]]:
        """See ``_pictures``; all by the one or all by the other. A GPU needs no more than one
        thread, which hands packets on. ``careful``: see ``decoded_frames``.

        From a key frame of the container's a decoder may need some pictures to catch up (H.264 with
        intra refresh) and holds those back; where ``start`` is among them reading begins earlier.
        QuickTime gives a palette with the first packet alone: such films are read from the top.
        """
        path = Path(self.info.path)
        targets = self._targets(start)
        for target in targets:
            with ExitStack() as stack:
                self._key_pts = None
                container = stack.enter_context(open_container(path, self._limits, by_gpu=by_gpu))
                stream = video_stream(container, path, self.info.track)
                if target is not None and not self._seek(container, stream, target, start):
                    continue
                pictures = self._read(container, stream, start, stop, threads, careful)
                first = next(pictures, None)
                # What is coded from a key frame that is damaged looks as if it went on from others.
                held_back = first is None or first[0] > start or not self._begun_well
                if held_back and target not in targets[-2:]:
                    continue
                if first is not None and first[1].format.name == PALETTE and target is not None:
                    continue
                if first is not None:
                    yield first
                    yield from pictures
                return

    def _read(
        self, container: Any, stream: Any, start: int, stop: int, threads: int, careful: bool
    ) -> Iterator[tuple[int, Any]]:
        decoder = open_decoder(stream, self._limits, threads, careful, seeing=True)
        decoder.thread_type = "SLICE" if self.info.codec in IN_SLICES else "AUTO"
        shape = self._shape = Shape(stream)
        reached = -1
        self._begun_well = careful or self._key_pts is None
        seekable, last = self.info.seekable, int(self.info.pts[-1])
        # What is damaged looks another way where something before it was passed over.
        sought = careful and seekable and not self._from_the_top(start)
        first = int(self.info.pts[start]) if sought else None
        for count, picture in enumerate(decoded_frames(container, stream, first, careful, decoder)):
            if seekable and picture.pts is not None and picture.pts > last:
                return  # behind a part
            shape.see(picture)
            if not careful and picture.pts is not None and picture.pts == self._key_pts:
                self._begun_well = not picture.is_corrupt
            index = self._index(count, picture)
            if index is None or index <= reached:
                continue
            if careful and start <= reached < index - 1:
                raise Damaged
            if index >= stop:
                return
            reached = index
            if index >= start and not picture.is_corrupt:
                yield index, picture
        self._ended = True

    def _index(self, count: int, picture: Any) -> int | None:
        """The frame index of a picture: by PTS, or by counting where PTS cannot be relied on."""
        if not self.info.seekable:
            count -= self.info.left_out
            return count if 0 <= count < len(self.info) else None
        if picture.pts is None:
            return None
        index = int(np.searchsorted(self.info.pts, picture.pts))
        found = index < len(self.info) and self.info.pts[index] == picture.pts
        return index if found else None

    def _from_the_top(self, start: int) -> bool:
        return start == 0 and self.info.left_out == 0

    def _targets(self, start: int) -> list[int | None]:
        """PTS to seek to for frame ``start``, one after the other; None: read from the beginning.

        Containers index key frames by DTS or PTS, so the one found may be shown after ``start``.
        """
        if self._from_the_top(start) or not self.info.seekable:
            return [None]
        first, wanted = self.info.begin, int(self.info.pts[start])
        step = max(1, int(2 / self.info.time_base))
        return [*(max(wanted - back, first) for back in (0, step, 8 * step)), None]

    def _seek(self, container: Any, stream: Any, target: int, start: int) -> bool:
        """Go to a key frame near PTS ``target``; whether it comes no later than ``start``."""
        try:
            container.seek(target, stream=stream, backward=True)
            packet = next(p for p in container.demux(stream) if p.size)
        except (*FAULTS, StopIteration):
            return False
        if not packet.is_keyframe or packet.pts is None or packet.pts > self.info.pts[start]:
            return False
        container.seek(target, stream=stream, backward=True)
        self._key_pts = packet.pts
        return True
