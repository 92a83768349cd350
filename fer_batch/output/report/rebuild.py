"""Build pages again from what is stored: no video is read, nothing is analysed."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

from fer_batch import timeline_file
from fer_batch.errors import NotFoundError
from fer_batch.output.report.index import Failure, write_index
from fer_batch.output.report.page import write_report
from fer_batch.output.stored import SUMMARY, is_result, read_summary_file, refuse_links
from fer_batch.output.summary import describe_outputs, write_summary
from fer_batch.output.table import read_csv
from fer_batch.types import Timeline

DONE = "done"


def rebuild_report(folder: Path, *, index: bool = False) -> Path:
    """Write ``report.html`` of one result folder again, and return its path.

    Raises:
        NotFoundError: the folder holds no numbers or no ``summary.json``.
        UnreadableError: one of them is damaged.
        NoSpaceError, OutputPathError: the report cannot be written.
    """
    summary = read_summary_file(folder / SUMMARY)
    refuse_links(folder)
    name = summary.get("input", {}).get("name") or folder.name
    timeline = stored_timeline(folder, str(name))
    names = write_report(folder, timeline, summary, index=index)
    _note_outputs(folder, summary, names)
    return folder / "report.html"


def stored_timeline(folder: Path, name: str) -> Timeline:
    """The numbers of a result folder. Those of earlier versions kept them in timeline.csv alone.

    Raises:
        NotFoundError: the folder holds neither file.
        UnreadableError, InputError: the one that it holds is damaged.
    """
    kept = folder / timeline_file.NAME
    if kept.is_file():
        return replace(timeline_file.read_timeline(kept), name=name)
    return read_csv(folder / "timeline.csv", name)


def _note_outputs(folder: Path, summary: dict[str, Any], names: list[str]) -> None:
    """Keep the summary's list of outputs true: by it, `run --resume` knows what is whole."""
    outputs = summary.get("outputs")
    if not isinstance(outputs, dict) or "report.html" not in outputs:
        return
    others = {k: v for k, v in outputs.items() if k.split("/")[0] not in ("report", "report.html")}
    now = dict(sorted((others | describe_outputs(folder, names)).items()))
    if now != outputs:
        write_summary(summary | {"outputs": now}, folder / "summary.json")


def rebuild(out: Path) -> list[Path]:
    """Write the pages of a result folder, or of a folder of results with its index, again.

    Returns the pages, the one to open first in front.

    Raises:
        NotFoundError: ``out`` does not exist or holds no results.
        UnreadableError: a stored result is damaged.
        NoSpaceError, OutputPathError: a page cannot be written.
    """
    if (out / "summary.json").is_file():
        return [rebuild_report(out, index=(out.parent / "index.html").is_file())]
    results, failures = stored_batch(out)
    if not results and not failures:
        raise NotFoundError(f"{out}: holds no results; give a folder that `fer-batch run` wrote")
    pages = [
        rebuild_report(folder, index=True)
        for folder in results
        if any((folder / kept).is_file() for kept in (timeline_file.NAME, "timeline.csv"))
    ]
    write_index(out, results, failures)
    return [out / "index.html", *pages]


def stored_batch(out: Path) -> tuple[list[Path], list[Failure]]:
    """Result folders in ``out`` and the inputs that failed, in the order of ``summary.csv``.

    Result folders that the table does not name (of another run into the same place) come last.
    """
    if not out.is_dir():
        raise NotFoundError(f"{out}: there is no such folder")
    found = (path.parent for path in sorted(out.glob("*/summary.json")))
    there = {folder.name: folder for folder in found if is_result(folder)}
    results: list[Path] = []
    failures: list[Failure] = []
    for row in _rows(out / "summary.csv"):
        # An apostrophe keeps spreadsheets from taking the name for a formula.
        name = Path(row.get("folder") or row.get("input") or "").name
        name = name if name in there else name.removeprefix("'")
        if row.get("status") == DONE and name in there:
            results.append(there.pop(name))
        elif row.get("status") != DONE and row.get("input"):
            reason = row.get("error") or row.get("status") or "failed"
            failures.append(Failure(Path(row["input"]).name or row["input"], reason))
    return [*results, *there.values()], failures


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
