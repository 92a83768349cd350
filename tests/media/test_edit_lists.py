"""Films of which an edit list shows several stretches, as editors and cameras leave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.footage.edits import edited
from tests.footage.oracle import ffmpeg
from tests.media.test_in_step import AAC, APART_S, H264, onsets, scene
from tests.media.test_sound import film

__all__ = ["scene"]


@pytest.mark.parametrize("coded", [AAC, ("-c:a", "ac3")], ids=["copied", "coded"])
def test_stretches_are_shown_one_after_the_other(
    coded: tuple[str, ...], scene: Path, tmp_path: Path
) -> None:
    """A decoder's run-up to the second one, which FFmpeg hands on with it, is no lost sound."""
    whole, target = tmp_path / "whole.mp4", tmp_path / "annotated.mp4"
    ffmpeg("-i", scene, *H264, *coded, whole)
    source = edited(tmp_path / "edited.mp4", whole, [(0.0, 1.2), (1.4, 1.0)])
    assert film(source, target) == []
    white, loud = onsets(target)
    assert white == pytest.approx([0.8, 1.4], abs=0.001)
    assert loud == pytest.approx(white, abs=APART_S)
