from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import RenderSettings
from fer_batch.output import palette
from fer_batch.output.draw.layout import Rect
from fer_batch.output.draw.marks import MAX_PLATES
from fer_batch.output.draw.overlay import Overlay
from tests.output.timelines import FER3

SIZES = [(426, 240), (640, 360), (1080, 1920), (3840, 2160), (64, 48), (2, 2)]


def scene(width: int, height: int, seed: int = 0) -> np.ndarray:
    """A picture with detail everywhere."""
    rng = np.random.default_rng(seed)
    return rng.integers(16, 236, (height * 3 // 2, width), dtype=np.uint8)


def draw(
    image: np.ndarray, boxes: list[Any], labels: tuple[str, ...] = FER3, **changes: Any
) -> np.ndarray:
    """``image`` with boxes drawn on a copy, people numbered from 1, the first label at 70 %."""
    overlay = Overlay(labels, image.shape[1], image.shape[0] * 2 // 3, RenderSettings(**changes))
    p = np.full((len(boxes), len(labels)), 0.3 / (len(labels) - 1), dtype=np.float32)
    p[:, 0] = 0.7
    drawn = image.copy()
    ids = np.arange(1, len(boxes) + 1)
    overlay.draw(drawn, np.array(boxes, dtype=np.float32).reshape(-1, 4), ids, p)
    return drawn


def changed(before: np.ndarray, after: np.ndarray) -> Rect:
    """The rectangle of luma that differs."""
    rows = before.shape[0] * 2 // 3
    y, x = np.nonzero(before[:rows] != after[:rows])
    return Rect(x.min(), y.min(), int(np.ptp(x)) + 1, int(np.ptp(y)) + 1)


def test_no_faces_no_change() -> None:
    image = scene(640, 360)
    np.testing.assert_array_equal(draw(image, []), image)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("labels", [FER3, tuple(palette.EMOTION_COLOURS)])
def test_a_face_is_marked_at_any_size(width: int, height: int, labels: tuple[str, ...]) -> None:
    image = scene(width, height)
    box = [width * 0.3, height * 0.3, width * 0.3, height * 0.4]
    after = draw(image, [box], labels)
    assert (after != image).any() == (width > 2)


def test_only_the_neighbourhood_of_the_face_changes() -> None:
    image = scene(1280, 720)
    place = changed(image, draw(image, [[500, 300, 100, 120]]))
    assert place.x >= 480
    assert place.x + place.w <= 800
    assert place.y >= 240
    assert place.y + place.h <= 424


def test_the_middle_of_a_face_stays_as_it_is() -> None:
    image = scene(640, 360)
    after = draw(image, [[200, 100, 120, 150]])
    np.testing.assert_array_equal(after[110:240, 210:310], image[110:240, 210:310])


coordinate = st.one_of(
    st.floats(-3000, 3000, width=32),
    st.sampled_from([0.0, -1e9, 1e9, float("nan"), float("inf"), -float("inf")]),
)


@given(
    st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate), max_size=5),
    st.booleans(),
    st.sampled_from([(320, 240), (64, 48), (18, 30)]),
)
def test_any_box_is_drawn_inside_the_picture(
    boxes: list[Any], blur: bool, size: tuple[int, int]
) -> None:
    # The picture lies in a larger buffer, whose rest must stay untouched.
    rows = size[1] * 3 // 2
    buffer = scene(size[0], (rows + 40) // 3 * 2 // 2 * 2)
    rest = buffer[rows:].copy()
    overlay = Overlay(FER3, *size, RenderSettings(blur_faces=blur))
    p = np.full((len(boxes), 3), 1 / 3, dtype=np.float32)
    values = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    overlay.draw(buffer[:rows], values, np.arange(len(boxes)), p)
    np.testing.assert_array_equal(buffer[rows:], rest)


def test_boxes_outside_leave_the_picture_alone() -> None:
    image = scene(320, 240)
    boxes = [[-200, 10, 100, 50], [400, 10, 50, 50], [10, 300, 50, 50], [10, 10, 0, 50]]
    np.testing.assert_array_equal(draw(image, boxes), image)


def test_drawing_depends_on_the_frame_alone() -> None:
    image = scene(640, 360)
    boxes = [[100, 80, 90, 110], [300, 90, 80, 100]]
    overlay = Overlay(FER3, 640, 360, RenderSettings())
    p = np.float32([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    first, second = image.copy(), image.copy()
    overlay.draw(first, np.float32(boxes), np.array([1, 2]), p)
    for face_id in range(MAX_PLATES + 1):  # more plates than are kept
        overlay.draw(image.copy(), np.float32(boxes[:1]), np.array([face_id]), p[:1])
    overlay.draw(second, np.float32(boxes), np.array([1, 2]), p)
    np.testing.assert_array_equal(first, second)


def test_chroma_bears_the_colour_of_the_emotion() -> None:
    grey = np.full((540, 640), 128, dtype=np.uint8)
    after = draw(grey, [[200, 100, 120, 150]])
    _, cb, cr = palette.yuv(palette.colour("happy"))
    chroma = after[360:].reshape(2, 180, 320)
    # The left side of the box, at the height of its upper corner.
    assert chroma[0, 60:64, 100:102].ravel().tolist().count(cb) >= 2
    assert chroma[1, 60:64, 100:102].ravel().tolist().count(cr) >= 2


def verdict(p: list[float], **changes: object) -> tuple[str, int]:
    return Overlay(FER3, 640, 360, RenderSettings(**changes)).verdict(np.float32(p))


def test_the_strongest_is_named() -> None:
    assert verdict([0.2, 0.7, 0.1]) == ("sad", 70)


def test_below_the_threshold_nothing_is_claimed() -> None:
    assert verdict([0.2, 0.7, 0.1], threshold=0.8) == ("unsure", 70)
    assert verdict([0.1, 0.8, 0.1], threshold=0.75) == ("sad", 80)


def test_labels_not_shown_are_other() -> None:
    assert verdict([0.2, 0.5, 0.3], labels=("happy",)) == ("other", 80)
    assert verdict([0.2, 0.5, 0.3], labels=("sad",)) == ("sad", 50)
    assert verdict([0.2, 0.5, 0.3], labels=("gone",)) == ("sad", 50)


def test_other_verdicts_draw_other_pictures() -> None:
    image, ids = scene(640, 360), np.array([1])
    drawn = []
    for changes in ({}, {"threshold": 0.8}, {"labels": ("sad",)}, {"labels": ("happy",)}):
        drawn.append(image.copy())
        overlay = Overlay(FER3, 640, 360, RenderSettings(**changes))
        overlay.draw(
            drawn[-1], np.float32([[200, 100, 120, 150]]), ids, np.float32([[0.7, 0.2, 0.1]])
        )
    assert len({picture.tobytes() for picture in drawn}) == 4


def test_full_range_uses_all_of_it() -> None:
    image = np.full((540, 640), 128, dtype=np.uint8)
    box, ids, p = np.float32([[200, 100, 120, 150]]), np.array([1]), np.float32([[0.7, 0.2, 0.1]])
    drawn = []
    for full_range in (False, True):
        picture = image.copy()
        Overlay(FER3, 640, 360, RenderSettings(), full_range).draw(picture, box, ids, p)
        drawn.append(picture)
    assert drawn[0][:360].max() <= 235
    assert drawn[0].min() >= 16
    assert drawn[1][:360].max() > 245


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080)])
def test_blurred_faces_keep_nothing_fine(size: tuple[int, int]) -> None:
    image = scene(*size)
    x, y, w, h = size[0] // 3, size[1] // 4, size[1] // 3, size[1] // 3
    after = draw(image, [[x, y, w, h]], blur_faces=True)
    inner = slice(y + h // 6, y + h - h // 6), slice(x + w // 6, x + w - w // 6)
    before_detail = cv2.Laplacian(image[inner], cv2.CV_64F).var()
    assert cv2.Laplacian(after[inner], cv2.CV_64F).var() < before_detail / 1000


def test_two_faces_with_the_same_means_blur_to_the_same_picture() -> None:
    """What cannot be told apart cannot be computed back."""
    face = scene(96, 96)[:96]
    # Within each of the 6 x 6 cells the pixels are put in another order.
    mixed = face.reshape(6, 16, 6, 16)[:, ::-1, :, ::-1].reshape(96, 96)
    pictures = [np.full((216, 144), 128, dtype=np.uint8) for _ in range(2)]
    for picture, content in zip(pictures, (face, mixed), strict=True):
        picture[24:120, 24:120] = content
    assert (face != mixed).any()
    # A box whose margin makes it just the 96 x 96 in the middle.
    side = 96 / 1.6
    box = [[24 + 0.3 * side, 24 + 0.3 * side, side, side]]
    results = []
    for image in pictures:
        overlay = Overlay(FER3, 144, 144, RenderSettings(blur_faces=True))
        overlay.draw(image, np.float32(box), np.array([1]), np.float32([[0.7, 0.2, 0.1]]))
        results.append(image)
    ellipse = np.zeros((144, 144), dtype=np.uint8)
    cv2.ellipse(ellipse, (72, 72), (46, 46), 0, 0, 360, 1, cv2.FILLED)
    inside = ellipse.astype(bool)
    np.testing.assert_array_equal(results[0][:144][inside], results[1][:144][inside])


def test_blur_covers_more_than_the_box() -> None:
    image = scene(640, 360)
    after = draw(image, [[250, 120, 80, 100]], blur_faces=True)
    for x, y in ((240, 170), (338, 170), (290, 110), (290, 230)):
        assert (after[y - 2 : y + 2, x - 2 : x + 2] != image[y - 2 : y + 2, x - 2 : x + 2]).any()


def test_decode_errors_are_said_on_a_dim_picture() -> None:
    image = scene(640, 360)
    drawn = image.copy()
    Overlay(FER3, 640, 360, RenderSettings()).draw_decode_error(drawn)
    assert drawn[:360].mean() < image[:360].mean() * 0.6
    assert drawn[160:200, 200:440].max() > 200


def test_decode_errors_show_nothing_where_faces_are_blurred() -> None:
    drawn = [scene(640, 360, seed) for seed in (1, 2)]
    for image in drawn:
        Overlay(FER3, 640, 360, RenderSettings(blur_faces=True)).draw_decode_error(image)
    np.testing.assert_array_equal(*drawn)


def test_odd_or_broken_pictures_are_refused() -> None:
    overlay = Overlay(FER3, 640, 360, RenderSettings())
    nobody = np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros((0, 3), np.float32)
    with pytest.raises(ValueError, match="I420"):
        overlay.draw(scene(642, 360)[:, :641], *nobody)


def test_a_face_that_cannot_be_read_has_a_thin_box_and_no_numbers() -> None:
    image, box = scene(640, 360), np.float32([[200, 120, 120, 140]])
    overlay = Overlay(FER3, 640, 360, RenderSettings())
    p, ids = np.float32([[0.8, 0.1, 0.1]]), np.array([1])
    pictures = []
    for unusable in (False, True):
        pictures.append(image.copy())
        overlay.draw(pictures[-1], box, ids, p, unusable=np.array([unusable]))
    read, unread = ((picture != image)[:360].sum() for picture in pictures)
    assert 0 < unread < read / 3  # no chart, no label, thin lines
    other = image.copy()
    overlay.draw(other, box, ids, p[:, ::-1].copy(), unusable=np.array([True]))
    np.testing.assert_array_equal(other, pictures[1])  # whatever the probabilities say


def named(names: dict[int, str], nameless: bool = False) -> np.ndarray:
    """A picture of one face, person 1, where people have these names."""
    image = scene(640, 360)
    overlay = Overlay(FER3, 640, 360, RenderSettings(), names=names)
    box, p = np.array([[200, 120, 120, 140]], np.float32), np.array([[0.7, 0.2, 0.1]], np.float32)
    overlay.draw(image, box, np.array([1]), p, nameless=np.array([nameless]))
    return image


def test_a_name_that_cannot_be_set_is_a_number() -> None:
    for name in ("山田", "김철수", "محمد", "שלום"):
        np.testing.assert_array_equal(named({1: name}), named({}))
    assert (named({1: "Anna"}) != named({})).any()


def test_a_number_alone_does_not_make_a_name() -> None:
    np.testing.assert_array_equal(named({1: "Anna"}, nameless=True), named({}))
