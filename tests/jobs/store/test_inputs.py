"""What an input is, before it is uploaded."""

from __future__ import annotations

from pathlib import Path

from fer_batch.jobs.store.inputs import kind_of
from tests.footage.images import gif


def test_kinds_of_inputs(tmp_path: Path) -> None:
    assert kind_of(tmp_path) == "folder"
    assert kind_of(gif(tmp_path / "still.gif", (80,), (None,))) == "image"
    assert kind_of(gif(tmp_path / "moving.gif", (80, 90), (5, 5))) == "file"
    for name, kind in (("a.JPG", "image"), ("a.mp4", "file")):
        (tmp_path / name).touch()
        assert kind_of(tmp_path / name) == kind
