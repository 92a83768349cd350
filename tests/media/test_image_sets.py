"""Photos are described from the frames of a film, and in doubt are photos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import Limits
from fer_batch.media.image_sets import counts_up, described, photos_or_frames
from fer_batch.types import Image

LIMITS = Limits()


def scene(shift: float, seed: int = 1) -> Image:
    """A soft pattern that moves to the right by ``shift`` pixels of 96."""
    noise = np.random.default_rng(seed).integers(0, 255, (6, 8)).astype(np.float32)
    large = cv2.resize(noise, (96, 72), interpolation=cv2.INTER_CUBIC)
    moved = cv2.warpAffine(
        large, np.float32([[1, 0, shift], [0, 1, 0]]), (96, 72), borderMode=cv2.BORDER_WRAP
    )
    return np.clip(moved, 0, 255).astype(np.uint8)


def write(folder: Path, pictures: list[Image], name: Callable[[int], str]) -> list[Path]:
    folder.mkdir()
    paths = [folder / name(i) for i in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        done, data = cv2.imencode(path.suffix, picture)
        assert done
        path.write_bytes(data.tobytes())
    return paths


def numbered(i: int) -> str:
    return f"frame_{i:04d}.png"


def test_frames_of_a_moving_scene_are_frames(tmp_path: Path) -> None:
    paths = write(tmp_path / "film", [scene(i * 0.4) for i in range(40)], numbered)
    assert photos_or_frames(paths, LIMITS) == "frames"


def test_frames_of_a_still_scene_are_frames(tmp_path: Path) -> None:
    paths = write(tmp_path / "film", [scene(0)] * 8, numbered)
    assert photos_or_frames(paths, LIMITS) == "frames"


def test_a_film_with_cuts_and_lost_frames_is_a_film(tmp_path: Path) -> None:
    pictures = [scene(i % 20 * 0.4, seed=i // 20) for i in range(60)]
    paths = write(tmp_path / "film", pictures, lambda i: numbered(i + (i > 33)))
    assert photos_or_frames(paths, LIMITS) == "frames"


@pytest.mark.parametrize(
    "pictures",
    [
        pytest.param([scene(0, seed) for seed in range(12)], id="unlike"),
        pytest.param([scene(40 * (i % 2)) for i in range(9)], id="two by turns"),
        pytest.param([scene(i) for i in range(4)], id="few"),
        pytest.param([scene(i)[: 72 - i % 2] for i in range(12)], id="sizes differ"),
    ],
)
def test_photos_are_photos(pictures: list[Image], tmp_path: Path) -> None:
    assert photos_or_frames(write(tmp_path / "a", pictures, numbered), LIMITS) == "photos"


def test_names_that_do_not_count_are_photos(tmp_path: Path) -> None:
    names = ["anna", "ben", "carla", "dora", "emil", "fritz", "gerda"]
    paths = write(tmp_path / "a", [scene(0)] * 7, lambda i: f"{names[i]}.png")
    assert photos_or_frames(paths, LIMITS) == "photos"


@pytest.mark.parametrize("count", [8, 12, 40])
def test_a_film_of_which_a_picture_is_damaged_is_still_a_film(count: int, tmp_path: Path) -> None:
    """Whichever it is: for one bad copy nobody would be followed through all the others."""
    paths = write(tmp_path / "a", [scene(i * 0.4) for i in range(count)], numbered)
    for path in paths:
        whole = path.read_bytes()
        for damaged in (b"no image", whole[: len(whole) // 3], b""):
            path.write_bytes(damaged)
            assert photos_or_frames(paths, LIMITS) == "frames"
        path.write_bytes(whole)


def test_photos_of_which_one_is_damaged_are_photos(tmp_path: Path) -> None:
    paths = write(tmp_path / "a", [scene(0, seed) for seed in range(12)], numbered)
    for path in paths:
        whole = path.read_bytes()
        path.write_bytes(b"no image")
        assert photos_or_frames(paths, LIMITS) == "photos"
        path.write_bytes(whole)


@pytest.mark.parametrize("damaged", [range(0, 12, 2), range(12)], ids=["each second", "all"])
def test_where_too_few_can_be_read_they_are_photos(damaged: range, tmp_path: Path) -> None:
    paths = write(tmp_path / "a", [scene(0)] * 12, numbered)
    for place in damaged:
        paths[place].write_bytes(b"no image")
    assert photos_or_frames(paths, LIMITS) == "photos"


@given(st.integers(0, 10**6), st.integers(1, 50), st.integers(2, 30), st.integers(0, 6))
def test_numbers_in_equal_steps_count_up(start: int, step: int, count: int, width: int) -> None:
    names = [f"shot {start + i * step:0{width}d} b.JPG" for i in range(count)]
    assert counts_up(names)
    assert not counts_up(names[::-1])
    assert not counts_up([*names, "shot 1 c.jpg"])
    assert not counts_up([*names[:-1], names[-1].replace("JPG", "png")])


@pytest.mark.parametrize(
    "form",
    ["take2_{:03d}_1080p.png", "{}-of-40.jpg", "2024-05-01 {:02} b.1.bmp", "17145504{:05}.png"],
)
def test_the_number_that_counts_need_not_be_the_last(form: str) -> None:
    assert counts_up([form.format(i) for i in range(1, 30)])
    assert counts_up([form.format(i) for i in range(1, 30) if i != 7])


@pytest.mark.parametrize("form", ["{0}_{0}.png", "cam{1}_{0}.png", "a{2}{0}.png"])
def test_names_of_which_more_changes_do_not_count(form: str) -> None:
    assert not counts_up([form.format(i, i % 2, "bc"[i % 2]) for i in range(1, 30)])


def test_dates_in_names_do_not_count(tmp_path: Path) -> None:
    assert not counts_up([f"IMG_20240{m}{d}_1201.jpg" for m in (1, 5, 7) for d in (11, 13, 28)])


def test_one_line_says_what_they_are_and_how_to_say_otherwise() -> None:
    assert described("photos", 3, "a") == (
        "a: 3 images are taken as photos, each by itself; "
        "if they are frames of a film, say --images frames"
    )
    assert "--images photos" in described("frames", 3, "a")
