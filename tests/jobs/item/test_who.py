"""``--who``: people are called by the names of their photos, in films and in photos."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.errors import UsageError
from fer_batch.jobs.item.across import photos_by_name
from fer_batch.jobs.item.who import asking_for, name_of, photos_of, read_who
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.pipeline import known_faces
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.known_faces import face_of
from fer_batch.types import FloatArray
from tests.footage import videos
from tests.footage.pictures import cover, portraits
from tests.jobs.item.local_runs import CSV, run

COLLINS, HOPPER = (cover(picture, 320, 240) for picture in portraits())
SHOT = 12


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two films, some photos, and a photo of one of both people."""
    folder = tmp_path_factory.mktemp("who")
    for name, shown in (("a", (COLLINS, HOPPER, COLLINS)), ("b", (HOPPER,))):
        videos.write(folder / f"{name}.mp4", [picture for picture in shown for _ in range(SHOT)])
    (folder / "photos").mkdir()
    both = np.hstack([COLLINS, cv2.resize(HOPPER, None, fx=1.25, fy=1.25)[:240, 40:360]])
    for name, picture in (("1", COLLINS), ("2", HOPPER), ("3", both)):
        cv2.imwrite(str(folder / "photos" / f"{name}.png"), picture)
    (folder / "known").mkdir()
    # Not one of the pictures that are looked at, but another.
    cv2.imwrite(str(folder / "known" / "Eileen.jpg"), COLLINS[:, ::-1])
    return folder


def specs(place: Path, *names: str, known: str = "known", keep: bool = False) -> list[ItemSpec]:
    analyze = asking_for(AnalyzeSettings(grid=4), read_who(place / known))
    render = RenderSettings(preset="ultrafast", keep_embeddings=keep)
    kinds = {"photos": replace(analyze, images="photos")}
    suffix = {"photos": ""}
    return [
        ItemSpec(
            f"{place / name}{suffix.get(name, '.mp4')}", name, kinds.get(name, analyze),
            render, CSV, who=str(place / known),
        )
        for name in names
    ]  # fmt: skip


def rows(out: Path, name: str) -> list[tuple[str, str, str]]:
    """``face_id``, person and name, each as often as it comes one after the other but once."""
    with (out / name / "timeline.csv").open(encoding="utf-8", newline="") as file:
        found = [(r["face_id"], r["person"], r.get("name", "")) for r in csv.DictReader(file)]
    return [one for at, one in enumerate(found) if not at or found[at - 1] != one]


def test_who_is_known_is_called_so_and_others_are_numbered(place: Path, tmp_path: Path) -> None:
    results = run(specs(place, "a", "b", "photos"), tmp_path)
    assert [r.state for r in results] == ["done"] * 3
    eileen, other = ("1", "1", "Eileen"), ("2", "2", "")
    assert rows(tmp_path, "a") == [eileen, other, eileen]
    assert rows(tmp_path, "b") == [("1", "2", "")]
    # Photos count their faces, the largest first, and know people by `person`.
    assert rows(tmp_path, "photos") == [eileen, ("1", "2", ""), ("2", "1", "Eileen")]
    assert results[0].summary["people"][0]["name"] == "Eileen"
    left = [p.name for p in tmp_path.rglob("*") if p.is_file()]
    assert not any("people.npz" in name for name in left)


def test_names_stay_when_results_are_drawn_again_or_added_to(place: Path, tmp_path: Path) -> None:
    run(specs(place, "a", keep=True), tmp_path)
    without = [replace(item, who="") for item in specs(place, "a", keep=True)]
    (again,) = run(without, tmp_path, "resume", infer=False)
    assert again.state in ("done", "reused") and rows(tmp_path, "a")[0] == ("1", "1", "Eileen")
    # What is added alone is compared with those who are there, and is nobody else.
    plain = replace(specs(place, "b")[0].analyze, who=())
    run([replace(item, analyze=plain, who="") for item in specs(place, "b")], tmp_path)
    assert rows(tmp_path, "b") == [("1", "2", "")]
    run([replace(item, analyze=plain, who="", name="c") for item in specs(place, "a")], tmp_path)
    assert rows(tmp_path, "c")[0] == ("1", "1", "Eileen")


def test_other_photos_are_other_settings(place: Path, tmp_path: Path) -> None:
    run(specs(place, "b"), tmp_path)
    (place / "more" / "Grace").mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(place / "more" / "Grace" / "x.png"), HOPPER[:, ::-1])
    (kept,) = run(specs(place, "b", known="more"), tmp_path)
    assert kept.state == "failed" and kept.code == "output_path"
    (made,) = run(specs(place, "b", known="more"), tmp_path, "overwrite")
    assert made.state == "done", made.error
    assert rows(tmp_path, "b") == [("1", "1", "Grace")]


def test_names_of_files_and_folders() -> None:
    known = {
        "Anna.jpg": "Anna",
        "Anna-2.jpg": "Anna",
        "Anna Lee.png": "Anna Lee",
        "Ben/1.jpg": "Ben",
        "Ben-3/x/y.jpg": "Ben-3",
        "Ame\u0301lie.jpg": "Amélie",
    }
    assert {file: name_of(file) for file in known} == known
    for file in ("7.jpg", "all.jpg", "Others/1.jpg", "a\nb.jpg", f"{'x' * 61}.jpg"):
        with pytest.raises(ValueError, match="is not a name"):
            name_of(file)


def test_settings_hold_the_photos_and_are_checked(place: Path) -> None:
    photos = read_who(place / "known")
    settings = asking_for(AnalyzeSettings(), photos)
    assert settings.identity == "batch" and photos_of(settings) == photos
    for line in ("", "x Anna.jpg", f"{'0' * 64} ../Anna.jpg", f"{'0' * 64} 3.jpg"):
        with pytest.raises(UsageError, match="--who"):
            photos_of(AnalyzeSettings(who=(line,)))
    for wrong in (AnalyzeSettings(identity="off"), AnalyzeSettings(detector="none")):
        with pytest.raises(UsageError, match="--who"):
            asking_for(wrong, photos)


def test_what_will_not_do_is_one_line_that_names_the_photo(place: Path, tmp_path: Path) -> None:
    both = np.hstack([HOPPER, COLLINS])
    cases = {
        "grey": (np.full((200, 200, 3), 128, np.uint8), "shows no face"),
        "both": (both, "shows 2 faces"),
        "blurred": (cv2.GaussianBlur(COLLINS, (0, 0), 4), "blurred"),
    }
    engine = Engine(RunSettings(threads=1))
    for name, (picture, words) in cases.items():
        folder = tmp_path / name
        folder.mkdir()
        cv2.imwrite(str(folder / "Anna.png"), picture)
        refused(folder, f"Anna.png: .*{words}", engine)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "Anna.jpg").write_bytes(b"no picture")
    refused(broken, "Anna.jpg: ", engine)
    (tmp_path / "empty").mkdir()
    for folder, words in (
        (tmp_path / "empty", "holds no photos"),
        (tmp_path / "none", "no folder"),
    ):
        with pytest.raises(UsageError, match=words):
            read_who(folder)
    for file in ("anna.png", "Anna-2.png"):
        cv2.imwrite(str(tmp_path / "empty" / file), COLLINS)
    with pytest.raises(UsageError, match="one name"):
        read_who(tmp_path / "empty")


def refused(folder: Path, words: str, engine: Engine) -> None:
    settings = asking_for(AnalyzeSettings(), read_who(folder))
    with pytest.raises(UsageError, match=f"--who: .*{words}") as found:
        photos_by_name([ItemSpec("", "", settings, who=str(folder))], engine)
    assert "\n" not in str(found.value)


def test_a_photo_that_changes_meanwhile_is_refused(place: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "Anna.png"), COLLINS)
    settings = asking_for(AnalyzeSettings(), read_who(tmp_path))
    cv2.imwrite(str(tmp_path / "Anna.png"), HOPPER)
    with pytest.raises(UsageError, match="was changed"):
        photos_by_name([ItemSpec("", "", settings, who=str(tmp_path))], Engine(RunSettings()))


def test_a_photo_is_looked_at_once(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []

    def counted(photo: Path, *rest: Any) -> FloatArray:
        looked.append(photo)
        return face_of(photo, *rest)

    monkeypatch.setattr(known_faces, "face_of", counted)
    engine = Engine(RunSettings(threads=1))
    items = specs(place, "photos", "b")
    first = photos_by_name(items, engine)
    again = photos_by_name(items[::-1], engine)
    assert looked == [place / "known" / "Eileen.jpg"]
    assert again.keys() == first.keys() == {"Eileen"}
    np.testing.assert_array_equal(again["Eileen"], first["Eileen"])
    careful = replace(items[0], analyze=replace(items[0].analyze, min_confidence=0.8))
    photos_by_name([careful], engine)
    assert len(looked) == 2
    looked.clear()
    run(specs(place, "photos"), tmp_path)
    assert len(looked) == 1
