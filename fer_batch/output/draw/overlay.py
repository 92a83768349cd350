"""Boxes, names and probabilities, drawn straight into a frame's I420 planes.

Nothing is converted: a frame goes from decoder to encoder as planes, and only the pixels under a
mark are touched. Text and cards are rasterised once (``marks``) and blended from then on.
A frame's picture depends on that frame's faces alone, so segments can be drawn in any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fer_batch.i420 import BT601, Planes, planes
from fer_batch.output.draw.anonymise import blur_faces
from fer_batch.output.draw.layout import Rect, Taken, choose, even
from fer_batch.output.draw.marks import UNREAD, Marks
from fer_batch.output.draw.text import that_can_be_set
from fer_batch.types import UNSURE, is_unsure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fer_batch.config import RenderSettings
    from fer_batch.types import BoolArray, FloatArray, Image, IntArray

# More than this part of a card over other faces or labels, and the picture is better without it.
CARD_MAY_HIDE = 0.15


def shown_labels(labels: Sequence[str], settings: RenderSettings) -> tuple[str, ...]:
    """The labels that are drawn, in card order; all where none is chosen."""
    return tuple(name for name in labels if name in settings.labels) or tuple(labels)


class Overlay:
    """Draws what is known of each face. One instance for one picture size and one thread.

    Args:
        labels: the model's labels in card order, as the columns of ``probabilities``.
        width: of the pictures, pixels, even.
        height: of the pictures, pixels, even.
        settings: labels shown, threshold, faces blurred or not.
        full_range: luma of the pictures uses 0 to 255.
        matrix: FFmpeg's number of how their luma and chroma are made of colours.
        names: of people, by face_id; who has none is a number, and so is who has one that the
            typeface cannot set.
        marks: those of another overlay for pictures of about this size, to be used again.
    """

    def __init__(
        self,
        labels: Sequence[str],
        width: int,
        height: int,
        settings: RenderSettings,
        full_range: bool = False,
        matrix: int = BT601,
        marks: Marks | None = None,
        names: Mapping[int, str] | None = None,
    ) -> None:
        self.names = that_can_be_set(names or {})
        self.width, self.height = width, height
        self.settings = settings
        self.labels = tuple(labels)
        shown = shown_labels(self.labels, settings)
        self._shown = np.array([self.labels.index(name) for name in shown])
        self._marks = marks or Marks(shown, width, height, full_range, matrix)

    def draw(
        self,
        image: Image,
        boxes: FloatArray,
        face_ids: IntArray,
        probabilities: FloatArray,
        unseen: FloatArray | None = None,
        unusable: BoolArray | None = None,
        covered: BoolArray | None = None,
        nameless: BoolArray | None = None,
    ) -> None:
        """Draw the faces of one frame, in place.

        Args:
            image: ``uint8[h * 3 // 2, w]``, I420, contiguous.
            boxes: ``float32[n, 4]``, x, y, w, h in pixels; may reach out of the picture.
            face_ids: ``int64[n]``.
            probabilities: ``float32[n, labels]``, smoothed.
            unseen: ``float32[m, 4]``, more places to blur where faces are blurred, see
                ``anonymise.unseen_boxes``.
            unusable: ``bool[n]``, faces that cannot be read: a thin box and a question mark.
            covered: ``bool[n]``, faces to blur where faces are blurred; all if None.
            nameless: ``bool[n]``, faces that are nobody's whom a name is of, whatever their number.
        """
        target = planes(image)
        sound = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)
        if self.settings.blurs:
            blur_faces(target, boxes[sound if covered is None else sound & covered])
            if unseen is not None:
                blur_faces(target, unseen[np.isfinite(unseen).all(axis=1)])
        if unusable is None:
            unusable = np.zeros(len(boxes), bool)
        if nameless is None:
            nameless = np.zeros(len(boxes), bool)
        faces = []
        for box, face_id, p, unread, unnamed in zip(
            boxes[sound].tolist(),
            face_ids[sound].tolist(),
            probabilities[sound],
            unusable[sound].tolist(),
            nameless[sound].tolist(),
            strict=True,
        ):
            if rect := self._visible(box):
                verdict = (UNREAD, 0) if unread else self.verdict(p)
                number = str(face_id)
                who = number if unnamed else self.names.get(face_id, number)
                faces.append((rect, who, p, *verdict))
        for rect, _, _, name, _ in faces:
            self._marks.boxes.put(target, rect, self._marks.tint(name), name == UNREAD)
        taken = Taken(self.width, self.height, (rect for rect, *_ in faces))
        for rect, who, p, name, percent in faces:
            for place in self._label(target, rect, taken, who, p[self._shown], name, percent):
                taken.add(place)

    def draw_decode_error(self, image: Image) -> None:
        """Dim a picture that stands in for one that could not be decoded, and say so, in place.

        Where faces are to be blurred nothing of the picture is left: none is known to be where.
        """
        target = planes(image)
        keep = 0 if self.settings.blurs else 1
        target.luma[:] = target.luma // 3 * keep + np.uint8(self._marks.black)
        for plane in (target.cb, target.cr):
            plane[:] = plane // 3 + np.uint8(85) if keep else np.uint8(128)
        notice = self._marks.notice("frame could not be decoded")
        x, y = (self.width - notice.width) / 2, (self.height - notice.height) / 2
        notice.put(target, even(x), even(y))

    def verdict(self, p: FloatArray) -> tuple[str, int]:
        """What is named, and its probability in percent.

        The strongest label of all; "unsure" below the threshold; "other", with the sum of what is
        not shown, where the strongest is not among the labels shown.
        """
        best = int(p.argmax())
        if is_unsure(p, self.settings.threshold):
            return UNSURE, round(float(p[best]) * 100)
        if best not in self._shown:
            return "other", round((1 - float(p[self._shown].sum())) * 100)
        return self.labels[best], round(float(p[best]) * 100)

    def _visible(self, box: list[float]) -> Rect | None:
        """The part of a box in the picture; None where nothing is."""
        x0, y0 = max(box[0], 0.0), max(box[1], 0.0)
        x1, y1 = min(box[0] + box[2], self.width), min(box[1] + box[3], self.height)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return None
        return Rect(round(x0), round(y0), round(x1 - x0), round(y1 - y0))

    def _label(
        self,
        target: Planes,
        rect: Rect,
        taken: Taken,
        who: str,
        shown: FloatArray,
        name: str,
        percent: int,
    ) -> list[Rect]:
        """Name plate and chart of one face; returns where they were put."""
        marks, gap, size = self._marks, self._marks.gap, (self.width, self.height)
        unread = name == UNREAD
        plate = marks.plate(who, name, unread or rect.w < marks.small_below)
        x = even(rect.x)
        above, below = even(rect.y - plate.height - gap), even(rect.y + rect.h + gap)
        right = even(rect.x + rect.w) - plate.width
        options = [(x, above), (x, below), (right, above), (right, below), (x, even(rect.y + gap))]
        place, _ = choose(
            [Rect(a, b, plate.width, plate.height) for a, b in options],
            lambda place: taken.hides(place) - place.overlap(rect),
            size,
            marks.inset,
        )
        plate.put(target, place.x, place.y, percent)
        if unread:
            return [place]
        card = self._card_place(rect, place, taken)
        if card is None:
            plate.stack(target, place.x, place.y, shown)
            return [place]
        marks.card.put(target, card.x, card.y, shown)
        return [place, card]

    def _card_place(self, rect: Rect, plate: Rect, taken: Taken) -> Rect | None:
        """Where the chart goes: beside the box, level with it or under the plate.

        None where the face is too small or all places are taken.
        """
        card, gap = self._marks.card, self._marks.gap
        if rect.h < 0.85 * card.height or card.height > 0.6 * self.height:
            return None
        right, left = rect.x + rect.w + gap, rect.x - card.width - gap
        under = plate.y + plate.h + gap
        options = [(right, rect.y), (left, rect.y), (right, under), (left, under)]
        place, hidden = choose(
            [Rect(even(a), even(b), card.width, card.height) for a, b in options],
            lambda place: taken.hides(place) + place.overlap(plate),
            (self.width, self.height),
            self._marks.inset,
        )
        return None if hidden > CARD_MAY_HIDE else place
