"""Annotated photos and their thumbnails."""

from __future__ import annotations

import math
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from fer_batch.config import Limits, RenderSettings
from fer_batch.corrections.apply import corrected
from fer_batch.corrections.read import Edit
from fer_batch.errors import Cancelled
from fer_batch.media.source import open_source, probe
from fer_batch.output.draw.overlay import Overlay
from fer_batch.pipeline.draw import Drawer
from fer_batch.pipeline.photos import (
    MARKS_KEPT,
    OWN_THUMB_SIDE,
    THUMB_SIDE,
    PhotoDrawer,
    WantedPictures,
    as_film,
    counted,
    render_photos,
)
from fer_batch.pipeline.progress import Timings
from fer_batch.types import Frame, FrameStatus, Segment, SourceInfo, Timeline

LABELS = ("happy", "sad", "neutral")
SIZES = ((200, 150), (640, 400), (700, 900), (64, 48))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four photos of different sizes, and one that is none."""
    for number, (width, height) in enumerate(SIZES):
        picture = np.full((height, width, 3), 90 + 20 * number, np.uint8)
        assert cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    (tmp_path / "4.png").write_bytes(b"no image")
    return tmp_path


def with_faces(info: SourceInfo) -> Timeline:
    """A face in the middle of each photo that can be read."""
    count = len(SIZES)
    box = np.array([[w / 4, h / 4, w / 2, h / 2] for w, h in SIZES], np.float32)
    share = np.tile(np.array([[0.1, 0.2, 0.7]], np.float32), (count, 1))
    return Timeline(
        name="photos",
        labels=LABELS,
        status=np.array([FrameStatus.OK] * count + [FrameStatus.DECODE_ERROR], np.int64),
        time_s=np.full(count + 1, np.nan),
        frame=np.arange(count),
        face_id=np.ones(count, np.int64),
        box=box,
        confidence=np.ones(count, np.float32),
        smoothed=share,
        raw=share,
        files=info.files[: count + 1],
    )


def drawn(
    folder: Path,
    images: bool = True,
    thumbs: bool = True,
    blur: bool = False,
    who: tuple[str, ...] = (),
) -> dict[str, Any]:
    info = probe(folder, "photos", 25.0, Limits(), "photos")
    kept = folder / "kept.zip"
    settings = RenderSettings(blur_faces=blur, blur=who)
    person = np.array([5, 6, 6, -1])
    render_photos(
        open_source(info, Limits()),
        Segment(0, 0, len(info)),
        replace(with_faces(info), person=person, names={6: "Anna"}) if who else with_faces(info),
        settings,
        WantedPictures(images, thumbs),
        kept,
        Timings(),
    )
    with zipfile.ZipFile(kept) as file:
        return {
            name: cv2.imdecode(np.frombuffer(file.read(name), np.uint8), cv2.IMREAD_COLOR)
            for name in file.namelist()
        }


def test_an_overlay_serves_all_photos_of_its_size(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[tuple[int, int]] = []

    class Counted(Overlay):
        def __init__(self, labels: Any, width: int, height: int, *others: Any, **more: Any) -> None:
            sizes.append((width, height))
            super().__init__(labels, width, height, *others, **more)

    monkeypatch.setattr("fer_batch.pipeline.photos.Overlay", Counted)
    for number, (width, height) in enumerate(SIZES):  # two that are alike, and two that are not
        side = (width, height) if number > 1 else (300, 200)
        picture = np.full((*side[::-1], 3), 90 + 20 * number, np.uint8)
        assert cv2.imwrite(str(folder / f"{number}.png"), picture)
    assert len(drawn(folder)) > len(SIZES)
    assert sizes == [(300, 200), *SIZES[2:]]


def test_each_photo_is_drawn_in_its_own_size(folder: Path) -> None:
    found = drawn(folder)
    for number, (width, height) in enumerate(SIZES):
        picture = found[f"image/{number:08d}.jpg"]
        assert picture.shape == (height, width, 3)
        plain = np.full_like(picture, 90 + 20 * number)
        assert (np.abs(picture.astype(int) - plain).max(axis=2) > 40).any()  # marks
        corner = picture[: height // 10, -width // 10 :].astype(int)
        assert min(width, height) < 100 or np.abs(corner - plain[0, 0]).max() < 12
    assert not [name for name in found if name.endswith("4.jpg") and "/00000004" in name]


def test_small_photos_are_their_own_thumbnails(folder: Path) -> None:
    found = drawn(folder)
    large = [i for i, size in enumerate(SIZES) if max(size) > OWN_THUMB_SIDE]
    thumbs = {name: picture for name, picture in found.items() if name.startswith("thumb/")}
    assert sorted(thumbs) == [f"thumb/{i:08d}.jpg" for i in large]
    assert all(max(picture.shape[:2]) == THUMB_SIDE for picture in thumbs.values())


def test_only_what_is_wanted_is_kept(folder: Path) -> None:
    assert {name.split("/")[0] for name in drawn(folder, thumbs=False)} == {"image"}
    alone = drawn(folder, images=False)
    assert sorted(alone) == [f"thumb/{i:08d}.jpg" for i in range(len(SIZES))]


def test_blurred_faces_are_gone_from_all_pictures(folder: Path) -> None:
    checks = np.indices((400, 640)).sum(axis=0) % 2 * 200
    assert cv2.imwrite(str(folder / "1.png"), checks.astype(np.uint8))
    for name, picture in drawn(folder, blur=True).items():
        if "/00000001" in name:
            rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
            middle = picture[rows - 10 : rows + 10, columns - 10 : columns + 10]
            assert middle.std() < 12, name


def test_who_is_named_is_blurred_in_every_photo_and_nobody_else(folder: Path) -> None:
    for number, (width, height) in enumerate(SIZES):
        checks = np.indices((height, width)).sum(axis=0) % 2 * 200
        assert cv2.imwrite(str(folder / f"{number}.png"), checks.astype(np.uint8))
    spread = {}
    for name, picture in drawn(folder, thumbs=False, who=("anna",)).items():
        rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
        middle = picture[rows - 5 : rows + 5, columns - 5 : columns + 5]
        spread[int(name.split("/")[1][:8])] = float(middle.std())
    assert [spread[i] < 12 for i in range(4)] == [False, True, True, True], spread


def test_who_was_left_out_is_blurred_where_others_are(folder: Path) -> None:
    checks = np.indices((400, 640)).sum(axis=0) % 2 * 200
    assert cv2.imwrite(str(folder / "1.png"), checks.astype(np.uint8))
    info = probe(folder, "photos", 25.0, Limits(), "photos")
    made = corrected(with_faces(info), [Edit("hide", 1, 0, math.inf, "", 2, "1.png")])
    assert 1 not in made.frame.tolist()
    (frame,) = open_source(info, Limits()).frames(1, 2)
    assert frame.image is not None
    before = frame.image[190:210, 310:330].copy()
    PhotoDrawer(made, RenderSettings()).draw(frame)
    assert np.array_equal(frame.image[190:210, 310:330], before)
    PhotoDrawer(made, RenderSettings(blur_faces=True)).draw(frame)
    assert frame.image[190:210, 310:330].std() < 12 < before.std()


def test_a_stop_leaves_nothing(folder: Path) -> None:
    for number in range(5, 40):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((20, 20), 9, np.uint8))
    info = probe(folder, "photos", 25.0, Limits(), "photos")
    source, segment = open_source(info, Limits()), Segment(0, 0, len(info))
    settings, wanted = RenderSettings(), WantedPictures(True, True)
    with pytest.raises(Cancelled):
        render_photos(
            source,
            segment,
            replace(
                with_faces(info),
                status=np.zeros(len(info), np.int64),
                time_s=np.full(len(info), np.nan),
                cut=np.zeros(len(info), bool),
                files=info.files,
            ),
            settings,
            wanted,
            folder / "kept.zip",
            Timings(),
            should_cancel=lambda: True,
        )
    assert not (folder / "kept.zip").exists()


def test_marks_serve_many_sizes(folder: Path) -> None:
    info = probe(folder, "photos", 25.0, Limits(), "photos")
    timeline = replace(
        with_faces(info), frame=np.zeros(4, np.int64), face_id=np.arange(1, 5, dtype=np.int64)
    )
    drawer = PhotoDrawer(timeline, RenderSettings())
    for side in range(40, 1200, 2):
        image = np.full((side * 3 // 2, side), 100, np.uint8)
        drawer.draw(Frame(0, 0, image, side, side))
    kept = drawer.marks.cache_info()
    assert kept.currsize <= MARKS_KEPT and kept.misses < 40


def test_a_photo_that_was_shrunk_has_its_boxes_in_place(folder: Path) -> None:
    info = probe(folder, "photos", 25.0, Limits(), "photos")
    drawer = PhotoDrawer(with_faces(info), RenderSettings())
    whole = np.full((400 * 3 // 2, 640), 100, np.uint8)
    half = np.full((200 * 3 // 2, 320), 100, np.uint8)
    drawer.draw(Frame(1, 0, whole, 640, 400))
    drawer.draw(Frame(1, 0, half, 320, 200, scale=2.0))
    rows = [np.flatnonzero((image[: len(image) * 2 // 3] != 100).any(1)) for image in (whole, half)]
    assert rows[0][-1] / 400 == pytest.approx(rows[1][-1] / 200, abs=0.03)


def test_a_name_is_of_who_was_recognised_alone(folder: Path) -> None:
    """Faces of each photo are counted from 1: a number that may be that of a person, too."""
    info = probe(folder, "photos", 25.0, Limits(), "photos")
    named = replace(with_faces(info), person=np.array([-1, 7, -1, 1]), names={1: "Anna", 7: "Bodo"})
    nobody = replace(named, names={})

    def photo(timeline: Timeline, index: int) -> np.ndarray:
        image = np.full((400 * 3 // 2, 640), 100, np.uint8)
        PhotoDrawer(timeline, RenderSettings()).draw(Frame(index, 0, image, 640, 400))
        return image

    def of_film(timeline: Timeline, index: int) -> np.ndarray:
        image = np.full((400 * 3 // 2, 640), 100, np.uint8)
        drawer = Drawer(info, as_film(timeline, info), RenderSettings(), Timings())
        return drawer.draw(Frame(index, 0, image, 640, 400)).copy()

    for drawn_by in (photo, of_film):
        same = [np.array_equal(drawn_by(named, i), drawn_by(nobody, i)) for i in range(4)]
        assert same == [True, False, True, False], drawn_by.__name__


def test_a_plot_of_photos_tells_of_no_persons(folder: Path) -> None:
    info = probe(folder, "photos", 25.0, Limits(), "photos")
    photos = replace(with_faces(info), person=np.array([3, 7, -1, 1]), names={1: "Anna"})
    film = as_film(counted(photos), info)
    assert film.called(1) == "Face 1"
    assert counted(film) is film


def test_photos_as_a_film_follow_the_rate(folder: Path) -> None:
    info = probe(folder, "photos", 4.0, Limits(), "photos")
    photos = with_faces(info)
    film = as_film(photos, info)
    assert film.time_s.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert not film.is_photos and as_film(film, info) is film
