"""With --device gpu: as many children as GPUs, each with a chair, and so a GPU, of its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fer_batch.config import RunSettings
from fer_batch.gpus import VISIBLE
from fer_batch.jobs.item.children import places
from fer_batch.jobs.item.children.share import at_once


def test_one_child_for_each_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "0,1,2")
    assert at_once(0, 100, "gpu") == 3
    assert at_once(0, 2, "gpu") == 2
    assert at_once(5, 100, "gpu") == 5
    monkeypatch.setenv(VISIBLE, "-1")
    assert at_once(0, 100, "gpu") == 1


def test_a_child_that_is_gone_leaves_its_chair_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hellos: list[dict[str, Any]] = []

    def child(others: object, hello: dict[str, Any]) -> Any:
        hellos.append(hello)
        return SimpleNamespace(pipe=None, kill=lambda: None, close=lambda: None)

    monkeypatch.setattr(places, "Child", child)
    made = places.Places({"run": RunSettings(device="gpu").to_json()})
    hired = [made.hire() for _ in range(3)]
    made.dismiss(hired[1])
    made.hire()
    assert [hello["chair"] for hello in hellos] == [0, 1, 2, 1]
    assert all(hello["run"]["device"] == "gpu" for hello in hellos)
    assert len(made) == 3 and hired[1] not in list(made)
