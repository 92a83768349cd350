"""The drawing surface of the plot."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fer_batch.output.draw.canvas import Canvas
from fer_batch.output.draw.text import text_width
from fer_batch.output.palette import rgb

RED, BLUE = "#E5484D", "#447DF9"
anywhere = st.floats(-30, 90)


def test_a_rectangle_fills_its_pixels_and_no_other() -> None:
    canvas = Canvas(20, 10)
    canvas.rectangle(3, 2, 5, 4, RED)
    picture = canvas.picture()
    inside = np.zeros((10, 20), bool)
    inside[2:6, 3:8] = True
    assert (picture[inside] == rgb(RED)).all() and (picture[~inside] == 255).all()


def test_a_tint_lets_what_lies_below_shine_through() -> None:
    canvas = Canvas(8, 8)
    canvas.rectangle(0, 0, 8, 8, RED)
    canvas.rectangle(0, 0, 8, 8, BLUE, 0.25)
    expected = 0.75 * np.array(rgb(RED)) + 0.25 * np.array(rgb(BLUE))
    assert np.abs(canvas.picture().astype(float) - expected).max() <= 1


def test_an_area_lies_between_curve_and_base() -> None:
    canvas = Canvas(40, 40)
    points = np.array([[5.0, 10.0], [20.0, 10.0], [35.0, 10.0]])
    canvas.area(points, 30, RED, 0.5)
    tinted = (canvas.picture() != 255).any(axis=2)
    rows, columns = np.flatnonzero(tinted.any(axis=1)), np.flatnonzero(tinted.any(axis=0))
    assert rows[[0, -1]].tolist() == pytest.approx([10, 29], abs=1)
    assert columns[[0, -1]].tolist() == pytest.approx([5, 34], abs=1)


def test_a_curve_is_as_wide_as_asked_and_where_asked() -> None:
    canvas = Canvas(60, 40)
    canvas.curve(np.array([[10.0, 20.0], [50.0, 20.0]]), RED, 3)
    ink = (255 - canvas.picture()[:, 30].astype(float)).sum(axis=1)
    assert (ink * np.arange(0.5, 40)).sum() / ink.sum() == pytest.approx(20, abs=0.3)
    assert ink.sum() / ink.max() == pytest.approx(3, abs=0.9)


@pytest.mark.parametrize("align", ["left", "centre", "right"])
def test_text_stands_where_it_is_put(align: str) -> None:
    canvas = Canvas(200, 40)
    end = canvas.text("HIM", 100, 20, 15, "#000000", align=align)
    ink = np.argwhere((canvas.picture() < 128).all(axis=2))
    width = text_width("HIM", 15)
    start = {"left": 100, "centre": 100 - width / 2, "right": 100 - width}[align]
    assert end == pytest.approx(start + width, abs=1)
    assert start <= ink[:, 1].min() <= start + 3 and end - 3 <= ink[:, 1].max() <= end
    assert (ink[:, 0].min() + ink[:, 0].max()) / 2 == pytest.approx(20, abs=1)


@settings(max_examples=40)
@given(anywhere, anywhere, anywhere, anywhere)
def test_nothing_is_drawn_outside_or_fails_there(x: float, y: float, u: float, v: float) -> None:
    canvas = Canvas(60, 50)
    points = np.array([[min(x, u), y], [max(x, u), v]])
    canvas.rectangle(x, y, abs(u), abs(v), RED, 0.5)
    canvas.area(points, v, BLUE, 0.2)
    canvas.curve(points, RED, 2)
    canvas.text("edge", x, y, 12, BLUE)
    assert canvas.picture().shape == (50, 60, 3)


def test_the_file_is_the_picture() -> None:
    canvas = Canvas(30, 20)
    canvas.rectangle(4, 4, 8, 8, BLUE)
    with Image.open(io.BytesIO(canvas.png())) as file:
        assert file.format == "PNG"
        np.testing.assert_array_equal(np.asarray(file), canvas.picture())
