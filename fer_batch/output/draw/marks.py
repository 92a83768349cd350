"""The drawn parts of the overlay, sized for one picture and rasterised once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.i420 import BT601, Planes
from fer_batch.output import palette
from fer_batch.output.draw.boxes import Boxes
from fer_batch.output.draw.layout import even
from fer_batch.output.draw.sprite import Sprite, SpriteCanvas, rounded
from fer_batch.output.draw.text import line_height, text_mask, text_width
from fer_batch.types import UNSURE

if TYPE_CHECKING:
    from fer_batch.types import FloatArray

MAX_PLATES = 2048  # more than a crowd has faces and labels: else all are made anew in each frame
MAX_RESTS = 128  # labels, each after ends of some widths
PLATE_OPACITY = 0.78
UNREAD = "?"  # stands for the label of a face that cannot be read
EXTRA_NAMES = (UNSURE, "other", UNREAD)
LONGEST_NAME = 14  # letters of a person's name on a plate


def shortened(who: str) -> str:
    """A person's name as it stands on a plate: a long one ends in an ellipsis."""
    return who if len(who) <= LONGEST_NAME else who[: LONGEST_NAME - 1].rstrip() + "…"


class Plate:
    """The sign of one face: id or name in the emotion's colour, emotion, room for a percentage."""

    def __init__(self, marks: Marks, sprite: Sprite, percent_x: int | None) -> None:
        self.width, self.height = sprite.width, sprite.height
        self._marks, self._sprite, self._percent_x = marks, sprite, percent_x

    def put(self, target: Planes, x: int, y: int, percent: int) -> None:
        """Draw at even ``x, y``; ``percent`` from 0 to 100, left out on small plates."""
        self._sprite.put(target, x, y)
        if self._percent_x is not None:
            self._marks.percent(percent).put(target, x + self._percent_x, y)

    def stack(self, target: Planes, x: int, y: int, shown: FloatArray) -> None:
        """All probabilities as one bar along the lower edge, in place of a chart."""
        height = max(2, even(self._marks.line * 0.75))
        widths, begin, end = [], x, float(x)
        for p in shown.tolist():
            end += p * self.width
            widths.append((even(end) - begin) // 2)
            begin = even(end)
        # All colours in one row for each plane, which is laid over the rows of the bar.
        row = np.repeat(self._marks.tint_columns, widths, axis=1)
        row = row[:, : target.cb.shape[1] - x // 2]
        top, bottom, right = y + self.height - height, y + self.height, x // 2 + row.shape[1]
        target.luma[top:bottom, x : 2 * right] = np.repeat(row[0], 2)
        target.cb[top // 2 : bottom // 2, x // 2 : right] = row[1]
        target.cr[top // 2 : bottom // 2, x // 2 : right] = row[2]


class Card:
    """A bar for each label shown, with its name."""

    def __init__(self, marks: Marks, space: tuple[bool, int]) -> None:
        self._tints = marks.tints
        size, gap = marks.small_text, marks.gap
        self._row = even(line_height(size) * 1.06)
        pad = max(2, even(size * 0.45))
        names = max(text_width(name, size) for name in marks.labels)
        self._bar_x, self._bar_w = even(pad + names + gap + 2), even(size * 4.2)
        self._bar_h = max(4, even(size * 0.42))
        self._top = pad + (self._row - self._bar_h) // 2 // 2 * 2
        canvas = SpriteCanvas(
            self._bar_x + self._bar_w + pad, 2 * pad + self._row * len(marks.labels)
        )
        ground = rounded(canvas.width, canvas.height, size * 0.4)
        canvas.layer(ground, 0, 0, palette.DARK, PLATE_OPACITY)
        track = np.full((self._bar_h, self._bar_w), 255, dtype=np.uint8)
        for i, name in enumerate(marks.labels):
            mask = text_mask(name, size)
            y = pad + i * self._row
            canvas.layer(mask, pad, y + (self._row - mask.shape[0]) // 2, palette.LIGHT, 0.92)
            canvas.layer(track, self._bar_x, self._top + i * self._row, palette.LIGHT, 0.16)
        self._sprite = canvas.sprite(*space)
        self.width, self.height = canvas.width, canvas.height

    def put(self, target: Planes, x: int, y: int, shown: FloatArray) -> None:
        """Draw at even ``x, y`` inside the picture with ``shown float32[labels]`` from 0 to 1."""
        self._sprite.put(target, x, y)
        left, top = x + self._bar_x, y + self._top
        for i, (tint, p) in enumerate(zip(self._tints, shown.tolist(), strict=True)):
            right = left + round(p * self._bar_w)
            fill(target, left, top + i * self._row, right, self._bar_h, tint)


class Marks:
    """Sizes, colours and sprites for pictures of ``width`` x ``height``."""

    def __init__(
        self,
        labels: tuple[str, ...],
        width: int,
        height: int,
        full_range: bool = False,
        matrix: int = BT601,
    ) -> None:
        short = min(width, height)
        self.labels, self._space = labels, (full_range, matrix)
        self.text = max(11, round(0.0215 * short + 4.8))
        self.small_text = max(10, round(self.text * 0.86))
        self.line = max(2, even(short / 190))
        self.gap = max(2, even(self.text * 0.3))
        self.inset = max(2, even(short / 120))
        self.black = 0 if full_range else 16
        self.boxes = Boxes(self.line, self.black + 14)
        every = palette.colours(labels)
        self._colours = every | dict.fromkeys(EXTRA_NAMES, palette.UNSURE)
        self._tints = {k: palette.yuv(v, *self._space) for k, v in self._colours.items()}
        self.tints = [self._tints[name] for name in labels]
        self.tint_columns = np.array(self.tints, np.uint8).T
        self._percents: dict[int, Sprite] = {}
        self._rests = lru_cache(MAX_RESTS)(self._rest)
        # The sign for a person, a number or a name, showing an emotion, kept for the next time.
        self.plate = lru_cache(MAX_PLATES)(self._plate)
        self.card = Card(self, self._space)
        longest = max(text_width(name, self.text, True) for name in labels)
        self.small_below = (longest + 5 * self.text) * 0.5

    def tint(self, name: str) -> tuple[int, int, int]:
        """Y, Cb, Cr of a label's colour."""
        return self._tints.get(name) or palette.yuv(palette.UNSURE, *self._space)

    def _plate(self, who: str, name: str, small: bool) -> Plate:
        """A coloured end with who it is; what is the same on all plates of this label after it."""
        size = self.small_text if small else self.text
        pad, colour = self._pad(size), self._colours.get(name, palette.UNSURE)
        number = text_mask(shortened(who), size, True)
        chip = max(number.shape[1] + 2 * pad, self._plate_height(size))
        rest, percent_x = self._rests(name, small, chip)
        canvas = SpriteCanvas(chip, rest.height)
        radius = size * 0.4
        canvas.layer(rounded(rest.width, rest.height, radius), 0, 0, palette.DARK, PLATE_OPACITY)
        end = rounded(chip, rest.height, radius, (True, False, False, True))
        canvas.layer(end, 0, 0, colour)
        ink = palette.DARK if palette.yuv(colour, True)[0] > 150 else palette.LIGHT
        top = (canvas.height - number.shape[0]) // 2
        canvas.layer(number, (chip - number.shape[1]) // 2, top, ink)
        whole = canvas.sprite(*self._space).beside(rest)
        return Plate(self, whole, None if small else percent_x)

    def _rest(self, name: str, small: bool, chip: int) -> tuple[Sprite, int]:
        """A plate with its label but without its end, whose width ``chip`` is left free, and where
        the percentage stands."""
        size = self.small_text if small else self.text
        pad, word = self._pad(size), text_mask(name, size, True)
        percent_x = even(chip + pad + word.shape[1] + pad * 0.9)
        width = percent_x + even(text_width("100%", size) + pad * 0.5)
        if small:
            width = chip + pad + word.shape[1] + pad
        canvas = SpriteCanvas(width, self._plate_height(size))
        body = rounded(canvas.width, canvas.height, size * 0.4)
        canvas.layer(body, 0, 0, palette.DARK, PLATE_OPACITY)
        canvas.layer(word, chip + pad, (canvas.height - word.shape[0]) // 2, palette.LIGHT)
        return canvas.sprite(*self._space), percent_x

    @staticmethod
    def _pad(size: int) -> int:
        return max(3, round(size * 0.45))

    @staticmethod
    def _plate_height(size: int) -> int:
        return even(line_height(size) * 1.18)

    def percent(self, value: int) -> Sprite:
        """``value`` with a percent sign, for the room that a plate leaves for it."""
        if value not in self._percents:
            mask = text_mask(f"{value}%", self.text)
            room = text_width("100%", self.text)
            height = self._plate_height(self.text)
            canvas = SpriteCanvas(room, height)
            top = (canvas.height - mask.shape[0]) // 2
            canvas.layer(mask, 0, top, palette.MUTED)
            self._percents[value] = canvas.sprite(*self._space)
        return self._percents[value]

    def notice(self, text: str) -> Sprite:
        """A line of text on a dark plate."""
        mask = text_mask(text, self.text, True)
        pad = self.text
        canvas = SpriteCanvas(mask.shape[1] + 2 * pad, mask.shape[0] + pad)
        ground = rounded(canvas.width, canvas.height, self.text * 0.5)
        canvas.layer(ground, 0, 0, palette.DARK, 0.85)
        canvas.layer(mask, pad, (canvas.height - mask.shape[0]) // 2, palette.LIGHT)
        return canvas.sprite(*self._space)


def fill(
    target: Planes, left: int, top: int, right: int, height: int, tint: tuple[int, int, int]
) -> None:
    """A plain rectangle; ``left`` and ``top`` even. Chroma covers half-filled samples too."""
    if right <= left:
        return
    target.luma[top : top + height, left:right] = tint[0]
    place = slice(top // 2, (top + height) // 2), slice(left // 2, (right + 1) // 2)
    target.cb[place] = tint[1]
    target.cr[place] = tint[2]
