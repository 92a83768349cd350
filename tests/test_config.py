"""Settings travel as JSON and are part of a result's key."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.checksum import fingerprint
from fer_batch.config import PRESETS, AnalyzeSettings, Limits, RenderSettings, RunSettings
from fer_batch.errors import UsageError
from fer_batch.option import options_of

Settings = AnalyzeSettings | RenderSettings | Limits
words = st.text(max_size=8)
any_settings = st.one_of(
    st.builds(
        AnalyzeSettings,
        model=words,
        min_face=st.integers(0, 999),
        min_confidence=st.floats(0.05, 0.99),
        image_fps=st.floats(0.01, 1000),
    ),
    st.builds(
        RenderSettings,
        labels=st.lists(words, max_size=3).map(tuple),
        threshold=st.floats(0, 1),
        gif_range=st.just((0.0, 0.0)) | st.tuples(st.floats(0, 9), st.floats(10, 99)),
        preset=st.sampled_from(PRESETS),
    ),
    st.builds(Limits, pixels=st.integers(1, 2**53), duration_s=st.floats(0, 1e9)),
)


@given(any_settings)
def test_there_and_back_through_json(settings: Settings) -> None:
    text = json.dumps(settings.to_json())
    assert type(settings).from_json(json.loads(text)) == settings


@pytest.mark.parametrize("kind", [AnalyzeSettings, RenderSettings, Limits])
def test_settings_of_newer_versions_are_refused(kind: type[Settings]) -> None:
    with pytest.raises(ValueError, match="unknown settings: new, newer"):
        kind.from_json(kind().to_json() | {"newer": 1, "new": 2})


def test_settings_of_older_versions_get_defaults() -> None:
    assert AnalyzeSettings.from_json({"every": 3}) == AnalyzeSettings(every=3)


@pytest.mark.parametrize("name", [f.name for f in fields(AnalyzeSettings)])
def test_every_setting_that_changes_numbers_changes_the_fingerprint(name: str) -> None:
    settings = AnalyzeSettings()
    value = getattr(settings, name)
    (said,) = (said for other, _, said in options_of(settings) if other == name)
    other: Any
    if said.choices:
        other = next(choice for choice in said.choices if choice != value)
    elif isinstance(value, tuple):
        other = tuple(1 for _ in value) or ("x",)
    elif isinstance(value, bool):
        other = not value
    else:
        other = value + "x" if isinstance(value, str) else value + type(value)(1)
        other = other if said.high is None else min(other, said.high)
    changed = replace(settings, **{name: other})
    assert fingerprint(changed.to_json()) != fingerprint(settings.to_json())


@pytest.mark.parametrize("kind", [AnalyzeSettings, RenderSettings, Limits, RunSettings])
def test_every_setting_is_declared_and_explained(kind: type[Settings]) -> None:
    declared = {name: said for name, _, said in options_of(kind)}
    nested = {"limits"}
    assert {f.name for f in fields(kind)} - nested == set(declared)
    for name, said in declared.items():
        assert said.help.endswith(".") and said.help[0].isupper(), name


def test_which_frames_to_analyse_is_said_once() -> None:
    assert AnalyzeSettings(every=1, fps=5.0).fps == 5
    with pytest.raises(UsageError, match="--every and --fps both say which frames"):
        AnalyzeSettings(every=2, fps=5.0)


@pytest.mark.parametrize("start", [5.0, 9.5])
def test_a_part_ends_after_it_begins(start: float) -> None:
    assert AnalyzeSettings(start_s=start).stop_s == 0
    assert AnalyzeSettings(start_s=start, stop_s=start + 0.1).start_s == start
    with pytest.raises(UsageError, match=rf"--from {start:g} s is not before --to 5 s"):
        AnalyzeSettings(start_s=start, stop_s=5.0)
