"""Views are the best looks at faces, whatever segments they come from; people are told by them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import AnalyzeSettings
from fer_batch.faces.chips import from_jpeg, to_jpeg
from fer_batch.faces.detector import open_detector
from fer_batch.media.glimpse import glimpse
from fer_batch.media.planes import from_bgr
from fer_batch.pipeline.identify import best_views, join_tracks
from fer_batch.pipeline.plan import WINDOW, view_window
from fer_batch.pipeline.timeline import merge
from fer_batch.pipeline.views import ViewKeeper, view_keeper, worth
from fer_batch.tracking.people import NEARLY, SAME_PERSON
from fer_batch.types import (
    Detections,
    Faces,
    FloatArray,
    Frame,
    Image,
    SourceInfo,
    Views,
)
from tests.footage.pictures import cover, portraits
from tests.pipeline.stand_ins import known_people, nobody_known, some_faces

GRID = 2
SIDE = (320, 240)


def frame_of(index: int, picture: Image) -> Frame:
    return Frame(index, index, from_bgr(picture), picture.shape[1], picture.shape[0])


def looks(frames: list[Frame], start: int = 0) -> Views:
    """What a keeper keeps of ``frames``, each searched by the real detector."""
    detector, keeper, row = open_detector("yunet"), ViewKeeper(GRID, GRID * WINDOW), start
    for frame in frames:
        found = detector.detect(frame)
        keeper.see(frame, glimpse(frame), found, row)
        row += len(found)
    return keeper.views()


def shots(*pictures: Image, each: int) -> list[Frame]:
    """Each picture for that many frames, sharp in the middle, blurred on both sides."""
    frames = []
    for number, picture in enumerate(pictures):
        small = cover(picture, *SIDE)
        for i in range(each):
            blur = 0.3 + abs(i - each // 2)
            frames.append(frame_of(number * each + i, cv2.GaussianBlur(small, (0, 0), blur)))
    return frames


def test_one_view_a_face_and_window_and_the_best() -> None:
    collins, hopper = portraits()
    each = GRID * WINDOW
    found = looks(shots(collins, hopper, each=each))
    assert len(found.row) == 2 and (found.worth > 0.3).all()
    assert [row % each for row in found.row.tolist()] == [each // 2, each // 2]
    assert from_jpeg(found.jpeg[0]).shape == (150, 150, 3)


@pytest.mark.parametrize(("fps", "every"), [(1, 1), (25, 25), (5, 5), (0.1, 1), (4, 1)])
def test_whoever_is_seen_in_few_pictures_is_looked_at(fps: float, every: int) -> None:
    """One picture a second, time-lapse, ``--every``: no face falls between two looks."""
    pts = np.arange(30 * every, dtype=np.int64)
    base = 1 / Fraction(fps).limit_denominator(100)
    info = SourceInfo("x", "x", "video", *SIDE, 0, base, pts)
    keeper = view_keeper(info, AnalyzeSettings(every=every))
    assert keeper is not None
    collins, hopper = (cover(picture, *SIDE) for picture in portraits())
    empty = np.full_like(collins, 90)
    shown = {7: collins, 8: collins, 13: hopper, 20: collins}
    detector, row, rows = open_detector("yunet"), 0, []
    for index in range(30):
        frame = frame_of(index, shown.get(index, empty))
        found = detector.detect(frame)
        keeper.see(frame, glimpse(frame), found, row)
        rows += [index] * len(found)
        row += len(found)
    seen = [rows[place] for place in keeper.views().row.tolist()]
    assert set(seen) in ({7, 8, 13, 20}, {7, 13, 20}, {8, 13, 20})


@pytest.mark.parametrize("fps", [6, 12, 24, 25, 30, 60])
def test_films_are_looked_at_on_the_detection_grid(fps: int) -> None:
    info = SourceInfo("x", "x", "video", *SIDE, 0, Fraction(1, fps), np.arange(300))
    assert view_window(info, AnalyzeSettings(grid=6)) == (6, 6 * WINDOW)


@given(st.floats(0.001, 3600), st.integers(1, 9), st.integers(1, 60))
def test_segments_begin_with_windows_of_views(apart: float, grid: int, every: int) -> None:
    pts = np.arange(300, dtype=np.int64)
    info = SourceInfo("x", "x", "video", *SIDE, 0, Fraction(apart), pts)
    step, window = view_window(info, AnalyzeSettings(grid=grid, every=every))
    assert grid * WINDOW % window == 0 and window % step == 0


def test_a_cut_within_a_window_ends_a_view() -> None:
    found = looks(shots(*portraits(), each=GRID * WINDOW // 2))
    assert len(found.row) == 2


def test_segments_keep_what_one_would() -> None:
    frames = shots(*portraits(), *portraits(), each=GRID * WINDOW // 2)
    whole = looks(frames)
    edges = [0, GRID * WINDOW, len(frames)]
    parts = [looks(frames[a:b], start=a) for a, b in pairwise(edges)]
    assert np.concatenate([p.row for p in parts]).tolist() == whole.row.tolist()
    assert np.array_equal(np.concatenate([p.worth for p in parts]), whole.worth)
    assert sum((p.jpeg for p in parts), ()) == whole.jpeg


def test_small_turned_and_unknown_faces_are_worth_nothing() -> None:
    frontal = np.array([[30, 30], [70, 30], [50, 52], [34, 72], [66, 72]], np.float32)
    turned = frontal.copy()
    turned[[0, 2, 3]] += [26, 0]
    faces = np.stack([frontal, frontal * 0.3, turned, np.full((5, 2), np.nan, np.float32)])
    found = worth(faces, np.full(4, 0.9, np.float32))
    assert found[0] > 0.5 and (found[1:] < 0.2).all() and found[1] == found[3] == 0
    assert worth(faces[:0], np.zeros(0, np.float32)).shape == (0,)


def test_a_face_without_landmarks_is_seen_and_not_kept() -> None:
    keeper = ViewKeeper(1, WINDOW)
    frame = frame_of(0, np.full((48, 64, 3), 90, np.uint8))
    box, landmarks = np.zeros((1, 4), np.float32), np.full((1, 5, 2), np.nan, np.float32)
    keeper.see(frame, glimpse(frame), Detections(box, np.ones(1, np.float32), landmarks), 0)
    assert keeper.views().jpeg == ()


def film_of(views: Views, rows: int) -> list[Faces]:
    """Faces, one a frame, with ``views`` in two shards."""
    faces = some_faces(1, 4)
    plain = {"box": 4, "confidence": 0, "landmarks": 0, "appearance": 0}
    plain |= {"probabilities": 0, "added": 0}
    shards = []
    for start, stop in ((0, rows // 2), (rows // 2, rows)):
        mine = (views.row >= start) & (views.row < stop)
        jpeg = tuple(j for j, m in zip(views.jpeg, mine, strict=True) if m)
        columns = {n: np.repeat(getattr(faces, n)[:1], stop - start, axis=0) for n in plain}
        shards.append(
            replace(
                faces,
                start=start,
                status=np.zeros(stop - start, np.int64),
                frame=np.arange(start, stop),
                glimpse=np.zeros((stop - start, 0), np.uint8),
                quality=np.zeros(stop - start, np.float32),
                views=Views(views.row[mine] - start, views.worth[mine], jpeg),
                **columns,
            )
        )
    return shards


def test_who_comes_back_is_known_and_another_is_not() -> None:
    collins, hopper = portraits()
    dim = (collins * 0.75).astype(np.uint8)
    each = GRID * WINDOW
    views = looks(shots(collins, hopper, dim, each=each))
    rows = 3 * each
    track, shards = np.repeat([0, 1, 2], each), film_of(views, rows)
    faces = merge(shards, rows)
    found = join_tracks(track, faces, shards, known_people)
    assert np.array_equal(found.track, np.repeat([0, 1, 0], each))
    assert np.array_equal(found.sight, track)
    # Nobody is looked at where no two could be one person.
    alone = np.zeros(rows, np.int64)
    assert np.array_equal(join_tracks(alone, faces, shards, nobody_known).track, alone)


@pytest.mark.parametrize("everyone", [False, True])
def test_who_takes_the_place_of_another_has_another_number(everyone: bool) -> None:
    """One track of two people, whose looks change where one hides the other; and it goes back."""
    collins, hopper = portraits()
    dim = (collins * 0.75).astype(np.uint8)
    each = GRID * WINDOW
    views = looks(shots(collins, hopper, dim, each=each))
    rows = 3 * each
    shards = film_of(views, rows)
    whole, faces = np.zeros(rows, np.int64), merge(shards, rows)
    vectors = np.eye(2, faces.appearance.shape[1], dtype=np.float16)
    faces = replace(faces, appearance=vectors[np.repeat([0, 1, 0], each)])
    found = join_tracks(whole, faces, shards, known_people, everyone)
    assert np.array_equal(found.sight, np.repeat([0, 1, 2], each))
    assert np.array_equal(found.track, np.repeat([0, 1, 0], each))
    assert set(found.known) == {0, 1, 2}
    # Looks that change alone part nobody.
    same = film_of(looks(shots(collins, dim, dim, each=each)), rows)
    found = join_tracks(whole, faces, same, known_people, everyone)
    assert np.array_equal(found.sight, whole) and np.array_equal(found.track, whole)


class Sides:
    """A recogniser that tells pictures by their left halves, and counts them."""

    name = runtime = sha256 = "sides"

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, chips: Image) -> FloatArray:
        self.asked += len(chips)
        return chips[:, :, :75].mean(axis=(1, 2)).astype(np.float32) / 255


def half(left: int, right: int) -> bytes:
    picture = np.full((150, 150, 3), right, np.uint8)
    picture[:, :75] = left
    return to_jpeg(picture)


def test_mirrored_pictures_are_for_who_is_nearly_another() -> None:
    """On grey pictures a level is a distance of the root of 3 / 255."""
    apart = round((SAME_PERSON + NEARLY) / 2 / np.sqrt(3) * 255)
    pictures = (half(0, apart), half(apart, 0), half(255, 255))
    views = Views(np.array([0, 10, 20]), np.ones(3, np.float32), pictures)
    track, shards, sides = np.repeat([0, 1, 2], 10), film_of(views, 30), Sides()
    faces = merge(shards, 30)
    found = join_tracks(track, faces, shards, lambda: sides)
    assert np.array_equal(found.track, np.repeat([0, 0, 2], 10))
    assert sides.asked == 3 + 2
    # Who is compared with people of other inputs is known as well as can be.
    everyone = join_tracks(track, faces, shards, lambda: sides, everyone=True)
    assert np.array_equal(everyone.track, found.track)
    assert sides.asked == 5 + 6
    np.testing.assert_allclose(everyone.known[0], apart / 2 / 255, atol=0.01)


def test_only_who_is_nearly_another_is_recognised_by_more_than_the_best_view() -> None:
    """Three views of each of three tracks, of which the last is far from the others."""
    near = round((SAME_PERSON + NEARLY) / 2 / np.sqrt(3) * 255)
    levels = (0, 0, 0, near, 0, 0, 255, 255, 255)
    worths = np.tile(np.array([0.9, 0.8, 0.7], np.float32), 3)
    views = Views(np.arange(0, 90, 10), worths, tuple(half(n, n) for n in levels))
    track, shards = np.repeat([0, 1, 2], 30), film_of(views, 90)
    sides = Sides()
    found = join_tracks(track, merge(shards, 90), shards, lambda: sides)
    # By all views the second is the first; each picture was asked for once.
    assert np.array_equal(found.track, np.repeat([0, 0, 2], 30))
    assert sides.asked == 3 + 2 * (5 - 1)


def test_the_best_five_views_of_a_track_are_taken() -> None:
    worths = np.array([0.3, 0.9, 0.5, 0.1, 0.7, 0.4, 0.6], np.float32)
    views = Views(np.arange(7), worths, tuple(bytes([i]) for i in range(7)))
    found = best_views(np.zeros(7, np.int64), film_of(views, 7), [0, 9])
    assert list(found) == [0]
    assert [view.picture for view in found[0]] == [bytes([i]) for i in (1, 4, 6, 2, 5)]
    assert [view.row for view in found[0]] == [1, 4, 6, 2, 5]


@pytest.mark.parametrize("damage", [b"", b"no picture"])
def test_a_damaged_picture_is_refused(damage: bytes) -> None:
    with pytest.raises(ValueError, match="not a picture of a face"):
        from_jpeg(damage)
