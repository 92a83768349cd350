"""A setting's value is held to what its field declares, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import AnalyzeSettings, Limits, RenderSettings, RunSettings
from fer_batch.errors import UsageError
from fer_batch.option import Settings, from_environment, option, options_of, parsed

BAD: list[tuple[type[Settings], str, Any, str]] = [
    (AnalyzeSettings, "every", 0, "--every: 0 is out of range; it must be at least 1"),
    (AnalyzeSettings, "every", 1.5, "--every: 1.5 is not a whole number"),
    (AnalyzeSettings, "every", True, "--every: True is not a whole number"),
    (AnalyzeSettings, "every", "3", "--every: '3' is not a whole number"),
    (AnalyzeSettings, "fps", float("nan"), "--fps: nan is not a number"),
    (AnalyzeSettings, "fps", None, "--fps: None is not a number"),
    (AnalyzeSettings, "smooth_s", 61, "--smooth: 61 is out of range; it must be 0 to 60"),
    (AnalyzeSettings, "grid", 0, "grid: 0 is out of range; it must be at least 1"),
    (AnalyzeSettings, "detector", "eyes", "--detector: 'eyes' is unknown; choose from yunet, none"),
    (AnalyzeSettings, "model", 3, "--model: 3 is not text"),
    (RenderSettings, "blur_faces", 1, "--blur-faces: 1 is not true or false"),
    (RenderSettings, "labels", "happy", "--labels: 'happy' is not a tuple"),
    (RenderSettings, "labels", (1,), "--labels: '1' is not a list of names"),
    (RenderSettings, "gif_range", (3.0, 1.0), "--gif-range: '3-1' is not START-STOP in seconds"),
    (RunSettings, "device", "abacus", "--device: 'abacus' is unknown; choose from auto, cpu, gpu"),
    (RunSettings, "runtime", "steam", "--runtime: 'steam' is unknown"),
    (Limits, "pixels", 0, "pixels: 0 is out of range"),
]


@pytest.mark.parametrize(("kind", "name", "value", "line"), BAD)
def test_a_value_that_cannot_be_is_one_line(
    kind: type[Settings], name: str, value: Any, line: str
) -> None:
    with pytest.raises(UsageError) as from_a_call:
        kind(**{name: value})
    assert str(from_a_call.value).startswith(line) and "\n" not in str(from_a_call.value)
    with pytest.raises(UsageError) as from_json:
        kind.from_json({name: value})
    assert str(from_json.value) == str(from_a_call.value)


def test_whole_numbers_are_numbers() -> None:
    assert AnalyzeSettings(image_fps=30).image_fps == 30


@pytest.mark.parametrize("kind", [AnalyzeSettings, RenderSettings, RunSettings, Limits])
def test_defaults_come_back_from_their_texts(kind: type[Settings]) -> None:
    for name, default, said in options_of(kind):
        if said.parse is not None:
            assert parsed(name, said, said.as_text(default)) == default


@dataclass(frozen=True)
class _Window(Settings):
    first: float = option(0.0, "Begin here.", flag="from", low=0)
    last: float = option(9.0, "End here.", flag="to", high=100)

    def check_together(self) -> None:
        if self.first >= self.last:
            raise UsageError("--from must be before --to")


@given(st.floats(0, 100), st.floats(0, 100))
def test_settings_can_exclude_each_other(first: float, last: float) -> None:
    if first < last:
        assert _Window(first, last).first == first
    else:
        with pytest.raises(UsageError, match="--from must be before --to"):
            _Window(first, last)


def test_help_says_the_range() -> None:
    said = [entry.explained() for _, _, entry in options_of(_Window)]
    assert said == ["Begin here. At least 0.", "End here. At most 100."]


def test_a_worker_reads_its_settings_from_the_environment() -> None:
    environment = {
        "FER_BATCH_PRECISION": "float16",
        "FER_BATCH_FRAME_BATCH": " 8 ",
        "FER_BATCH_DEVICE": "",
        "FER_BATCH_PARALLEL": "3",
        "PRECISION": "float32",
    }
    found = from_environment(RunSettings, environment)
    assert found == {"precision": "float16", "frame_batch": 8}
    assert from_environment(RunSettings, {}) == {}


@pytest.mark.parametrize(
    ("variable", "text", "line"),
    [
        ("PRECISION", "float8", "FER_BATCH_PRECISION: 'float8' is unknown; choose from float32"),
        ("FRAME_BATCH", "many", "FER_BATCH_FRAME_BATCH: 'many' is not a whole number"),
        ("BATCH_SIZE", "0", "FER_BATCH_BATCH_SIZE: 0 is out of range; it must be 1 to 4096"),
        ("DECODE", "disk", "FER_BATCH_DECODE: 'disk' is unknown; choose from auto, cpu, gpu"),
    ],
)
def test_a_variable_that_cannot_be_is_one_line(variable: str, text: str, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_environment(RunSettings, {f"FER_BATCH_{variable}": text})
    assert str(caught.value).startswith(line)


def test_the_documentation_names_every_variable_of_a_workers_settings() -> None:
    text = (Path(__file__).parents[1] / "docs" / "cluster.md").read_text()
    for name, default, said in options_of(RunSettings):
        if said.worker:
            row = f"| `FER_BATCH_{name.upper()}` | "
            assert row in text, name
            if name != "threads":
                assert f"{row}{default} |" in text, name
