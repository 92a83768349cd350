"""Who decodes: a GPU where it is wanted and can, else the CPU, and a line that says so."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, Limits, RunSettings
from fer_batch.media.source import probe
from fer_batch.pipeline import build
from fer_batch.pipeline.build import Engine
from tests.footage import pictures, videos

WHY = "no GPU or driver that FFmpeg can use, operation not permitted"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shown = [pictures.numbered(i, 320, 180) for i in range(6)]
    return videos.write(tmp_path_factory.mktemp("clip_of_tests") / "clip.mp4", shown)


def refused(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    monkeypatch.setattr(build, "refusal", lambda: why)


def read(engine: Engine, clip: Path) -> list[object]:
    info = probe(clip, "clip", 25.0, Limits())
    return [frame.image for frame in engine.source(info).frames(0, len(info))]


def test_a_wish_that_cannot_be_met_is_said_once(
    clip: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refused(monkeypatch, WHY)
    plain = Engine(RunSettings(decode="cpu"))
    with caplog.at_level(logging.WARNING):
        engine = Engine(RunSettings(decode="gpu"))
        shown = [read(engine, clip) for _ in range(2)]
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"videos are decoded by the CPU, not by a GPU: {WHY}"]
    for each in shown:
        assert np.array_equal(each, read(plain, clip))
    assert engine.facts(AnalyzeSettings()) == plain.facts(AnalyzeSettings())


def test_automatically_only_beside_a_gpu_that_finds_faces(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refused(monkeypatch, WHY)
    with caplog.at_level(logging.WARNING):
        for quiet in (RunSettings(), RunSettings(device="gpu", decode="cpu")):
            assert not Engine(quiet).decodes_on_gpu
        assert not caplog.records
        assert not Engine(RunSettings(device="gpu")).decodes_on_gpu
        assert len(caplog.records) == 1
    refused(monkeypatch, "")
    assert Engine(RunSettings(device="gpu")).decodes_on_gpu
    assert not Engine(RunSettings()).decodes_on_gpu


def test_results_name_a_gpu_that_decoded(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a damaged video it may show what FFmpeg would not."""
    refused(monkeypatch, "")
    plain, engine = Engine(RunSettings()), Engine(RunSettings(decode="gpu"))
    settings = AnalyzeSettings()
    assert engine.facts(settings) == {**plain.facts(settings), "decoder": "nvdec"}
    assert np.array_equal(read(engine, clip), read(plain, clip))
