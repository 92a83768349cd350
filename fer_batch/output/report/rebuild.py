"""Build pages again from what is stored: no video is read, nothing is analysed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from fer_batch import timeline_file
from fer_batch.errors import InputError, NotFoundError, UnreadableError
from fer_batch.output.foreign import drawn_with, read_summary_file, refuse_links
from fer_batch.output.read_table import read_csv
from fer_batch.output.report.page import INDEX, index_from, write_report
from fer_batch.output.stored import MOST_FOLDERS, read_failures, stored_results
from fer_batch.output.summary import describe_outputs, write_summary
from fer_batch.outputs import SUMMARY
from fer_batch.types import Timeline


def rebuild_report(folder: Path, *, index: str = "") -> Path:
    """Write ``report.html`` of one result folder again, and return its path.

    Raises:
        NotFoundError: the folder holds no numbers or no ``summary.json``.
        UnreadableError: one of them is damaged.
        NoSpaceError, OutputPathError: the report cannot be written.
    """
    summary = read_summary_file(folder / SUMMARY)
    refuse_links(folder)
    name = summary.get("input", {}).get("name") or folder.name
    timeline = replace(stored_timeline(folder, str(name)), threshold=_threshold(summary))
    try:
        names = write_report(folder, timeline, summary, index=index)
        _note_outputs(folder, summary, names)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        # What a page shows of a summary is more than is checked before.
        raise UnreadableError(
            f"{folder / SUMMARY}: holds something that fer-batch did not write ({error}); "
            "run the analysis again"
        ) from error
    return folder / "report.html"


def _threshold(summary: dict[str, Any]) -> float:
    """Below which probability faces of this result are unsure."""
    value = drawn_with(summary).get("threshold", 0.0)
    return float(value) if isinstance(value, int | float) else 0.0


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
        write_summary(summary | {"outputs": now}, folder / SUMMARY)


def rebuild(out: Path, refused: Callable[[InputError], None] | None = None) -> list[Path]:
    """Write the pages of a result folder, or of each result in a folder of results, again.

    Returns the pages. ``refused`` is told of damaged results, and the others go on.

    Raises:
        NotFoundError: ``out`` does not exist or holds no results.
        UnreadableError: a stored result is damaged, and there is no ``refused``.
        NoSpaceError, OutputPathError: a page cannot be written.
    """
    if (out / SUMMARY).is_file():
        places = [(out, _index_above(out))]
    else:
        results = stored_results(out)
        if not results and not read_failures(out):
            raise NotFoundError(
                f"{out}: holds no results; give a folder that `fer-batch run` wrote"
            )
        places = [
            (result.folder, index_from(result.name))
            for result in results
            if (result.folder / SUMMARY).is_file()
            and any(
                (result.folder / kept).is_file() for kept in (timeline_file.NAME, "timeline.csv")
            )
        ]
    pages = []
    for folder, index in places:
        try:
            pages.append(rebuild_report(folder, index=index))
        except InputError as error:
            if refused is None:
                raise
            refused(error)
    return pages


def _index_above(folder: Path) -> str:
    """The address of the page of all results that ``folder`` belongs to; "" where there is none."""
    for up, place in enumerate(folder.resolve().parents[:MOST_FOLDERS], start=1):
        if (place / INDEX).is_file():
            return "../" * up + INDEX
    return ""
