"""Annotated pictures: what is known of the faces, drawn into frames in order."""

from __future__ import annotations

import numpy as np

from fer_batch.config import RenderSettings
from fer_batch.media import planes
from fer_batch.media.encode import output_size
from fer_batch.output.draw.anonymise import covered_faces, hidden_boxes, unseen_boxes
from fer_batch.output.draw.overlay import Overlay
from fer_batch.person_name import RESERVED
from fer_batch.pipeline.plan import LOOK_S
from fer_batch.pipeline.progress import Timings
from fer_batch.pipeline.skipped import looked_at_after, looked_at_before
from fer_batch.types import (
    BoolArray,
    Frame,
    FrameStatus,
    Image,
    IntArray,
    SourceInfo,
    Timeline,
)


def photo_numbers(timeline: Timeline, faces: slice) -> tuple[IntArray, BoolArray]:
    """The numbers of some faces of photos, ``int64[n]``, and which of them no name may be of,
    ``bool[n]``: who was recognised has a number of their own; the others are counted."""
    person = timeline.person[faces]
    return np.where(person >= 0, person, timeline.face_id[faces]), person < 0


class Drawer:
    """Draws frames of one source, given in order; not for two threads at once."""

    def __init__(
        self, info: SourceInfo, timeline: Timeline, settings: RenderSettings, timings: Timings
    ) -> None:
        self._info, self._timeline, self._settings = info, timeline, settings
        self._timings = timings
        self._size = output_size(info)
        # Where people are named, they alone are blurred.
        self._also_hidden = {one.lower() for one in settings.blur} <= set(RESERVED)
        self._covered = covered_faces(timeline, settings, info.kind == "photos")
        self._overlays: dict[tuple[int, int], Overlay] = {}
        self._last: Image | None = None

    def draw(self, frame: Frame) -> Image:
        """The annotated picture ``uint8[h * 3 // 2, w]`` in the size of the output.

        It is drawn into ``frame.image``. A frame that could not be decoded is the last picture
        again, marked as such. With blurred faces so is one that lies in a long stretch in which
        nobody looked for faces: who is in it is not known.
        """
        if frame.image is None:
            return self._undecoded()
        covered = self._covered
        if covered is not None and self._unsearched(frame.index):
            return self._black() if self._last is None else self._last
        timeline, image = self._timeline, frame.image
        faces = timeline.faces_at(self._shown(frame.index))
        unseen = None
        if covered is not None:
            unseen = unseen_boxes(timeline, frame.index, covered=covered)
            if self._also_hidden:
                hidden = hidden_boxes(timeline, frame.index, LOOK_S)
                unseen = np.concatenate([unseen, hidden])
            unseen = unseen / np.float32(frame.scale)
        overlay = self._overlay(image, frame.full_range)
        numbers, nameless = timeline.face_id[faces], None
        if self._info.kind == "photos":
            numbers, nameless = photo_numbers(timeline, faces)
        with self._timings.stage("draw"):
            overlay.draw(
                image,
                timeline.box[faces] / frame.scale,
                numbers,
                timeline.smoothed[faces],
                unseen,
                timeline.unusable[faces],
                None if covered is None else covered[faces],
                nameless,
            )
        self._last = planes.fit(image, *self._size)
        return self._last

    def _shown(self, frame: int) -> int:
        """The frame whose faces are drawn: with ``--every`` the last one that was analysed."""
        return frame if self._info.kind == "photos" else looked_at_before(self._timeline, frame)

    def _unsearched(self, frame: int) -> bool:
        """Whether the pictures searched for faces before and after ``frame`` lie far apart."""
        timeline = self._timeline
        if self._info.kind == "photos" or timeline.status[frame] != FrameStatus.SKIPPED:
            return False
        before, after = looked_at_before(timeline, frame), looked_at_after(timeline, frame)
        return bool(timeline.time_s[after] - timeline.time_s[before] > LOOK_S)

    def _overlay(self, image: Image, full_range: bool) -> Overlay:
        """Images of a folder differ in size; each size has its own overlay."""
        size = (image.shape[1], image.shape[0] * 2 // 3)
        if size not in self._overlays:
            self._overlays[size] = Overlay(
                self._timeline.labels,
                *size,
                self._settings,
                full_range,
                self._info.colour[3],
                names=self._timeline.names,
            )
        return self._overlays[size]

    def _undecoded(self) -> Image:
        """The last picture again, marked; black where there was none."""
        image = self._black() if self._last is None else self._last.copy()
        self._overlay(image, self._info.colour[0] == 2).draw_decode_error(image)
        return image

    def _black(self) -> Image:
        image = np.full((self._size[1] * 3 // 2, self._size[0]), 128, np.uint8)
        image[: self._size[1]] = 16
        return image
