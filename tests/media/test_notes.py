"""What means nothing for what was given is said in one line, and is no error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.media.discover import Input
from fer_batch.media.image_groups import ImageGroup
from fer_batch.media.image_sets import ImageSet
from fer_batch.media.notes import notes_on_inputs


@pytest.mark.parametrize(
    ("kinds", "named"),
    [
        ([], ""),
        (["frames"], "--from, --crop"),
        (["photos"], "--fps, --from, --crop"),
        (["frames", "photos"], "--fps, --from, --crop"),
    ],
)
def test_settings_that_images_do_not_hear_are_said(
    kinds: list[ImageSet], named: str, tmp_path: Path
) -> None:
    inputs = [Input(tmp_path / "x.mp4", "x")]
    inputs += [Input(tmp_path / kind, kind, ImageGroup(kind)) for kind in kinds]
    assert notes_on_inputs(inputs, (), AnalyzeSettings(every=2), RenderSettings()) == []
    given = AnalyzeSettings(fps=2.0, start_s=1.0, crop=(0, 0, 64, 64))
    line = f"for videos, the images are analysed without: {named}"
    assert notes_on_inputs(inputs, (), given, RenderSettings()) == ([line] if kinds else [])


def said(
    kinds: str,
    outputs: tuple[str, ...] = (),
    render: RenderSettings | None = None,
    **analyze: Any,
) -> list[str]:
    """Lines for inputs of those kinds."""
    inputs = [
        Input(Path(kind), kind, None if kind == "video" else ImageGroup(kind))  # type: ignore[arg-type]
        for kind in kinds.split()
    ]
    return notes_on_inputs(inputs, outputs, AnalyzeSettings(**analyze), render or RenderSettings())


NOTHING = "changes nothing here: "


@pytest.mark.parametrize(
    ("kinds", "given", "line"),
    [
        ("video", {"image_fps": 5.0}, "--image-fps (only for frames of a film)"),
        ("frames", {"image_fps": 5.0}, ""),
        ("video", {"images": "photos"}, "--images (only for images)"),
        ("video photos", {"images": "photos"}, ""),
        ("photos", {"smooth_s": 1.0}, "--smooth (only for films)"),
        ("photos video", {"smooth_s": 1.0}, ""),
        ("photos", {"detector": "none", "min_face": 9}, "--min-face (not with --detector none)"),
        ("video", {"every": 2, "max_faces": 3, "start_s": 1.0, "fps": 0.0}, ""),
    ],
)
def test_settings_of_other_inputs(kinds: str, given: dict[str, Any], line: str) -> None:
    assert said(kinds, **given) == ([NOTHING + line] if line else [])


@pytest.mark.parametrize(
    ("kinds", "outputs", "given", "line"),
    [
        ("video", ("csv",), {"gif_range": (1.0, 2.0)}, "--gif-range (only for the output gif)"),
        ("video", ("gif",), {"gif_range": (1.0, 2.0)}, ""),
        ("video", (), {"gif_range": (1.0, 2.0), "crf": 18}, ""),
        ("photos", (), {"crf": 18}, "--crf (only for the output video)"),
        ("photos video", (), {"crf": 18}, ""),
        (
            "video",
            ("summary",),
            {"columns": ("yaw",), "clock": True},
            "--columns (only for the output csv), --clock (only for the output csv)",
        ),
        ("video", ("xlsx",), {"columns": ("yaw",)}, ""),
        ("video", (), {"keep_embeddings": True}, "--keep-embeddings (only with --identity batch)"),
    ],
)
def test_settings_of_other_outputs(
    kinds: str, outputs: tuple[str, ...], given: dict[str, Any], line: str
) -> None:
    lines = said(kinds, outputs, RenderSettings(**given))
    assert lines == ([NOTHING + line] if line else [])


def test_photos_in_a_video_hear_how_many_a_second() -> None:
    assert said("photos", ("video",), image_fps=2.0) == []
    assert said("photos", ("csv",), image_fps=2.0) != []


def test_all_of_it_is_one_line() -> None:
    lines = said("video", ("csv",), RenderSettings(crf=18), images="photos", image_fps=9.0)
    assert len(lines) == 1 and lines[0].count("(only for") == 3
