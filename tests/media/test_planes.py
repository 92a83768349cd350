"""Pictures as I420 planes: put together, taken apart, turned, fitted; odd sizes above all."""

from __future__ import annotations

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.i420 import planes as split
from fer_batch.media import planes
from fer_batch.types import Image

quick = settings(max_examples=50)
sides = st.integers(1, 33)
seeds = st.integers(0, 2**32 - 1)
turns = st.sampled_from([90, 180, 270])


def three(width: int, height: int, seed: int) -> tuple[Image, Image, Image]:
    """Random planes of a picture of any size; chroma sizes are rounded up, as FFmpeg does."""
    rng = np.random.default_rng(seed)
    half = ((height + 1) // 2, (width + 1) // 2)
    shapes = ((height, width), half, half)
    luma, u, v = (rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes)
    return luma, u, v


def within(image: Image, width: int, height: int) -> tuple[Image, Image, Image]:
    """The planes of the true picture, without padding."""
    luma, u, v = split(image)
    return luma[:height, :width], u, v


@quick
@given(sides, sides, seeds)
def test_what_is_joined_comes_apart_again(width: int, height: int, seed: int) -> None:
    parts = three(width, height, seed)
    image = planes.join(*parts)
    even = (width + width % 2, height + height % 2)
    assert image.shape == (even[1] * 3 // 2, even[0]) and image.flags.c_contiguous
    for one, other in zip(within(image, width, height), parts, strict=True):
        assert (one == other).all()
    luma = split(image)[0]
    assert (luma[:, -1] == luma[:, width - 1]).all() and (luma[-1] == luma[height - 1]).all()


def test_split_gives_views_to_draw_into() -> None:
    image = np.zeros((6, 4), np.uint8)
    for number, plane in enumerate(split(image), 1):
        plane[:] = number
    assert image.ravel().tolist() == [1] * 16 + [2] * 4 + [3] * 4


@quick
@given(sides, sides, seeds, turns)
def test_turning_back_is_the_inverse(width: int, height: int, seed: int, by: int) -> None:
    image = planes.join(*three(width, height, seed))
    turned = planes.upright(image, width, height, by)
    assert turned[1:] == ((height, width) if by in (90, 270) else (width, height))
    back, *size = planes.upright(*turned, 360 - by)
    assert size == [width, height]
    assert (back == image).all()


@quick
@given(sides, sides, seeds, turns)
def test_turning_is_numpys_turning_of_each_plane(
    width: int, height: int, seed: int, by: int
) -> None:
    parts = three(width, height, seed)
    found = within(*planes.upright(planes.join(*parts), width, height, by))
    for plane, before in zip(found, parts, strict=True):
        assert (plane == np.rot90(before, -by // 90)).all()


def test_no_turn_is_no_copy() -> None:
    image = planes.join(*three(8, 6, 1))
    assert planes.upright(image, 8, 6, 0)[0] is image


@pytest.mark.parametrize("size", [(64, 48), (65, 49), (1, 1), (2, 3), (639, 2)])
@pytest.mark.parametrize("kind", ["yuv420p", "yuvj420p"])
def test_a_decoders_picture_keeps_every_pixel(size: tuple[int, int], kind: str) -> None:
    width, height = size
    parts = three(width, height, 5)
    frame = av.VideoFrame(width, height, kind)
    for plane, values in zip(frame.planes, parts, strict=True):
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[: values.shape[0], : values.shape[1]] = values
        plane.update(padded.tobytes())
    image, full_range = planes.from_video_frame(frame, width, height)
    assert full_range == (kind == "yuvj420p")
    for one, other in zip(within(image, width, height), parts, strict=True):
        assert (one == other).all()
    # Drawing into the picture must not reach what the decoder still refers to.
    image[:] = 0
    assert np.frombuffer(frame.planes[0], np.uint8)[0] == parts[0][0, 0]


@pytest.mark.parametrize("width", [2, 16, 30, 66, 480])
def test_an_encoders_picture_has_every_plane_in_its_place(width: int) -> None:
    for height in (*range(2, 66, 2), 270, 362, 534, 1350):
        parts = three(width, height, height)
        frame = planes.to_video_frame(planes.join(*parts))
        assert (frame.width, frame.height) == (width, height)
        for plane, values in zip(frame.planes, parts, strict=True):
            rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
            assert (rows[: values.shape[0], : values.shape[1]] == values).all(), height


@pytest.mark.parametrize("kind", ["yuv444p", "yuv422p10le", "nv12", "gray", "rgb24", "yuv420p10le"])
def test_other_formats_are_converted(kind: str) -> None:
    frame = av.VideoFrame.from_ndarray(np.full((40, 60, 3), 180, np.uint8), "rgb24")
    image, _ = planes.from_video_frame(frame.reformat(format=kind), 60, 40)
    assert image.shape == (60, 60)
    # Grey 180 of 255 is luma 171 in video range.
    assert np.abs(image[:40].astype(int) - 171).max() <= (10 if kind == "gray" else 2)
    assert np.abs(image[40:].astype(int) - 128).max() <= 2


def test_a_stream_that_changes_size_is_scaled_to_the_first() -> None:
    frame = av.VideoFrame.from_ndarray(np.full((40, 60, 3), 180, np.uint8), "rgb24")
    image, _ = planes.from_video_frame(frame.reformat(format="yuv420p"), 31, 21)
    assert image.shape == (22 * 3 // 2, 32)
    assert np.abs(image[:22].astype(int) - 171).max() <= 2


@quick
@given(sides, sides, st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_colours_survive(width: int, height: int, b: int, g: int, r: int) -> None:
    bgr = np.empty((height, width, 3), np.uint8)
    bgr[:] = b, g, r
    image = planes.from_bgr(bgr)
    assert image.shape == ((height + height % 2) * 3 // 2, width + width % 2)
    back = planes.to_bgr(image)[:height, :width]
    assert np.abs(back.astype(int) - bgr).max() <= 4


@given(st.integers(0, 255))
def test_full_range_becomes_video_range(value: int) -> None:
    image = np.full((6, 4), value, np.uint8)
    luma, u, _ = split(planes.to_video_range(image))
    assert abs(int(luma[0, 0]) - (16 + value * 219 / 255)) <= 0.51
    assert abs(int(u[0, 0]) - (128 + (value - 128) * 224 / 255)) <= 0.51


def test_full_range_grey_is_the_same_grey() -> None:
    image = np.full((60, 40), 128, np.uint8)
    image[:40] = np.arange(0, 200, 5, dtype=np.uint8)[:, None]
    grey = planes.to_bgr(image, full_range=True)
    assert np.abs(grey.astype(int) - image[:40, :, None]).max() <= 2


def test_what_fits_is_left_alone() -> None:
    image = planes.join(*three(32, 24, 1))
    assert planes.fit(image, 32, 24) is image


@quick
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_pictures_are_fitted_whole_in_the_middle_of_black(w: int, h: int, tw: int, th: int) -> None:
    image = np.full((2 * h * 3 // 2, 2 * w), 200, np.uint8)
    fitted = planes.fit(image, 2 * tw, 2 * th)
    assert fitted.shape == (2 * th * 3 // 2, 2 * tw)
    luma, u, _ = split(fitted)
    rows, columns = np.flatnonzero((luma == 200).any(1)), np.flatnonzero((luma == 200).any(0))
    assert (luma[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] == 200).all()
    assert set(np.unique(luma)) <= {16, 200} and set(np.unique(u)) <= {128, 200}
    inner = len(columns), len(rows)
    scale = min(tw / w, th / h)
    assert abs(inner[0] - max(2, 2 * w * scale)) <= 2 and abs(inner[1] - max(2, 2 * h * scale)) <= 2
    assert abs(rows[0] - (2 * th - 1 - rows[-1])) <= 2
    assert abs(columns[0] - (2 * tw - 1 - columns[-1])) <= 2
