"""A device whose memory is full: fewer at once, nothing lost, and said so."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.errors import DeviceError
from fer_batch.pipeline.at_once import AtOnce, is_out_of_memory


class ResourceExhaustedError(Exception):
    """As TensorFlow names it."""


class OutOfMemoryError(RuntimeError):
    """As PyTorch names it."""


@given(st.integers(0, 60), st.integers(1, 33), st.integers(1, 33))
def test_all_are_done_in_order_in_parts_that_fit(things: int, size: int, room: int) -> None:
    at_once, asked = AtOnce(size, "frames"), []

    def work(part: range, shape: int) -> list[int]:
        asked.append(shape)
        if shape > room:
            raise ResourceExhaustedError("OOM when allocating tensor")
        assert 0 < len(part) <= shape
        return list(part)

    parts = list(at_once.run(range(things), work))
    assert [each for part in parts for each in part] == list(range(things))
    assert at_once.size == size or (things and at_once.size <= room < 2 * at_once.size + 1)
    assert asked == sorted(asked, reverse=True), "it never grows again"


def test_halving_is_said(caplog: pytest.LogCaptureFixture) -> None:
    at_once = AtOnce(32, "frames of 640 x 360 pixels")

    def work(part: range, shape: int) -> int:
        if shape > 8:
            raise OutOfMemoryError("CUDA out of memory")
        return len(part)

    with caplog.at_level(logging.WARNING):
        assert list(at_once.run(range(20), work)) == [8, 8, 4]
    assert [record.getMessage() for record in caplog.records] == [
        "the device's memory is full: 16 frames of 640 x 360 pixels at once from now on, not 32",
        "the device's memory is full: 8 frames of 640 x 360 pixels at once from now on, not 16",
    ]


def test_a_device_that_does_not_hold_one_is_one_clear_line() -> None:
    def work(part: range, shape: int) -> None:
        raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9 bytes.")

    with pytest.raises(DeviceError, match=r"does not hold one of the faces; analyse with"):
        list(AtOnce(4, "faces").run(range(4), work))


def test_other_errors_come_through() -> None:
    def work(part: range, shape: int) -> None:
        raise ValueError("something else")

    at_once = AtOnce(4, "faces")
    with pytest.raises(ValueError, match="something else"):
        list(at_once.run(range(4), work))
    assert at_once.size == 4


def test_what_tensorflow_raises_is_known() -> None:
    errors = pytest.importorskip("tensorflow").errors
    assert is_out_of_memory(errors.ResourceExhaustedError(None, None, "OOM"))
    assert not is_out_of_memory(errors.InvalidArgumentError(None, None, "no"))
