"""What commands share: lists, ranges, labels, and refusing what cannot be."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.cli import options as o
from fer_batch.config import OUTPUTS, AnalyzeSettings, RunSettings
from fer_batch.errors import OutputPathError, UsageError


@given(st.lists(st.sampled_from(OUTPUTS), min_size=1))
def test_outputs_come_in_one_order_and_once(names: list[str]) -> None:
    found = o.parse_outputs(" , ".join(names))
    assert set(found) == set(names)
    assert list(found) == sorted(found, key=OUTPUTS.index)


@pytest.mark.parametrize("text", ["", ",", "csv,film", "CSV"])
def test_what_is_no_output(text: str) -> None:
    with pytest.raises(UsageError, match="--outputs"):
        o.parse_outputs(text)


@given(st.floats(0, 9e4), st.floats(0.001, 9e4))
def test_ranges(start: float, length: float) -> None:
    start, stop = round(start, 3), round(start + length, 3) + 0.001
    assert o.parse_range(f"{start:.3f}-{stop:.3f}") == pytest.approx((start, stop))


@pytest.mark.parametrize("text", ["3", "9-3", "3-3", "a-b", "-1-2", "1-2-3", "nan-3", "1-"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(UsageError, match="--gif-range"):
        o.parse_range(text)


def test_no_range_is_the_whole() -> None:
    assert o.parse_range("") == (0.0, 0.0)


def test_labels() -> None:
    assert o.parse_labels(" happy, ,sad ") == ("happy", "sad")
    o.check_labels(("happy",), ("happy", "sad"), "fer3")
    with pytest.raises(UsageError, match=r"'angry'.*happy, sad"):
        o.check_labels(("angry",), ("happy", "sad"), "fer3")


def test_settings_that_typer_cannot_check() -> None:
    o.check_settings(AnalyzeSettings(), RunSettings())
    with pytest.raises(UsageError, match="--detector"):
        o.check_settings(AnalyzeSettings(detector="eyes"))
    with pytest.raises(UsageError, match="--device"):
        o.check_settings(AnalyzeSettings(), RunSettings(device="abacus"))
    with pytest.raises(UsageError, match="--runtime"):
        o.check_settings(AnalyzeSettings(), RunSettings(runtime="steam"))


def test_output_folders(tmp_path: Path) -> None:
    o.check_out(tmp_path / "new" / "folder")
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputPathError, match="file"):
            o.check_out(place)


def test_ctrl_c_sets_the_event_and_a_second_one_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), o.stop_on_signal() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.is_set()
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
