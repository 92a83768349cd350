from __future__ import annotations

import numpy as np
import pytest

from fer_batch.i420 import planes
from fer_batch.output.reel import Reel, Small, small, small_size


def grey(level: int, height: int = 6, width: int = 8) -> Small:
    """A picture whose colours are ``level``, its planes too."""
    image = np.full((height * 3 // 2, width), level, np.uint8)
    return Small(image, lambda image: np.full((height, width, 3), image[0, 0]))


def test_clips_follow_one_another_picture_by_picture() -> None:
    clips = [[grey(level) for level in part] for part in ((3, 5, 250), (9,), (8, 7))]
    reel = Reel(clips, 10)
    assert [picture[0, 0, 0] for picture in reel.pictures()] == [3, 5, 250, 9, 8, 7]
    assert [picture[0, 0, 0] for picture in reel.pictures(2)] == [3, 250, 8]


def test_pictures_of_several_sizes_lie_in_the_middle_of_black() -> None:
    reel = Reel([[grey(200, 6, 8)], [grey(90, 2, 12)]], 10)
    assert (reel.height, reel.width) == (6, 12)
    tall, flat = reel.pictures()
    expected = np.zeros((6, 12, 3), np.uint8)
    expected[:, 2:10] = 200
    np.testing.assert_array_equal(tall, expected)
    expected = np.zeros((6, 12, 3), np.uint8)
    expected[2:4] = 90
    np.testing.assert_array_equal(flat, expected)


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((640, 360), (480, 270)),
        ((3840, 2160), (480, 270)),
        ((320, 240), (320, 240)),
        ((1080, 1920), (360, 640)),
        ((2, 2), (2, 2)),
        ((8000, 2), (480, 2)),
    ],
)
def test_small_size(size: tuple[int, int], small: tuple[int, int]) -> None:
    assert small_size(*size) == small


@pytest.mark.parametrize("size", [(1280, 720), (322, 242), (2, 2)])
def test_small_keeps_what_each_plane_shows(size: tuple[int, int]) -> None:
    width, height = size
    image = np.empty((height * 3 // 2, width), np.uint8)
    for plane, value in zip(planes(image), (120, 80, 200), strict=True):
        plane[:] = value
    made = small(image)
    assert made.shape[1::-1] == (small_size(*size)[0], small_size(*size)[1] * 3 // 2)
    for plane, value in zip(planes(made), (120, 80, 200), strict=True):
        assert (plane == value).all()
