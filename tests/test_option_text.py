"""Texts of options as values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.option_text import parse_names, parse_seconds, show_seconds


@given(st.floats(0, 9e4), st.floats(0.001, 9e4))
def test_ranges(start: float, length: float) -> None:
    start, stop = round(start, 3), round(start + length, 3) + 0.001
    assert parse_seconds(f"{start:.3f}-{stop:.3f}") == pytest.approx((start, stop))


@pytest.mark.parametrize(
    "text", ["3", "9-3", "3-3", "a-b", "-1-2", "1-2-3", "nan-3", "1-", "0-inf"]
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match="is not START-STOP"):
        parse_seconds(text)


@given(st.integers(0, 999), st.integers(1, 999))
def test_a_range_is_shown_as_it_is_typed(start: int, length: int) -> None:
    text = f"{start}-{start + length}"
    assert show_seconds(parse_seconds(text)) == text


def test_no_range_is_the_whole() -> None:
    assert parse_seconds("") == (0.0, 0.0)
    assert show_seconds((0.0, 0.0)) == ""


def test_names() -> None:
    assert parse_names(" happy, ,sad ") == ("happy", "sad")
