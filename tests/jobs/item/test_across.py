"""``--identity batch``: one number for one person in all inputs, whatever is added later."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.errors import UnreadableError
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.pipeline.people_file import NAME, read_people, write_people
from fer_batch.types import Image
from tests.footage import videos
from tests.footage.pictures import cover, portraits
from tests.jobs.item.local_runs import CSV, run

ACROSS = AnalyzeSettings(grid=4, identity="batch")
SHOT = 12


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Who is shown one after the other: c for Collins, h for Hopper."""
    folder = tmp_path_factory.mktemp("films_of_tests")
    shown = dict(zip("ch", (cover(picture, 320, 240) for picture in portraits()), strict=True))
    return {word: videos.write(folder / f"{word}.mp4", film(shown, word)) for word in ("ch", "h")}


def film(shown: dict[str, Image], word: str) -> list[Image]:
    return [shown[letter] for letter in word for _ in range(SHOT)]


def specs(films: dict[str, Path], *names: str, keep: bool = False) -> list[ItemSpec]:
    render = RenderSettings(preset="ultrafast", keep_embeddings=keep)
    return [ItemSpec(str(films[n]), n, ACROSS, render, CSV) for n in names]


def persons(out: Path, name: str) -> list[str]:
    """The person of each shot."""
    with (out / name / "timeline.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [{row["person"] for row in rows[i : i + SHOT]} for i in range(0, len(rows), SHOT)]
    assert all(len(each) == 1 for each in found)
    return [each.pop() for each in found]


def test_one_person_has_one_number_and_embeddings_do_not_stay(
    films: dict[str, Path], tmp_path: Path
) -> None:
    results = run(specs(films, "ch", "h"), tmp_path)
    assert [r.state for r in results] == ["done", "done"]
    assert (persons(tmp_path, "ch"), persons(tmp_path, "h")) == (["1", "2"], ["2"])
    left = [p.name for p in tmp_path.rglob("*") if p.is_file()]
    assert not any("people" in name for name in left)


def test_an_input_that_is_added_renames_nobody(films: dict[str, Path], tmp_path: Path) -> None:
    run(specs(films, "h", keep=True), tmp_path)
    assert persons(tmp_path, "h") == ["1"]
    kept = read_people(tmp_path / "h" / NAME)
    assert list(kept.embedding) == [1] and kept.person == {1: 1}
    # Sorted before it, so that it would be numbered first.
    results = run(specs(films, "ch", "h", keep=True), tmp_path, "resume")
    assert all(r.state in ("done", "reused") for r in results)
    assert (persons(tmp_path, "ch"), persons(tmp_path, "h")) == (["2", "1"], ["1"])


def test_replaced_results_rename_nobody(films: dict[str, Path], tmp_path: Path) -> None:
    """Also where nothing was kept that people are recognised by."""
    run(specs(films, "h"), tmp_path)
    run(specs(films, "ch"), tmp_path)
    before = persons(tmp_path, "h"), persons(tmp_path, "ch")
    for again in (("ch",), ("h",), ("ch", "h")):
        results = run(specs(films, *again), tmp_path, "overwrite")
        assert all(r.state == "done" for r in results)
        assert (persons(tmp_path, "h"), persons(tmp_path, "ch")) == before


def test_embeddings_are_stored_checked(tmp_path: Path) -> None:
    path = tmp_path / "people.npz"
    points = {3: np.arange(128, dtype=np.float32), 1: np.ones(128, np.float32)}
    write_people(path, points, {3: 7})
    found = read_people(path)
    assert list(found.embedding) == [1, 3] and found.person == {3: 7}
    assert np.array_equal(found.embedding[3], points[3][None])
    several = {2: np.arange(384, dtype=np.float32).reshape(3, 128), 5: np.ones((1, 128))}
    write_people(path, several, {2: 1, 5: 9})
    found = read_people(path)
    assert found.person == {2: 1, 5: 9}
    assert [np.array_equal(found.embedding[n], several[n]) for n in (2, 5)] == [True, True]
    write_people(path, {})
    assert read_people(path) == ({}, {})
    write_people(path, {1: np.full(128, np.nan, np.float32)})
    with pytest.raises(UnreadableError, match="another shape"):
        read_people(path)
    path.write_bytes(b"no such thing")
    with pytest.raises(UnreadableError, match="damaged"):
        read_people(path)


def test_who_does_not_ask_is_left_alone(films: dict[str, Path], tmp_path: Path) -> None:
    plain = replace(ACROSS, identity="input")
    run([replace(item, analyze=plain) for item in specs(films, "ch")], tmp_path)
    header = (tmp_path / "ch" / "timeline.csv").read_text("utf-8").partition("\n")[0]
    assert "person" not in header.split(",")
