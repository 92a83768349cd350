"""Photos through the command line: each by itself, and what becomes of strange ones."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from tests.end_to_end.conftest import fer_batch
from tests.footage import pictures
from tests.footage.images import heic_of_tiles, tiff_of_two_sizes
from tests.footage.videos import write


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two expressions by turns, as PNG in a folder and two more in folders within."""
    faces = pictures.two_faces(50)
    folder = tmp_path_factory.mktemp("photos_of_tests") / "album"
    (folder / "trip" / "day 2").mkdir(parents=True)
    for number in range(6):
        picture = np.roll(faces[40 * (number % 2)], 40 * (number % 2), axis=1)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    cv2.imwrite(str(folder / "trip" / "0.png"), faces[20])
    cv2.imwrite(str(folder / "trip" / "0.jpg"), faces[30], [cv2.IMWRITE_JPEG_QUALITY, 95])
    cv2.imwrite(str(folder / "trip" / "day 2" / "a b.png"), faces[10])
    return folder


@pytest.fixture(scope="module")
def results(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    said = fer_batch("run", photos, "-o", out)
    assert said.returncode == 0, said.stderr
    assert f"{photos}: 9 images are taken as photos, each by itself" in said.stdout
    assert "9 photos, 18 faces" in said.stdout
    assert said.stdout.splitlines()[-1] == f"look at the results: fer-batch open {out}"
    return out


def test_a_photo_says_the_same_alone_as_among_others(
    photos: Path, results: Path, tmp_path: Path
) -> None:
    every = rows_of(results / "album" / "timeline.csv")
    for file in ("0.png", "1.png", "trip/day 2/a b.png"):
        assert fer_batch("run", photos / file, "-o", tmp_path, "--outputs", "csv").returncode == 0
        alone = rows_of(tmp_path / Path(file).stem / "timeline.csv")
        among = [dict(row) for row in every if row["file"] == file]
        for row in alone + among:
            del row["frame"], row["file"]
        assert alone == among
    labels = [name.removesuffix("_raw") for name in every[0] if name.endswith("_raw")]
    for row in every:
        assert row["time_s"] == ""
        assert [row[name] for name in labels] == [row[f"{name}_raw"] for name in labels]


def test_faces_count_within_a_photo_the_largest_first(results: Path) -> None:
    rows = rows_of(results / "album" / "timeline.csv")
    assert list(rows[0])[-1] == "file"
    for number in {row["frame"] for row in rows}:
        mine = [row for row in rows if row["frame"] == number]
        assert [row["face_id"] for row in mine] == ["1", "2"]
        areas = [float(row["w"]) * float(row["h"]) for row in mine]
        assert areas == sorted(areas, reverse=True)


def test_annotated_photos_lie_as_the_photos_do(results: Path) -> None:
    here = results / "album"
    found = {p.relative_to(here).as_posix() for p in (here / "annotated").rglob("*.jpg")}
    assert found == {
        *(f"annotated/{i}.jpg" for i in range(6)),
        "annotated/trip/0.jpg",
        "annotated/trip/0.png.jpg",
        "annotated/trip/day 2/a b.jpg",
    }
    assert sorted(p.name for p in here.iterdir() if not p.name.startswith(".")) == [
        "annotated",
        "report",
        "report.html",
        "summary.json",
        "timeline.csv",
    ]


def test_summaries_say_photos(results: Path) -> None:
    summary = json.loads((results / "album" / "summary.json").read_text())
    assert summary["photos"]["total"] == 9 and summary["faces"] == 18
    assert "frames" not in summary and summary["people"] == [] and summary["moments"] == []
    assert summary["input"]["kind"] == "photos" and "duration_s" not in summary["input"]
    assert sum(summary["share"].values()) == pytest.approx(1, abs=1e-5)
    index = (results / "index.html").read_text()
    assert "9 photos" in index and "of photos" in index and "18 faces" in index
    page = (results / "album" / "report.html").read_text()
    assert "video" not in page.lower().replace("video_track", "")  # a setting's name


def test_two_networks_name_what_photos_show_unless_one_is_asked_for(
    photos: Path, results: Path, tmp_path: Path
) -> None:
    said = fer_batch("run", photos, "-o", tmp_path, "--second-opinion", "off")
    assert said.returncode == 0, said.stderr
    folders = (results / "album", tmp_path / "album")
    asked = [json.loads((f / "summary.json").read_text())["model"] for f in folders]
    assert [model["second_opinion"] for model in asked] == [True, False]
    one, other = (rows_of(f / "timeline.csv") for f in folders)
    assert [(r["file"], r["x"]) for r in one] == [(r["file"], r["x"]) for r in other]
    assert [r["happy"] for r in one] != [r["happy"] for r in other]
    assert "Second opinion" in (results / "album" / "report.html").read_text()


def test_drawn_again_with_blurred_faces(photos: Path, results: Path) -> None:
    plain = cv2.imread(str(results / "album" / "annotated" / "2.jpg")).astype(int)
    numbers = (results / "album" / "timeline.csv").read_bytes()
    said = fer_batch("render", results, "--blur-faces")
    assert said.returncode == 0, said.stderr
    blurred = cv2.imread(str(results / "album" / "annotated" / "2.jpg")).astype(int)
    assert np.abs(plain - blurred).mean() > 1
    assert (results / "album" / "timeline.csv").read_bytes() == numbers


def test_several_files_are_one_set(photos: Path, tmp_path: Path) -> None:
    files = [photos / "1.png", photos / "trip" / "0.jpg"]
    said = fer_batch("run", *files, "-o", tmp_path, "--outputs", "csv")
    assert said.returncode == 0, said.stderr
    rows = rows_of(tmp_path / "album" / "timeline.csv")
    assert [row["file"] for row in rows[::2]] == ["1.png", "trip/0.jpg"]


def test_frames_and_a_video_of_photos_where_they_are_asked_for(
    photos: Path, tmp_path: Path
) -> None:
    wanted = "csv,video,gif,people"
    said = fer_batch("run", photos, "-o", tmp_path / "a", "--outputs", wanted)
    assert said.returncode == 0, said.stderr
    assert "not made of photos: people" in said.stdout
    names = {p.name for p in (tmp_path / "a" / "album").iterdir() if p.name[0] != "."}
    assert names == {"timeline.csv", "annotated.mp4", "preview.gif"}
    said = fer_batch(
        "run", photos / "trip", "-o", tmp_path / "b", "--images", "frames", "--outputs", "csv"
    )
    assert said.returncode == 0 and "taken as" not in said.stdout
    tables = sorted((tmp_path / "b").rglob("timeline.csv"))
    assert len(tables) == 2  # a film for each folder
    assert all(row["time_s"] != "" for table in tables for row in rows_of(table))


def test_strange_images_cost_themselves_alone(tmp_path: Path) -> None:
    """Panoramas, phones' tiles, long thin ones, traps, raw files: a row each, the others go on."""
    folder = tmp_path / "in"
    folder.mkdir()
    face = pictures.two_faces(3)[0]
    cv2.imwrite(str(folder / "a face.png"), face)
    Pillow.new("RGB", (17_000, 1_500), (90, 80, 70)).save(folder / "panorama.png")
    Pillow.new("1", (1_100_000, 10)).save(folder / "long.png")
    for width, height in ((1, 1), (1, 4_000), (40_000, 2), (2, 2)):
        Pillow.new("RGB", (width, height)).save(folder / f"{width}x{height}.png")
    tiff_of_two_sizes(folder / "trap.png", 64, 20_000)
    heic_of_tiles(folder / "IMG_1.HEIC", face[..., ::-1].repeat(2, 0).repeat(2, 1), 256)
    (folder / "words.jpg").write_text("these are just words\n")
    said = fer_batch("run", folder, "-o", tmp_path / "out")
    assert said.returncode == 0, said.stderr
    status = {r["file"]: r["status"] for r in rows_of(tmp_path / "out" / "in" / "timeline.csv")}
    unread = {"long.png", "trap.png", "words.jpg"}
    assert {file for file, word in status.items() if word == "decode_error"} == unread
    assert status["a face.png"] == status["IMG_1.HEIC"] == "ok" and len(status) == 10
    assert "Traceback" not in said.stderr and "unexpected" not in said.stderr
    for name in unread:
        assert len([line for line in said.stderr.splitlines() if name in line]) == 1


def test_names_that_other_systems_do_not_take(tmp_path: Path) -> None:
    """Backslashes, bytes that are no text, and the longest names cost no row and no table."""
    folder = tmp_path / "in"
    folder.mkdir()
    face = folder / "a\\b.png"
    cv2.imwrite(str(face), pictures.two_faces(1)[0])
    longest = ("x" * 251, "😀" * 62)
    names = ["a_b.png", "a\\b.jpg", "\udcff\udcfe.png", *(f"{s}.png" for s in longest)]
    names += [f"{'x' * 251}.jpg", "=1+1.png", "esc\x1b[31m.png", "new\nline.png"]
    for name in names:
        (folder / name).write_bytes(face.read_bytes())
    said = fer_batch("run", folder, "-o", tmp_path / "out", "--outputs", "images,csv")
    assert said.returncode == 0 and said.stderr == "", said.stderr
    (row,) = rows_of(tmp_path / "out" / "summary.csv")
    assert row["frames"] == str(len(names) + 1)
    drawn = [path.name for path in (tmp_path / "out" / "in" / "annotated").iterdir()]
    assert len(drawn) == len(names) + 1 and not [name for name in drawn if "\\" in name]


def test_an_image_that_cannot_be_read_fails_with_one_line(tmp_path: Path) -> None:
    trap = tiff_of_two_sizes(tmp_path / "trap.png", 64, 20_000)
    damaged = tmp_path / "damaged.jpg"
    done, data = cv2.imencode(".jpg", pictures.two_faces(1)[0])
    assert done
    damaged.write_bytes(data.tobytes()[:300])
    for path in (trap, damaged):
        said = fer_batch("run", path, "-o", tmp_path / "out")
        assert said.returncode == 1
        (line,) = said.stderr.splitlines()
        assert line.startswith(f"fer-batch: {path}: is a damaged")
        assert not (tmp_path / "out" / path.stem).exists()


def test_tables_for_spreadsheets(photos: Path, tmp_path: Path) -> None:
    """The workbook, and tables beside the folders with decimal commas; those within stay."""
    out = tmp_path / "out"
    wrong = fer_batch("run", photos, "-o", out, "--csv-dialect", "word")
    assert wrong.returncode == 2 and "plain, excel" in wrong.stderr
    asked = ("--outputs", "xlsx", "--csv-dialect", "excel")
    said = fer_batch("run", photos / "trip" / "0.png", "-o", out, *asked)
    assert said.returncode == 0 and "fer-batch open" not in said.stdout  # no page was asked for
    assert (out / "results.xlsx").read_bytes()[:2] == b"PK"
    frames = (out / "frames.csv").read_bytes().splitlines()
    assert frames[0].startswith(b"\xef\xbb\xbfinput;model;") and b";0," in frames[1]
    (table,) = out.glob("*/timeline.csv")
    assert rows_of(table)[0]["frame"] == "0"


def test_turned_photos_and_films_of_them(tmp_path: Path) -> None:
    person = pictures.cover(pictures.portraits()[1], 240, 240)
    (tmp_path / "turned").mkdir()
    for name, turn in (("left", cv2.ROTATE_90_COUNTERCLOCKWISE), ("over", cv2.ROTATE_180)):
        cv2.imwrite(str(tmp_path / "turned" / f"{name}.png"), cv2.rotate(person, turn))
    asked = ("--rotations", "--columns", "roll", "--outputs", "csv")
    said = fer_batch("run", tmp_path / "turned", "-o", tmp_path / "out", *asked)
    assert said.returncode == 0, said.stderr
    rows = rows_of(tmp_path / "out" / "turned" / "timeline.csv")
    assert [row["status"] for row in rows] == ["ok", "ok"]
    for row, roll in zip(rows, (-90, 180), strict=True):
        assert abs((float(row["roll"]) - roll + 180) % 360 - 180) < 8
    film = tmp_path / "film.mkv"
    side = cv2.rotate(person, cv2.ROTATE_90_CLOCKWISE)
    nobody = np.full_like(side, 90)
    write(film, [nobody] * 12 + [side] * 18)
    assert fer_batch("run", film, "-o", tmp_path / "out", *asked).returncode == 0
    rows = rows_of(tmp_path / "out" / "film" / "timeline.csv")
    assert [row["status"] for row in rows] == ["no_face"] * 12 + ["ok"] * 18
    assert {row["face_id"] for row in rows[12:]} == {"1"}
    assert all(abs(float(row["roll"]) - 90) < 8 for row in rows[12:])
