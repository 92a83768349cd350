"""What a batch leaves beside its inputs' folders."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fer_batch.jobs.item import batch
from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.jobs.item.results import keep_record
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.output import foreign, stored
from fer_batch.output.stored import FAILURES
from fer_batch.output.summary import summary
from fer_batch.outputs import Output
from tests.output.timelines import timeline

NAMES = Output(
    "names", "names.txt", "Names", "Of all", needs="batch", writer=f"{__name__}:write_names"
)

FACTS: dict[str, Any] = summary(
    timeline("hhs"),
    input={"path": "a.mp4", "sha256": "0"},
    model={"name": "fer7"},
    detector={},
    settings={},
    timings={},
)


def write_names(tables: list[Path], path: Path) -> None:
    path.write_text(" ".join(table.name for table in tables))


@pytest.mark.parametrize("outputs", [("names",), ()])
def test_an_output_of_a_whole_batch_is_written_where_it_is_wanted(
    outputs: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Output, "load", lambda self: write_names)
    monkeypatch.setattr(batch, "REGISTRY", (NAMES,))
    (tmp_path / "a").mkdir()
    keep_record(tmp_path / "a", FACTS)
    results = [ItemResult(ItemSpec("a.mp4", "a", outputs=outputs), tmp_path / "a", "done")]
    batch.write_batch(results, tmp_path)
    assert (tmp_path / "summary.csv").is_file()
    written = tmp_path / "names.txt"
    assert written.read_text() == "summary.csv" if outputs else not written.exists()


def test_an_output_of_a_whole_batch_goes_on_once_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Output, "load", lambda self: write_names)
    monkeypatch.setattr(batch, "REGISTRY", (NAMES,))
    (tmp_path / "names.txt").write_text("of an earlier run")
    batch.write_batch([store(tmp_path / "a", "/in/a.mp4", "1")], tmp_path)
    assert (tmp_path / "names.txt").read_text() == "summary.csv"


def test_tables_stay_in_the_dialect_that_was_asked_for(tmp_path: Path) -> None:
    batch.write_batch([store(tmp_path / "a", "/in/a.mp4", "1")], tmp_path, "excel")
    batch.write_batch([store(tmp_path / "b", "/in/b.mp4", "2")], tmp_path)
    lines = (tmp_path / "summary.csv").read_bytes().splitlines()
    assert lines[0].startswith(b"\xef\xbb\xbfinput;status;") and len(lines) == 3
    batch.write_batch([], tmp_path, "plain")
    assert rows(tmp_path) == [["a", "done", "fer7"], ["b", "done", "fer7"]]


def store(
    folder: Path,
    path: str,
    sha256: str,
    model: str = "fer7",
    second: bool = False,
    kind: str = "video",
) -> ItemResult:
    """A finished input as its last step leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {"name": model, "second_opinion": second}
    facts = FACTS | {"input": {"path": path, "sha256": sha256, "kind": kind}, "model": named}
    if kind == "photos":
        facts["photos"] = facts.pop("frames")
    keep_record(folder, facts)
    name = folder.name if folder.parent.name != "P01" else f"P01/{folder.name}"
    return ItemResult(ItemSpec(path, name, outputs=("csv",)), folder, "done", summary=facts)


def rows(out: Path) -> list[list[str]]:
    """Input, status and model of each row of ``summary.csv``."""
    with (out / "summary.csv").open(newline="") as file:
        return [[row["input"], row["status"], row["model"]] for row in csv.DictReader(file)]


def failed(path: str, name: str, out: Path) -> ItemResult:
    return ItemResult(ItemSpec(path, name), out / name, "failed", error=f"{path}: no video")


def test_no_run_erases_what_another_one_has_added(tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch.write_batch([store(out / "a10", "/in/a10.mp4", "1"), failed("/in/x", "x", out)], out)
    batch.write_batch([store(out / "P01" / "b", "/in/P01/b.mp4", "2")], out)
    assert batch.write_batch([store(out / "a9", "/in/a9.mp4", "3")], out) == []
    assert rows(out) == [
        ["P01/b", "done", "fer7"],
        ["a9", "done", "fer7"],
        ["a10", "done", "fer7"],
        ["x", "failed", ""],
    ]
    batch.write_batch([store(out / "x", "/in/x", "4")], out)
    assert ["x", "done", "fer7"] in rows(out) and len(rows(out)) == 4
    assert not (out / FAILURES).exists()


def test_a_refused_run_leaves_the_good_results_row(tmp_path: Path) -> None:
    store(tmp_path / "a", "/in/a.mp4", "1")
    batch.write_batch([failed("/in/a.mp4", "a", tmp_path)], tmp_path)
    assert rows(tmp_path) == [["a", "done", "fer7"]]


def test_a_refused_run_leaves_a_copy_without_a_row(tmp_path: Path) -> None:
    """Its result is there, though what stands in the tables is the other one's."""
    batch.write_batch(
        [store(tmp_path / "a", "/in/a.mp4", "1"), store(tmp_path / "b", "/in/b.mp4", "1")], tmp_path
    )
    batch.write_batch([failed(f"/in/{n}.mp4", n, tmp_path) for n in "ab"], tmp_path)
    assert rows(tmp_path) == [["a", "done", "fer7"]]
    batch.write_batch([failed("/in/c.mp4", "c", tmp_path)], tmp_path)
    assert rows(tmp_path) == [["a", "done", "fer7"], ["c", "failed", ""]]


def test_the_same_content_stands_once_and_mixed_models_are_said(tmp_path: Path) -> None:
    results = [
        store(tmp_path / "a", "/in/a.mp4", "1"),
        store(tmp_path / "b", "/in/copy.mp4", "1"),
        store(tmp_path / "c", "/in/c.mp4", "1", model="fer3"),
    ]
    copy, mixed = batch.write_batch(results, tmp_path)
    assert copy == "/in/copy.mp4: the same file as a; it stands once in the tables"
    assert "fer3, fer7" in mixed
    assert rows(tmp_path) == [["a", "done", "fer7"], ["c", "done", "fer3"]]


def photos(out: Path, name: str, path: str, *files: str, model: str = "fer7") -> ItemResult:
    """A finished set of photos."""
    made = store(out / name, path, f"{path} {files}", model=model, kind="photos")
    made.summary["input"]["files"] = list(files)
    keep_record(out / name, made.summary)
    return made


def test_photos_that_two_sets_hold_are_told(tmp_path: Path) -> None:
    """Who ran a participant's folder and then that of all would count these photos twice."""
    one = photos(tmp_path, "ann", "/in/ann", "1.jpg", "2.jpg")
    two = photos(tmp_path, "ben", "/in/ben", "1.jpg")
    alone = photos(tmp_path, "3", "/in/ben/3.jpg", "3.jpg")
    other = photos(tmp_path, "other", "/in/ben", "1.jpg", model="fer3")
    said = batch.write_batch([one, two, alone, other], tmp_path)
    assert not [line for line in said if "counted twice" in line]
    every = photos(tmp_path, "in", "/in", "ann/1.jpg", "ann/2.jpg", "ben/1.jpg", "ben/3.jpg")
    (told,) = [line for line in batch.write_batch([every], tmp_path) if "twice" in line]
    assert told == (
        "/in: 4 photos of it stand in the tables as 3, ann, ben, too, and would be counted "
        "twice; remove the results that you do not want"
    )
    again = [line for line in batch.write_batch([one, every], tmp_path) if "twice" in line]
    assert [line.partition(" as ")[0] for line in again] == [
        "/in/ann: 2 photos of it stand in the tables",
        "/in: 2 photos of it stand in the tables",
    ]


def test_results_with_and_without_a_second_opinion_are_said(tmp_path: Path) -> None:
    results = [
        store(tmp_path / "a", "/in/a", "1", second=True),
        store(tmp_path / "b", "/in/b", "2", second=True),
    ]
    assert batch.write_batch(results, tmp_path) == []
    results.append(store(tmp_path / "c", "/in/c", "3"))
    (mixed,) = batch.write_batch(results, tmp_path)
    assert "results with a second opinion (a and 1 more) and without (c)" in mixed
    # The same photos taken both ways are two results, as they are with two models.
    store(tmp_path / "d", "/in/a", "1")
    batch.write_batch(results, tmp_path)
    assert [row[0] for row in rows(tmp_path)] == ["a", "b", "c", "d"]


def test_photos_with_and_films_without_a_second_opinion_are_a_mixture(tmp_path: Path) -> None:
    photos = store(tmp_path / "a", "/in/a", "1", second=True, kind="photos")
    film = store(tmp_path / "b", "/in/b", "2", second=True)
    assert batch.write_batch([photos, film], tmp_path) == []
    older = store(tmp_path / "c", "/in/c", "3")
    (mixed,) = batch.write_batch([photos, film, older], tmp_path)
    assert "with a second opinion (a and 1 more) and without (c)" in mixed


def test_downloads_are_told_of_as_runs_are(tmp_path: Path) -> None:
    results = [
        store(tmp_path / "a", "/in/a.mp4", "1"),
        store(tmp_path / "b", "/in/copy.mp4", "1"),
        store(tmp_path / "c", "/in/c.mp4", "2", second=True),
        store(tmp_path / "d", "/in/d.mp4", "3", model="fer3"),
    ]
    inputs = {result.item.name: result.item.input for result in results}
    said = batch.add_downloaded(tmp_path, {**inputs, "e": "/in/failed.mp4"}, [])
    assert said == batch.write_batch(results, tmp_path) and len(said) == 3
    assert said[0] == "/in/copy.mp4: the same file as a; it stands once in the tables"


def test_a_download_reads_each_record_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = {}
    for name in "abc":
        result = store(tmp_path / name, f"/in/{name}.mp4", name)
        inputs[result.item.name] = result.item.input
        record = next((tmp_path / name).glob("*summary.json"))
        summary = json.loads(record.read_text())
        record.write_text(json.dumps(summary | {"warnings": [f"/in/{name}.mp4: old", "odd"]}))
    read: list[Path] = []
    real = foreign.read_summary_file

    def counted(path: Path) -> dict[str, object]:
        read.append(path)
        return real(path)

    monkeypatch.setattr(stored, "read_summary_file", counted)
    said = batch.add_downloaded(tmp_path, inputs, [])
    assert said[:2] == ["/in/a.mp4: old", "/in/a.mp4: odd"] and len(said) == 6
    whole = [path.parent.name for path in read if path.exists()]
    assert sorted(whole) == ["a", "b", "c"]


def test_two_runs_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each adds its results and writes the tables, again and again."""

    def add(run: int) -> None:
        for number in range(8):
            path = f"/in/{run}-{number}"
            batch.write_batch([store(tmp_path / f"{run}-{number}", path, path)], tmp_path)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(add, range(3)))
    assert len(rows(tmp_path)) == 24


def test_paths_are_told_as_seen_from_the_results(tmp_path: Path) -> None:
    out = tmp_path / "study" / "out"
    batch.write_batch([store(out / "a", str(tmp_path / "study" / "in" / "a.mp4"), "1")], out)
    with (out / "summary.csv").open(newline="") as file:
        assert [row["path"] for row in csv.DictReader(file)] == ["../in/a.mp4"]
