from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fer_batch.i420 import planes
from fer_batch.output.draw.sprite import SpriteCanvas, rounded
from fer_batch.output.draw.text import line_height, text_mask, text_width
from fer_batch.output.palette import yuv


def picture(width: int = 40, height: int = 30, value: int = 100) -> np.ndarray:
    return np.full((height * 3 // 2, width), value, dtype=np.uint8)


def opaque(colour: str, opacity: float = 1.0, full_range: bool = False) -> Any:
    canvas = SpriteCanvas(8, 6)
    canvas.layer(np.full((6, 8), 255, dtype=np.uint8), 0, 0, colour, opacity)
    return canvas.sprite(full_range)


def test_planes_are_views() -> None:
    image = picture()
    luma, cb, cr = planes(image)
    assert (luma.shape, cb.shape, cr.shape) == ((30, 40), (15, 20), (15, 20))
    luma[:], cb[:], cr[:] = 1, 2, 3
    assert image.reshape(-1).tolist() == [1] * 1200 + [2] * 300 + [3] * 300


@pytest.mark.parametrize("full_range", [False, True])
def test_an_opaque_sprite_replaces(full_range: bool) -> None:
    image = picture()
    opaque("#DA8E0D", full_range=full_range).put(planes(image), 4, 2)
    luma, cb, cr = planes(image)
    y, u, v = yuv("#DA8E0D", full_range)
    assert (luma[2:8, 4:12] == y).all()
    assert (cb[1:4, 2:6] == u).all()
    assert (cr[1:4, 2:6] == v).all()
    assert (luma == 100).sum() == 40 * 30 - 48
    assert (cb == 100).sum() == 20 * 15 - 12


def test_half_opacity_is_the_mean() -> None:
    image = picture(value=100)
    opaque("#FFFFFF", 0.5).put(planes(image), 0, 0)
    assert abs(int(image[0, 0]) - (235 + 100) / 2) <= 1


@pytest.mark.parametrize("x", [-100, -6, -2, 0, 34, 38, 40, 100])
@pytest.mark.parametrize("y", [-100, -4, 0, 26, 28, 30, 100])
def test_what_lies_outside_is_cut_off(x: int, y: int) -> None:
    image = picture()
    opaque("#FFFFFF").put(planes(image), x, y)
    wide = max(min(x + 8, 40) - max(x, 0), 0)
    high = max(min(y + 6, 30) - max(y, 0), 0)
    luma, cb, cr = planes(image)
    assert (luma != 100).sum() == wide * high
    assert (cb != 100).sum() == (cr != 100).sum() == wide * high // 4


def test_round_corners_are_round() -> None:
    mask = rounded(40, 20, 6, (True, False, True, False))
    assert mask[0, 0] == mask[-1, -1] == 0
    assert mask[0, -1] == mask[-1, 0] == mask[10, 20] == 255
    assert 0 < mask[1, 2] < 255


def test_text_is_drawn_once_and_grows_with_its_size() -> None:
    assert text_mask("happy", 13) is text_mask("happy", 13)
    assert text_width("happy 87%", 26) > 1.8 * text_width("happy 87%", 13)
    for text in ("happy", "87%", "é", "1"):
        mask = text_mask(text, 13, True)
        assert mask.shape == (line_height(13), text_width(text, 13, True))
        assert mask.max() > 150
        assert not mask[0].any()
