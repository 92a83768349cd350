"""``fer-batch evaluate FOLDER`` against what ``fer-batch run`` writes, scored elsewhere."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from fer_batch.demo.expression import express
from fer_batch.demo.portraits import eileen_collins, grace_hopper
from fer_batch.errors import UsageError
from tests.end_to_end.conftest import fer_batch

ROOT = Path(__file__).parents[3]
WILD = ROOT.parent / "shared" / "cases" / "wild.py"
HALF_A_DIGIT = 0.5e-6  # probabilities in tables have six
THREE = ("happy", "sad", "neutral")
SMILES = (-1.5, -0.7, 0.0, 0.7, 1.2)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two portraits with five mouths each, some labelled otherwise than they look, so that every
    figure has something to count; a photo of nobody, one that is damaged, one of another label."""
    folder = tmp_path_factory.mktemp("photos_of_tests")
    (folder / "images").mkdir()
    rows = []
    for person, portrait in (("collins", eileen_collins()), ("hopper", grace_hopper())):
        for number, smile in enumerate(SMILES):
            name = f"{person}{number}.png"
            cv2.imwrite(str(folder / "images" / name), express(portrait, smile))
            label = "sad" if smile < -1 else "neutral" if smile <= 0 else "happy"
            rows.append((name, label, person))
    # Two faces: the larger one counts.
    large = np.hstack([express(grace_hopper(), 0), cv2.resize(eileen_collins().image, (300, 600))])
    cv2.imwrite(str(folder / "images" / "two.png"), large)
    cv2.imwrite(str(folder / "images" / "wall.png"), np.full((200, 200, 3), 90, np.uint8))
    (folder / "images" / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    cv2.imwrite(str(folder / "images" / "cross.png"), grace_hopper().image)
    rows += [("two.png", "neutral", "hopper"), ("wall.png", "sad", "nobody")]
    rows += [("damaged.png", "happy", "nobody"), ("cross.png", "angry", "hopper")]
    pd.DataFrame(rows, columns=["file", "label", "person"]).to_csv(
        folder / "labels.csv", index=False
    )
    return folder


@pytest.mark.parametrize(
    ("model", "floor", "said"),
    [
        ("ferplus3-int8", "bored=0.5", "'bored=0.5' is not as in"),
        ("ferplus3-int8", "sad=2", "'sad=2' is not as in"),
        ("fer7", "sad=0.5", "is for models of three labels, this one has 7"),
        ("ferplus3-int8", "sad=0.5", "no photo has the label sad"),
    ],
)
def test_a_floor_is_checked_before_anything_is_analysed(
    model: str, floor: str, said: str, tmp_path: Path, commands: object
) -> None:
    (tmp_path / "images").mkdir()
    rows = [("a.png", "happy"), ("b.png", "neutral")]
    for name, _ in rows:  # damaged: an analysis would say so
        (tmp_path / "images" / name).write_bytes(b"\x89PNG\r\n\x1a\n broken")
    pd.DataFrame(rows, columns=["file", "label"]).to_csv(tmp_path / "labels.csv", index=False)
    given = ["evaluate", model, str(tmp_path), "--floor", floor]
    done = CliRunner().invoke(commands, given)  # type: ignore[arg-type]
    assert isinstance(done.exception, UsageError)
    assert f"--floor: {said}" in str(done.exception)


@pytest.fixture(scope="module")
def result(photos: Path, commands: object) -> dict[str, Any]:
    done = CliRunner().invoke(commands, ["evaluate", str(photos), "--by", "person", "--json"])  # type: ignore[arg-type]
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def table(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``timeline.csv`` of each photo that can be read, as run by a user, raw values, joined."""
    out = tmp_path_factory.mktemp("run") / "out"
    readable = [p for p in sorted((photos / "images").iterdir()) if p.stem != "damaged"]
    done = fer_batch("run", *map(str, readable), "-o", str(out), "--outputs", "csv")
    assert done.returncode == 0, done.stderr
    rows = pd.concat([pd.read_csv(file) for file in out.glob("*/timeline.csv")])
    for label in THREE:
        rows[label] = rows[f"{label}_raw"]
    rows.to_csv(out / "joined.csv", index=False)
    return out / "joined.csv"


def independent(labels: pd.DataFrame, path: Path) -> dict[str, Any]:
    """The same figures, written from their definitions."""
    rows = pd.read_csv(path).query("status == 'ok'")
    rows = rows.assign(area=rows.w * rows.h).sort_values("area").groupby("file").tail(1)
    both = labels.merge(rows, on="file", how="left")
    seen = both[both.emotion.notna() & both.label.isin(THREE)]
    named = seen[list(THREE)].idxmax(axis=1)
    recall = {k: (named[seen.label == k] == k).mean() for k in THREE}
    told: dict[str, Any] = {
        "found": both.emotion.notna().mean(),
        "n": len(seen),
        "accuracy": (named == seen.label).mean(),
        "balanced": np.mean(list(recall.values())),
        "recall": recall,
    }
    score: Any = np.log(seen[list(THREE)] + 1e-6)
    for k in ("sad", "happy"):
        pairs = [
            score.at[i, k] - score.at[i, "neutral"] > score.at[j, k] - score.at[j, "neutral"]
            for i in seen.index[seen.label == k]
            for j in seen.index[seen.label == "neutral"]
        ]
        told[f"auc_{k}_neutral"] = np.mean(pairs)
    return told


def by_wild(labels: pd.DataFrame, path: Path) -> dict[str, Any]:
    """By the program that lies beside the checkout, where it does."""
    if not WILD.is_file():
        pytest.skip("shared/cases/wild.py is not there")
    spec = importlib.util.spec_from_file_location("wild", WILD)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.measure(labels, path)  # type: ignore[no-any-return]


@pytest.mark.parametrize("program", [independent, by_wild])
def test_figures_equal_those_of_another_program(
    photos: Path, result: dict[str, Any], table: Path, program: Any, tmp_path: Path
) -> None:
    def moved(way: int) -> Path:
        """The table with what rounding its probabilities may have taken from the AUCs, or added."""
        rows = pd.read_csv(table)
        labels = rows.file.map(
            dict(pd.read_csv(photos / "labels.csv")[["file", "label"]].to_numpy())
        )
        for label in THREE:
            other = "neutral" if label != "neutral" else "sad"
            sign = (labels == label).astype(int) - (labels == other)
            if label == "neutral":
                sign -= labels == "happy"
            rows[label] = (rows[label] + way * HALF_A_DIGIT * sign).clip(0, 1)
        rows.to_csv(tmp_path / f"moved {way}.csv", index=False)
        return tmp_path / f"moved {way}.csv"

    wanted = program(pd.read_csv(photos / "labels.csv"), table)
    assert result["n"] == wanted["n"] == 11
    assert result["found"] == pytest.approx(wanted["found"]) == pytest.approx(12 / 14)
    assert result["accuracy"] == pytest.approx(wanted["accuracy"])
    assert result["mean_recall"] == pytest.approx(wanted["balanced"])
    assert result["recall"] == pytest.approx(wanted["recall"])
    lowest, highest = (program(pd.read_csv(photos / "labels.csv"), moved(way)) for way in (-1, 1))
    for name in ("auc_sad_neutral", "auc_happy_neutral"):
        assert lowest[name] - 1e-6 <= result[name] <= highest[name] + 1e-6, name
        assert lowest[name] <= wanted[name] <= highest[name] <= lowest[name] + 0.3
    # The case is not an empty one: something is right, something wrong.
    assert 0.2 < result["accuracy"] < 1 and np.sum(result["confusion"]) == 11


def test_what_does_not_count_is_told(result: dict[str, Any]) -> None:
    assert result["photos"] == 14 and result["left_out"] == {"angry": 1}
    assert len(result["unreadable"]) == 1 and "damaged.png" in result["unreadable"][0]
    assert result["model"] == "ferplus3-int8" and result["labels"] == list(THREE)


def test_groups_and_intervals(result: dict[str, Any]) -> None:
    groups = result["by"]["person"]
    assert {name: (g["photos"], g["n"]) for name, g in groups.items()} == {
        "hopper": (7, 6),
        "collins": (5, 5),
        "nobody": (2, 0),
    }
    right = sum(g["accuracy"] * g["n"] for g in groups.values() if g["n"])
    assert right == pytest.approx(result["accuracy"] * result["n"])
    low, high = result["intervals"]["accuracy"]
    assert 0 <= low <= result["accuracy"] <= high <= 1
    assert groups["nobody"]["found"] == 0.0 and "accuracy" not in groups["nobody"]


def test_text_pictures_and_the_table_of_photos(
    photos: Path, commands: object, tmp_path: Path, result: dict[str, Any]
) -> None:
    out = tmp_path / "pictures"
    command = ["evaluate", "ferplus8-int8", str(photos), "--by", "person", "--pictures", str(out)]
    done = CliRunner().invoke(commands, command)  # type: ignore[arg-type]
    assert done.exit_code == 0, done.output
    assert "ferplus8-int8 on" in done.stdout and "95% interval" in done.stdout
    assert "happy, sad and neutral alone" in done.stdout and "collins" in done.stdout
    for name in ("confusion_matrix", "reliability", "mistakes"):
        assert cv2.imread(str(out / f"{name}.png")) is not None
    rows = pd.read_csv(out / "photos.csv")
    assert rows.file[0] == "images/collins0.png" and len(rows) == 14
    unseen = rows[rows.emotion.isna()].file.tolist()
    assert unseen == ["images/wall.png", "images/damaged.png"]
    (two,) = rows[rows.file == "images/two.png"].itertuples()
    assert two.x < 400


def test_wrong_usage_is_one_line(photos: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ([str(tmp_path)], "has no labels.csv"),
        ([str(tmp_path / "nothing")], "is not a folder of photos"),
        ([str(photos), "--by", "gender"], "--by gender: the table has person"),
        (["ferplus3", str(tmp_path), "--by", "person"], "has no labels.csv"),
        (["nobody", str(photos)], "unknown model 'nobody'"),
    ):
        done = fer_batch("evaluate", *arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert words in done.stderr and "Traceback" not in done.stderr


def test_figures_stand_below_each_other_however_long_their_names(
    photos: Path, commands: object, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(photos, own)
    table = own / "labels.csv"
    table.write_text(table.read_text().replace("angry", "surprise"))
    done = CliRunner().invoke(commands, ["evaluate", "ferplus8-int8", str(own)])  # type: ignore[arg-type]
    assert done.exit_code == 0, done.output
    named = ("accuracy", "recall ", "AUC ", "calibration")
    lines = [line for line in done.stdout.splitlines() if line.startswith(named)]
    assert [line for line in lines if "AUC surprise against neutral" in line]
    assert len({line.index(".") for line in lines}) == 1
