"""``edits.csv`` beside results: drawn again without inference, kept through another analysis."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.corrections.read import NAME
from fer_batch.errors import UsageError
from fer_batch.jobs.item.edited import with_edits
from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.jobs.item.work import ItemSpec
from tests.footage import pictures, videos
from tests.jobs.item.local_runs import run
from tests.pipeline.stand_ins import Refuses

FRAMES = 20
OUTPUTS = ("csv", "people", "summary")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return videos.write(path, pictures.two_faces(50)[:FRAMES])


def edited(
    clip: Path, out: Path, *lines: str, existing: str = "resume", infer: bool = False
) -> list[ItemResult]:
    """Two inputs, of which ``a`` is corrected by ``lines``."""
    if lines:
        (out / "a" / NAME).write_text("\n".join(["do,person,start_s,end_s,value", *lines]))
    settings = (AnalyzeSettings(grid=4), RenderSettings(preset="ultrafast"), OUTPUTS)
    items = with_edits([ItemSpec(str(clip), name, *settings) for name in "ab"], out)
    return run(items, out, existing, classifier=None if infer else Refuses(), infer=infer)


def people(out: Path, name: str) -> Counter[str]:
    with (out / name / "timeline.csv").open(encoding="utf-8", newline="") as file:
        return Counter(row["face_id"] for row in csv.DictReader(file))


def test_corrections_are_in_every_table_and_come_and_go(clip: Path, tmp_path: Path) -> None:
    edited(clip, tmp_path, infer=True)
    before = (tmp_path / "a" / "timeline.csv").read_bytes()
    assert people(tmp_path, "a") == people(tmp_path, "b") == {"1": FRAMES, "2": FRAMES}
    done = edited(clip, tmp_path, "hide,2,,,", "split,1,0.4,,")
    assert [result.state for result in done] == ["done", "reused"]
    assert people(tmp_path, "a") == {"1": FRAMES // 2, "2": FRAMES // 2}
    assert people(tmp_path, "b") == {"1": FRAMES, "2": FRAMES}
    assert (tmp_path / "a" / "people.csv").read_text("utf-8").count("\n") == 3
    # Once more: nothing has changed. An analysis anew keeps them; without the file all is back.
    assert [result.state for result in edited(clip, tmp_path)] == ["reused", "reused"]
    edited(clip, tmp_path, existing="overwrite", infer=True)
    assert people(tmp_path, "a") == {"1": FRAMES // 2, "2": FRAMES // 2}
    (tmp_path / "a" / NAME).unlink()
    edited(clip, tmp_path)
    assert (tmp_path / "a" / "timeline.csv").read_bytes() == before


def test_what_cannot_be_applied_fails_that_input_alone(clip: Path, tmp_path: Path) -> None:
    edited(clip, tmp_path, infer=True)
    before = (tmp_path / "a" / "timeline.csv").read_bytes()
    (tmp_path / "b" / NAME).write_text("do,person\nhide,2")
    done = edited(clip, tmp_path, "hide,2,,,", "merge,1,,,7")
    assert [result.state for result in done] == ["failed", "done"]
    assert f"{NAME} line 3: there is no person 7" in done[0].error
    assert (tmp_path / "a" / "timeline.csv").read_bytes() == before
    assert people(tmp_path, "b") == {"1": FRAMES}


def test_a_wrong_line_is_said_before_anything_is_done(clip: Path, tmp_path: Path) -> None:
    edited(clip, tmp_path, infer=True)
    with pytest.raises(UsageError, match="line 2: unknown action 'paint'"):
        edited(clip, tmp_path, "paint,1,,,")
