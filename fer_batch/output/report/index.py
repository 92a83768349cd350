"""``index.html``: every result of a batch, what failed and why, and the tables of all together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from fer_batch.atomic import write_text
from fer_batch.errors import NotFoundError, UnreadableError
from fer_batch.output.formats.combine import COMBINED, OpenTable, open_here, write_combined
from fer_batch.output.palette import colours
from fer_batch.output.report.assets import own
from fer_batch.output.report.html import (
    address,
    clock,
    count,
    length,
    percent,
    policy,
    render,
    size,
    source_hash,
)
from fer_batch.output.report.page import share_parts, share_text
from fer_batch.output.report.thumbnails import stored_thumbnails
from fer_batch.output.stored import SUMMARY, read_summary_file
from fer_batch.outputs import REGISTRY, file_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SORTS = (
    ("place", "order of work"),
    ("name", "name"),
    ("duration", "duration"),
    ("people", "people"),
    ("emotion", "emotion"),
    ("coverage", "coverage"),
    ("state", "trouble"),
)
PAGES = [(output.file, output.title) for output in REGISTRY if output.shown]
OF_BATCH = [output.file for output in REGISTRY if output.needs == "batch"]
DATA = [(output.file, output.file) for output in REGISTRY if not output.shown]


@dataclass(frozen=True, slots=True)
class Failure:
    """An input without a result: its name, and the one line that says why."""

    name: str
    error: str


def write_index(
    out: Path,
    results: Sequence[Path],
    failures: Sequence[Failure] = (),
    *,
    title: str = "Results",
    open_table: OpenTable = open_here,
) -> list[Path]:
    """Write ``out/index.html`` and the combined tables it links; what was written.

    ``results``: folders inside ``out``, each with its ``summary.json``, in the order to show;
    others are passed over. Failures come after them. ``open_table``: how to read their tables.

    Raises:
        NoSpaceError, OutputPathError: a file cannot be written.
    """
    found = [(folder, _summary(folder)) for folder in results]
    good = [(folder, summary) for folder, summary in found if summary]
    written = write_combined(out, [folder for folder, _ in good], open_table)
    items = [_item(folder, summary) for folder, summary in good]
    items += [_failed(failure) for failure in failures]
    # The style and script stand in the page itself, named by hash in its policy: no file of ours
    # may lie where an input's results could.
    style, script = own("base.css") + own("index.css"), own("theme.js") + own("index.js")
    text = render(
        "index.html.j2",
        policy=policy(source_hash(script), source_hash(style)),
        style=Markup(style),
        script=Markup(script),
        title=title,
        totals=_totals(items),
        downloads=_downloads(out),
        labels=list(dict.fromkeys(item["dominant"] for item in items if item["dominant"])),
        sorts=SORTS,
        items=items,
    )
    write_text(out / "index.html", text)
    return [*written, out / "index.html"]


def _summary(folder: Path) -> dict[str, Any]:
    try:
        return read_summary_file(folder / SUMMARY)
    except (NotFoundError, UnreadableError):
        return {}


def _item(folder: Path, summary: Mapping[str, Any]) -> dict[str, Any]:
    warnings = [str(text) for text in summary.get("warnings", [])]
    share = summary.get("share") or {}
    dominant = str(summary.get("dominant", ""))
    parts = share_parts(share, colours(tuple(share))) if dominant else []
    persons = len(summary.get("people", []))
    covered = float(summary.get("coverage", 0.0))
    duration = float(summary.get("input", {}).get("duration_s", 0.0))
    return {
        "name": folder.name,
        "state": "warning" if warnings else "ok",
        "href": address(folder.name, _main_page(folder)),
        "picture": _picture(folder, summary),
        "gif": _if_there(folder, file_of("gif")),
        "duration_s": duration,
        "duration": clock(duration),
        "people": persons,
        "people_text": count(persons, "person", "people"),
        "coverage": covered,
        "coverage_text": percent(covered),
        "dominant": dominant,
        "colour": colours(tuple(share)).get(dominant, ""),
        "shares": parts,
        "share_text": share_text(parts),
        "warnings": warnings,
        "error": "",
        "text": " ".join([folder.name, dominant, *warnings]).lower(),
        "pages": _links(folder, PAGES),
        "data": _links(folder, DATA),
    }


def _links(folder: Path, files: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [
        {"href": address(folder.name, file), "name": name}
        for file, name in files
        if (folder / file).is_file()
    ]


def _main_page(folder: Path) -> str:
    there = (output.file for output in REGISTRY if (folder / output.file).is_file())
    return next(there, file_of("summary"))


def _if_there(folder: Path, name: str) -> str:
    return address(folder.name, name) if (folder / name).is_file() else ""


def _picture(folder: Path, summary: Mapping[str, Any]) -> str:
    """The strongest key moment; a still preview or plot where no pictures were kept."""
    people, moments = stored_thumbnails(folder)
    likely = {m["key_frame"]: m["probability"] for m in summary.get("moments", [])}
    best = max(moments, key=lambda frame: (likely.get(frame, 0.0), -frame), default=None)
    if best is not None:
        return address(folder.name, *moments[best].split("/"))
    if people:
        return address(folder.name, *next(iter(people.values())).split("/"))
    return _if_there(folder, file_of("plot"))


def _failed(failure: Failure) -> dict[str, Any]:
    return {
        "name": failure.name,
        "state": "error",
        "href": "",
        "picture": "",
        "gif": "",
        "duration_s": -1,
        "people": -1,
        "coverage": -1,
        "dominant": "",
        "shares": [],
        "warnings": [],
        "error": failure.error,
        "text": f"{failure.name} {failure.error}".lower(),
        "pages": [],
        "data": [],
    }


def _totals(items: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    good = [item for item in items if item["state"] != "error"]
    failed = len(items) - len(good)
    warned = sum(item["state"] == "warning" for item in items)
    seconds = sum(item["duration_s"] for item in good)
    totals = [
        {"name": "inputs", "value": str(len(items)), "kind": ""},
        {"name": "of video", "value": length(seconds), "kind": ""},
        {"name": "people", "value": str(sum(item["people"] for item in good)), "kind": ""},
    ]
    if good:
        weight = sum(item["coverage"] * (item["duration_s"] or 1.0) for item in good)
        mean = weight / sum(item["duration_s"] or 1.0 for item in good)
        totals.append({"name": "of the time with a face", "value": percent(mean), "kind": ""})
    totals.append(
        {"name": "with warnings", "value": str(warned), "kind": "warning" if warned else ""}
    )
    totals.append({"name": "failed", "value": str(failed), "kind": "error" if failed else ""})
    return totals


def _downloads(out: Path) -> list[dict[str, str]]:
    names = dict.fromkeys(["summary.csv", *COMBINED.values(), *OF_BATCH])
    return [
        {"name": name, "href": address(name), "size": size(out / name)}
        for name in names
        if (out / name).is_file()
    ]
