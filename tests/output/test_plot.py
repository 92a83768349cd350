from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from fer_batch.output import plot
from fer_batch.output.draw.canvas import Canvas
from fer_batch.output.palette import EMOTION_COLOURS, rgb
from fer_batch.output.plot import write_plot
from fer_batch.output.plot_panel import clock, photo_ticks, reduce_curve, ticks
from fer_batch.output.write import Facts
from fer_batch.types import Timeline
from tests.output.timelines import timeline, timelines


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))


def count(picture: np.ndarray, colour: str) -> int:
    return int((picture == rgb(colour)).all(axis=2).sum())


def test_each_person_has_a_panel(tmp_path: Path) -> None:
    heights = []
    for people in (1, 2, 3):
        write_plot(timeline(*["hhsshh"] * people), tmp_path / "t.png")
        heights.append(pixels(tmp_path / "t.png").shape[0])
    steps = np.diff(heights)
    assert steps.min() > 100
    assert abs(steps[0] - steps[1]) <= 1  # whole pixels


def test_the_main_person_comes_first(tmp_path: Path) -> None:
    made = timeline("hhhhhh", "nnnnnn")
    for main, first, other in ((-1, "happy", "neutral"), (2, "neutral", "happy")):
        write_plot(replace(made, main=main), tmp_path / "t.png")
        panel = pixels(tmp_path / "t.png")[plot.TOP : plot.TOP + plot.PANEL]
        assert count(panel, EMOTION_COLOURS[first]) > 2 * count(panel, EMOTION_COLOURS[other])


def test_people_beyond_a_dozen_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plot, "MAX_PEOPLE", 2)
    for people, name in ((2, "a.png"), (5, "b.png")):
        write_plot(timeline(*["hhsshh"] * people), tmp_path / name)
    a, b = (pixels(tmp_path / name) for name in ("a.png", "b.png"))
    assert a.shape == b.shape
    assert (a[:100] != b[:100]).any()  # it says how many are left out


def test_colours_are_those_of_the_palette(tmp_path: Path) -> None:
    write_plot(timeline("h" * 50 + "s" * 10), tmp_path / "t.png")
    picture = pixels(tmp_path / "t.png")
    happy, sad = (count(picture, EMOTION_COLOURS[label]) for label in ("happy", "sad"))
    assert happy > 2 * sad > 0


def test_decode_errors_and_absence_show(tmp_path: Path) -> None:
    for name, made in {
        "whole.png": timeline("h" * 40),
        "gap.png": timeline("h" * 20 + "." * 10 + "h" * 10),
        "error.png": timeline("h" * 20 + "." * 10 + "h" * 10, status="." * 20 + "x" * 10),
    }.items():
        write_plot(made, tmp_path / name)
    whole, gap, error = (count(pixels(tmp_path / f"{n}.png"), "#F3F4F6")
                         for n in ("whole", "gap", "error"))  # fmt: skip
    assert gap > whole + 1000
    assert error < gap


@pytest.mark.parametrize(
    "name", ["", "$x_1^{$", "a" * 500, "<script>\n\t\x07", "смех 笑 😂", "a\udcff"]
)
@pytest.mark.filterwarnings("ignore:Glyph")
def test_any_name_can_be_drawn(tmp_path: Path, name: str) -> None:
    write_plot(timeline("hs", name=name), tmp_path / "t.png")
    assert pixels(tmp_path / "t.png").shape[1] == 1210


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(timelines())
def test_any_timeline_can_be_drawn(tmp_path: Path, made: Timeline) -> None:
    write_plot(made, tmp_path / "t.png")
    assert pixels(tmp_path / "t.png").shape[1] == 1210


def test_long_curves_are_averaged_and_keep_their_gaps() -> None:
    made = timeline("h" * 4000 + "." * 1000 + "s" * 5000)
    time, values = reduce_curve(made, np.arange(len(made.frame)), 1000.0, points=100)
    assert len(time) <= 102
    assert np.isnan(time).sum() == 1
    gap = int(np.flatnonzero(np.isnan(time))[0])
    assert values[:gap, 0] == pytest.approx(0.8)
    assert values[gap + 1 :, 1] == pytest.approx(0.8)
    assert np.nanmax(np.abs(np.nansum(values, axis=1) - 1)[~np.isnan(time)]) < 1e-5


@pytest.mark.parametrize("end", [0.04, 0.5, 1, 4.99, 19.7, 60, 89, 1800, 7200, 86400])
def test_time_axis_has_few_round_marks(end: float) -> None:
    marks = ticks(0.0, end)
    assert 2 <= len(marks) <= 14
    assert marks[0] == 0
    assert marks[-1] <= end + 1e-9
    assert len({clock(mark, end) for mark in marks}) == len(marks)


def test_who_has_a_name_that_cannot_be_set_is_a_number(tmp_path: Path) -> None:
    made = timeline("hhss", "sshh")
    plain, named = tmp_path / "plain.png", tmp_path / "named.png"
    write_plot(made, plain)
    for names in ({1: "山田太郎", 2: "김철수"}, {1: "محمد", 2: "שלום"}):
        write_plot(replace(made, names=names), named)
        assert named.read_bytes() == plain.read_bytes()
    write_plot(replace(made, names={1: "Żaneta"}), named)
    assert named.read_bytes() != plain.read_bytes()


def test_long_names_leave_the_margin_free(tmp_path: Path) -> None:
    made = timeline("hhhssn" * 4, name="W" * 200)
    write_plot(replace(made, names={1: "W" * 60}), tmp_path / "t.png")
    assert (pixels(tmp_path / "t.png")[:100, 1190:] == 255).all()


def test_only_what_was_smoothed_is_called_so(tmp_path: Path) -> None:
    made = timeline("hhhsss")
    smoothed = made.smoothed + np.float32(0.01) * (made.smoothed == made.smoothed.max())
    for name, each in (("raw.png", made), ("smooth.png", replace(made, smoothed=smoothed))):
        write_plot(each, tmp_path / name)
    lines = [pixels(tmp_path / name)[50:70] for name in ("raw.png", "smooth.png")]
    raw, smooth = (np.flatnonzero((line != 255).any(axis=(0, 2)))[-1] for line in lines)
    assert raw < smooth


def test_photos_have_numbers_and_no_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def text(self: Canvas, words: str, *given: object, **more: object) -> int:
        said.append(words)
        return 0

    monkeypatch.setattr(Canvas, "text", text)
    made = timeline("hhss.nhs" * 5, "h..sn", step=0.04)
    write_plot(made, tmp_path / "t.png", Facts(photos=True))
    assert [word for word in said if word.endswith((" s", "seconds"))] == []
    assert [word for word in said if word.isdigit() and word not in ("0", "50")] == [
        str(number) for number in range(5, 40, 5)
    ]
    assert any("number of the photo" in word for word in said)
    said.clear()
    write_plot(made, tmp_path / "t.png")
    assert "1 s" in said and not any("photo" in word for word in said)


def test_marks_of_photos_are_few_and_round() -> None:
    assert photo_ticks(1) == [0] and photo_ticks(3) == [0, 1, 2]
    for count in (13, 14, 40, 999, 12_700):
        marks = photo_ticks(count)
        assert 4 <= len(marks) <= 13 and marks[-1] < count


def test_clock() -> None:
    assert clock(12, 20) == "12 s"
    assert clock(65, 300) == "1:05"
    assert clock(3725, 7200) == "1:02:05"
