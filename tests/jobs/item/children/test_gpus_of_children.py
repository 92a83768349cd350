"""With --device gpu: as many children as GPUs, each with a chair, and so a GPU, of its own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fer_batch.config import RunSettings
from fer_batch.gpus import VISIBLE
from fer_batch.jobs.item.children import crew
from fer_batch.jobs.item.children.share import at_once


def test_one_child_for_each_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "0,1,2")
    assert at_once(0, 100, "gpu") == 3
    assert at_once(0, 2, "gpu") == 2
    assert at_once(5, 100, "gpu") == 5
    monkeypatch.setenv(VISIBLE, "-1")
    assert at_once(0, 100, "gpu") == 1


def test_a_child_that_is_gone_leaves_its_chair_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hellos: list[dict[str, Any]] = []

    def child(others: object, hello: dict[str, Any]) -> Any:
        hellos.append(hello)
        return SimpleNamespace(pipe=None, kill=lambda: None, close=lambda: None)

    monkeypatch.setattr(crew, "Child", child)
    items: Any = [SimpleNamespace(input="", name="")]
    observer: Any = None
    settings = RunSettings(device="gpu", parallel=3)
    made = crew._Crew(items, tmp_path, settings, "resume", observer, infer=True, files={})
    places = [made._hire() for _ in range(3)]
    made._dismiss(places[1])
    made._hire()
    assert [hello["chair"] for hello in hellos] == [0, 1, 2, 1]
    assert all(hello["run"]["device"] == "gpu" for hello in hellos)
