"""``edits.csv`` beside results: drawn again without inference, kept through another analysis."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import av
import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.corrections.read import NAME
from fer_batch.errors import UsageError
from fer_batch.jobs.item.edited import with_edits
from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.output.read_table import read_csv
from fer_batch.types import Timeline
from tests.footage import pictures, videos
from tests.jobs.item.local_runs import run
from tests.pipeline.stand_ins import Refuses

FRAMES = 20
OUTPUTS = ("csv", "people", "summary")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip_of_tests") / "clip.mp4"
    return videos.write(path, pictures.two_faces(50)[:FRAMES])


def edited(
    clip: Path,
    out: Path,
    *lines: str,
    existing: str = "resume",
    infer: bool = False,
    outputs: tuple[str, ...] = OUTPUTS,
    blur: tuple[str, ...] = (),
) -> list[ItemResult]:
    """Two inputs, of which ``a`` is corrected by ``lines``."""
    if lines:
        (out / "a" / NAME).write_text("\n".join(["do,person,start_s,end_s,value", *lines]))
    settings = (AnalyzeSettings(grid=4), RenderSettings(preset="ultrafast", blur=blur), outputs)
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


def test_names_are_in_tables_page_and_video(clip: Path, tmp_path: Path) -> None:
    outputs = ("csv", "people", "intervals", "vtt", "eaf", "plot", "video", "report", "summary")
    edited(clip, tmp_path, infer=True, outputs=outputs)
    folder = tmp_path / "a"
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    edited(clip, tmp_path, "name,2,,,Anna Ö", "main,2,,,", outputs=outputs)
    for name in ("timeline.csv", "intervals.csv", "people.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {(row["face_id"], row["name"]) for row in rows} == {("1", ""), ("2", "Anna Ö")}
        assert name != "people.csv" or [row["main"] for row in rows] == ["0", "1"]
    names = read_csv(folder / "timeline.csv", "a").face_id
    assert Counter(names.tolist()) == {1: FRAMES, 2: FRAMES}
    page = (folder / "report.html").read_text("utf-8")
    assert page.index(">Anna Ö</h3>") < page.index(">Person 1</h3>")
    assert '"name":"Anna \\u00d6"' in (folder / "report" / "data.js").read_text("utf-8")
    told = json.loads((folder / "summary.json").read_text("utf-8"))["people"]
    assert [(one.get("name"), one.get("main")) for one in told] == [(None, None), ("Anna Ö", True)]
    for name in ("emotions.vtt", "emotions.eaf"):
        assert "Anna Ö" in (folder / name).read_text("utf-8")
    for name in ("annotated.mp4", "timeline.png"):
        assert (folder / name).read_bytes() != before[name]
    (folder / NAME).unlink()
    edited(clip, tmp_path, outputs=outputs)
    for name in ("annotated.mp4", "timeline.png", "timeline.csv", "people.csv"):
        assert (folder / name).read_bytes() == before[name]


def sharpness(out: Path, boxes: Timeline | None = None) -> dict[str, float]:
    """Mean step between neighbours in the middle of each person's face, over all frames."""
    found: dict[str, list[float]] = {}
    timeline = boxes or read_csv(out / "a" / "timeline.csv", "a")
    with av.open(str(out / "a" / "annotated.mp4")) as film:
        for number, frame in enumerate(film.decode(video=0)):
            luma = frame.to_ndarray(format="gray").astype(int)
            for row in range(*timeline.faces_at(number).indices(len(timeline.frame))):
                x, y, w, h = (round(float(v)) for v in timeline.box[row])
                inner = luma[y + h // 3 : y + 2 * h // 3, x + w // 4 : x + 3 * w // 4]
                person = str(timeline.face_id[row])
                found.setdefault(person, []).append(float(np.abs(np.diff(inner)).mean()))
    return {person: float(np.mean(values)) for person, values in found.items()}


@pytest.mark.parametrize(("who", "gone"), [("all", "12"), ("others", "2"), ("Anna", "1")])
def test_who_is_blurred_in_the_video(clip: Path, tmp_path: Path, who: str, gone: str) -> None:
    outputs, said = ("csv", "video", "summary"), ("main,1,,,", "name,1,,,Anna")
    edited(clip, tmp_path, infer=True, outputs=outputs)
    before = sharpness(tmp_path)
    done = edited(clip, tmp_path, *said, outputs=outputs, blur=(who,))
    assert done[0].state == "done", done[0].error
    after = sharpness(tmp_path)
    soft = {person for person in before if after[person] < 0.7 * before[person]}
    assert soft == set(gone)


@pytest.mark.parametrize(("who", "gone"), [("all", {"1", "2"}), ("others", {"2"}), ("1", {"1"})])
def test_who_was_hidden_is_still_blurred(
    clip: Path, tmp_path: Path, who: str, gone: set[str]
) -> None:
    outputs = ("csv", "video", "summary")
    edited(clip, tmp_path, infer=True, outputs=outputs)
    boxes, before = read_csv(tmp_path / "a" / "timeline.csv", "a"), sharpness(tmp_path)
    done = edited(clip, tmp_path, "hide,2,,,", outputs=outputs, blur=(who,))
    assert done[0].state == "done", done[0].error
    after = sharpness(tmp_path, boxes)
    assert {person for person in before if after[person] < 0.7 * before[person]} == gone
    assert people(tmp_path, "a") == {"1": FRAMES}


def test_a_name_that_nobody_has_fails_and_changes_nothing(clip: Path, tmp_path: Path) -> None:
    outputs = ("csv", "video", "summary")
    edited(clip, tmp_path, infer=True, outputs=outputs)
    before = (tmp_path / "a" / "annotated.mp4").read_bytes()
    done = edited(clip, tmp_path, outputs=outputs, blur=("Ana",))
    assert done[0].state == "failed" and "there is no person Ana here" in done[0].error
    assert (tmp_path / "a" / "annotated.mp4").read_bytes() == before


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


def test_json_beside_results_is_drawn_alike(clip: Path, tmp_path: Path) -> None:
    edited(clip, tmp_path, infer=True)
    (tmp_path / "a" / "edits.json").write_text('[{"do": "hide", "person": 2}]')
    assert [one.state for one in edited(clip, tmp_path)] == ["done", "reused"]
    assert set(people(tmp_path, "a")) == {"1"} and set(people(tmp_path, "b")) == {"1", "2"}
    (tmp_path / "a" / "edits.json").write_text('[{"do": "hide", "person": 9}]')
    wrong, _ = edited(clip, tmp_path)
    assert wrong.state == "failed" and "edits.json entry 1: there is no person 9" in wrong.error
