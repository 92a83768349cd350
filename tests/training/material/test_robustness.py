"""Faces get worse by steps; what is measured of each, and the plot."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from fer_batch.cli.train.robustness import names_of
from fer_batch.demo.portraits import eileen_collins, grace_hopper
from fer_batch.emotion.models import find_model
from fer_batch.training.data.template import DEFAULT_TEMPLATE
from fer_batch.training.material import wear
from fer_batch.training.material.labels import read_material
from fer_batch.training.material.robustness import FIGURES, regions_of

TEMPLATE = np.array(DEFAULT_TEMPLATE, np.float32)
WAYS = ("blur", "size", "jpeg", "h264")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos_of_tests")
    cv2.imwrite(str(folder / "a.png"), eileen_collins().image)
    cv2.imwrite(str(folder / "b.png"), grace_hopper().image)
    cv2.imwrite(str(folder / "wall.png"), np.full((90, 90, 3), 90, np.uint8))
    table = "file,label\na.png,happy\nb.png,neutral\nwall.png,sad\n"
    (folder / "labels.csv").write_text(table)
    return folder


@pytest.fixture(scope="module")
def regions(photos: Path) -> np.ndarray:
    found, labels = regions_of(read_material(photos))
    assert labels == ["happy", "neutral"] and found.shape == (2, wear.SIDE, wear.SIDE)
    return found


def test_an_unworn_face_is_the_crop_that_the_pipeline_makes(regions: np.ndarray) -> None:
    """Of a region as of any frame: the same face, at half the region's size."""
    (plain,) = [s for s in wear.steps() if s.way == "size" and s.strength == wear.FACE]
    crops = wear.worn(regions, plain, TEMPLATE)
    middle = regions[:, wear.SIDE // 4 : 3 * wear.SIDE // 4, wear.SIDE // 4 : 3 * wear.SIDE // 4]
    halved = np.stack([cv2.resize(m, (48, 48), interpolation=cv2.INTER_AREA) for m in middle])
    assert np.abs(crops.astype(int) - halved).mean() < 2


@pytest.mark.parametrize("way", WAYS)
def test_each_step_takes_a_face_further_away(regions: np.ndarray, way: str) -> None:
    steps = [step for step in wear.steps() if step.way == way]
    (plain,) = [s for s in wear.steps() if s.way == "size" and s.strength == wear.FACE]
    before = wear.worn(regions, plain, TEMPLATE).astype(int)
    away = [np.abs(wear.worn(regions, step, TEMPLATE) - before).mean() for step in steps]
    assert len(steps) >= 5
    # Two steps on at the latest: between two sizes the grid of pixels may happen to fit.
    assert all(near <= far for near, far in zip(away, away[2:], strict=False)), away
    assert away[-1] > 2 * away[0] or away[0] == 0
    assert away[-1] < 40


def test_a_film_of_faces_comes_back_in_order() -> None:
    faces = np.stack([np.full((64, 64), level, np.uint8) for level in (10, 200, 90, 40)])
    back = wear.through_h264(faces, {"crf": "10", "preset": "ultrafast"})
    assert np.abs(back.astype(int) - faces).max() <= 3


def test_the_command_measures_every_step_of_every_model(
    photos: Path, commands: object, tmp_path: Path
) -> None:
    out = tmp_path / "plot.png"
    command = ["robustness", str(photos), "-m", "ferplus3-int8", "-m", "fer3-int8", "-o", str(out)]
    done = CliRunner().invoke(commands, [*command, "--json"])  # type: ignore[arg-type]
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert set(rows) == {"ferplus3-int8", "fer3-int8"}
    for model in rows.values():
        wanted = [(step.way, step.strength) for step in wear.steps()]
        assert [(row["way"], row["strength"]) for row in model] == wanted
        mild = next(row for row in model if row["way"] == "size")
        # One happy and one neutral face; nobody is sad.
        assert mild["auc_happy_neutral"] == 1.0 and mild["auc_sad_neutral"] is None
    assert next(row for row in rows["ferplus3-int8"] if row["way"] == "size")["accuracy"] == 1.0
    assert cv2.imread(str(out)).shape[1] > 1000


def test_the_command_prints_a_line_for_each_step(photos: Path, commands: object) -> None:
    done = CliRunner().invoke(commands, ["robustness", str(photos), "-m", "ferplus3-int8"])  # type: ignore[arg-type]
    assert done.exit_code == 0, done.output
    header, *lines = done.stdout.splitlines()
    assert header.split() == ["model", "way", "strength", *FIGURES]
    rows = [line.split() for line in lines]
    assert [row[:3] for row in rows] == [
        ["ferplus3-int8", step.way, f"{step.strength:g}"] for step in wear.steps()
    ]
    # Nobody is sad, which is a hole in the table and not a nought.
    assert all(row[-2:] == ["-", "1.000"] for row in rows if row[1:3] == ["size", "96"])
    assert len({len(line) for line in (header, *lines)}) == 1


def test_models_of_one_name_are_told_apart_in_the_plot(tmp_path: Path) -> None:
    card = find_model("ferplus3-int8")
    copies = [replace(card, path=tmp_path / folder / "card.json") for folder in ("old", "new")]
    assert names_of(copies) == [f"{card.name} (old)", f"{card.name} (new)"]
    assert names_of([card]) == [card.name]
