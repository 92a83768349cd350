"""Who is below the threshold is unsure: by one rule, in all that is made of a timeline."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.config import RenderSettings
from fer_batch.output.draw.overlay import Overlay
from fer_batch.output.formats.elan import elan_text
from fer_batch.output.formats.tables import intervals_text, people_text
from fer_batch.output.formats.webvtt import webvtt_text
from fer_batch.output.people import changes, episodes, people
from fer_batch.output.read_table import read_csv
from fer_batch.output.report.data import page_data
from fer_batch.output.report.gallery import gallery_data
from fer_batch.output.summary import summary
from fer_batch.output.table import write_csv
from fer_batch.types import Timeline

LABELS = ("happy", "sad", "neutral")


def made(
    strongest: list[float], label: list[int], threshold: float, photos: bool = False
) -> Timeline:
    """One person in each frame, ten frames a second, with that probability of that label."""
    count = len(strongest)
    p = np.empty((count, 3), np.float32)
    for row, (value, own) in zip(p, zip(strongest, label, strict=True), strict=True):
        row[:] = (1 - value) / 2
        row[own] = value
    return Timeline(
        name="x",
        labels=LABELS,
        status=np.zeros(count, np.int64),
        time_s=np.full(count, np.nan) if photos else np.arange(count) / 10,
        frame=np.arange(count),
        face_id=np.ones(count, np.int64),
        box=np.tile(np.float32([1, 2, 30, 40]), (count, 1)),
        confidence=np.full(count, 0.9, np.float32),
        smoothed=p,
        raw=p,
        files=tuple(f"{i}.jpg" for i in range(count)) if photos else (),
        threshold=threshold,
    )


# happy, unsure, happy, sad: the probability of the second is too low.
FOUR = ([0.9, 0.5, 0.8, 0.7], [0, 0, 0, 1])


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0.34, 1), st.integers(0, 2)), min_size=1), st.floats(0.1, 1))
def test_video_and_tables_say_the_same(faces: list[tuple[float, int]], threshold: float) -> None:
    timeline = made([f[0] for f in faces], [f[1] for f in faces], threshold)
    overlay = Overlay(LABELS, 64, 48, RenderSettings(threshold=threshold))
    said = [overlay.verdict(p)[0] for p in timeline.smoothed]
    assert [timeline.outcomes[i] for i in timeline.emotion] == said
    assert timeline.table()["emotion"].tolist() == said
    (person,) = people(timeline)
    for name in timeline.outcomes:
        assert person.share[name] == pytest.approx(said.count(name) / len(said))
    runs = [e.emotion for e in episodes(timeline) for _ in range(e.frames)]
    assert runs == said


def test_without_a_threshold_nobody_is_unsure() -> None:
    timeline = made(*FOUR, threshold=0)
    assert timeline.outcomes == LABELS
    assert [e.emotion for e in episodes(timeline)] == ["happy", "sad"]
    assert "unsure" not in people_text(timeline) + intervals_text(timeline)


def test_tables_captions_and_tiers(tmp_path: Path) -> None:
    timeline = made(*FOUR, threshold=0.6)
    rows = list(csv.DictReader(io.StringIO(intervals_text(timeline))))
    assert [row["emotion"] for row in rows] == ["happy", "unsure", "happy", "sad"]
    assert float(rows[1]["mean_probability"]) == pytest.approx(0.5)
    (person,) = csv.DictReader(io.StringIO(people_text(timeline)))
    assert [person[f"share_{name}"] for name in timeline.outcomes] == [
        *("0.500000", "0.250000", "0.000000", "0.250000"),
    ]
    assert float(person["longest_unsure_s"]) == pytest.approx(0.1)
    assert "mean_unsure" not in person and person["changes"] == "1"  # happy to sad, none to unsure
    assert "Person 1: unsure (50 %)" in webvtt_text(timeline)
    assert elan_text(timeline).count(">unsure<") >= 1
    write_csv(timeline, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        assert [row["emotion"] for row in csv.DictReader(file)] == [
            "happy",
            "unsure",
            "happy",
            "sad",
        ]
    assert read_csv(tmp_path / "t.csv", "x").smoothed.tolist() == timeline.smoothed.tolist()


def test_summary_and_pages() -> None:
    timeline = made(*FOUR, threshold=0.6)
    nothing = {"name": "x"}
    told = summary(timeline, input=nothing, model={}, detector={}, settings={}, timings={})
    assert told["share"] == {"happy": 0.5, "sad": 0.25, "neutral": 0.0, "unsure": 0.25}
    assert set(told["people"][0]["mean"]) == set(LABELS)
    data = page_data(timeline, episodes(timeline), people(timeline), {})
    assert data["labels"] == list(LABELS) and data["outcomes"] == [*LABELS, "unsure"]
    assert [e[2] for e in data["people"][0]["episodes"]] == [0, 3, 0, 1]
    assert data["changes"] == [3] and len(data["colours"]) == 4
    photos = made(*FOUR, threshold=0.6, photos=True)
    assert gallery_data(Path("nowhere"), photos)["outcomes"] == [*LABELS, "unsure"]
    told = summary(photos, input=nothing, model={}, detector={}, settings={}, timings={})
    assert told["share"]["unsure"] == 0.25
    assert gallery_data(Path("nowhere"), replace(photos, threshold=0.0))["unsure"] == "AA=="


def test_a_break_that_is_unsure_is_no_change() -> None:
    timeline = made([0.9, 0.4, 0.9, 0.4, 0.9], [0, 1, 0, 1, 2], 0.6)
    assert [e.start_frame for e in changes(episodes(timeline))] == [4]
