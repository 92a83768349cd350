"""Texts of options as values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.option_text import (
    parse_crop,
    parse_names,
    parse_seconds,
    parse_time,
    show_crop,
    show_seconds,
)


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


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("75.5", 75.5), ("1:15.5", 75.5), ("2:00:03", 7203)]
)
def test_times_are_seconds_or_a_clocks(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "1:2:3:4", "1:75", "-3", "nan", "inf", "1e12"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        parse_time(text)


@pytest.mark.parametrize("text", ["", "0,0,640,720", "12,4,2,2"])
def test_crops_come_back_as_they_were(text: str) -> None:
    assert show_crop(parse_crop(text)) == text


@pytest.mark.parametrize(
    "text", ["1,2,3", "a,b,c,d", "-1,0,5,5", "0,0,0,5", "1,2,3,4,5", "0,0,9.5,5"]
)
def test_what_is_no_crop(text: str) -> None:
    with pytest.raises(ValueError, match="is not X,Y,WIDTH,HEIGHT"):
        parse_crop(text)
