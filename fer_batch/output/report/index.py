"""``index.html``: every result of a batch, what failed and why, and the tables of all together."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from fer_batch.atomic import write_text
from fer_batch.output.formats.combine import COMBINED
from fer_batch.output.gathered import gathered
from fer_batch.output.palette import colours
from fer_batch.output.report.assets import own
from fer_batch.output.report.html import (
    address,
    clock,
    count,
    length,
    percent,
    policy,
    printable,
    render,
    size,
    source_hash,
)
from fer_batch.output.report.people import PAGE as PEOPLE
from fer_batch.output.report.provenance import coverage_text
from fer_batch.output.report.shares import share_parts, share_text
from fer_batch.output.report.thumbnails import stored_thumbnails
from fer_batch.output.stored import counts_of
from fer_batch.outputs import REGISTRY, file_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fer_batch.output.stored import Failure, Stored

SORTS = (
    ("place", "order of work"),
    ("name", "name"),
    ("duration", "duration"),
    ("people", "people"),
    ("emotion", "expression"),
    ("coverage", "coverage"),
    ("state", "trouble"),
)
PAGES = [(output.file, output.title) for output in REGISTRY if output.shown]
MOST_NAMED = 3
OF_BATCH = [output.file for output in REGISTRY if output.needs == "batch"]
DATA = [(output.file, output.file) for output in REGISTRY if not output.shown]


def write_index(
    out: Path,
    results: Sequence[Stored],
    failures: Sequence[Failure] = (),
    *,
    title: str = "Results",
) -> Path:
    """Write ``out/index.html``, the page of all ``results``, in the order to show.

    Failures come after them. The tables that it links are those that are there.

    Raises:
        NoSpaceError, OutputPathError: a file cannot be written.
    """
    items = [_item(result) for result in results]
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
        totals=_totals(items, _distinct(results)),
        downloads=_downloads(out),
        people=PEOPLE if (out / PEOPLE).is_file() else "",
        labels=list(dict.fromkeys(item["dominant"] for item in items if item["dominant"])),
        sorts=SORTS,
        items=items,
    )
    write_text(out / "index.html", text)
    return out / "index.html"


def _item(result: Stored) -> dict[str, Any]:
    folder, summary = result.folder, result.summary
    warnings = [str(text) for text in summary.get("warnings", [])]
    share = summary.get("share") or {}
    dominant = str(summary.get("dominant", ""))
    parts = share_parts(share, colours(tuple(share))) if dominant else []
    photos = counts_of(summary).get("total", 0) if "photos" in summary else None
    faces = int(summary.get("faces", 0))
    persons = faces if photos is not None else len(summary.get("people", []))
    covered = float(summary.get("coverage", 0.0))
    duration = float(summary.get("input", {}).get("duration_s", 0.0))
    return {
        "name": result.name,
        "state": "warning" if warnings else "ok",
        "href": _address(result, _main_page(folder)),
        "picture": _picture(result),
        "gif": _if_there(result, file_of("gif")),
        "duration_s": duration,
        "duration": clock(duration) if photos is None else count(int(photos), "photo"),
        "people": persons,
        "photos": photos,
        "people_text": _who(summary) if photos is None else count(faces, "face"),
        "coverage": covered,
        "coverage_text": coverage_text(summary),
        "dominant": dominant,
        "nobody": "No readable face" if covered else "No face found",
        "colour": colours(tuple(share)).get(dominant, ""),
        "shares": parts,
        "share_text": share_text(parts),
        "warnings": warnings,
        "error": "",
        "text": " ".join([result.name, dominant, *_names(summary), *warnings]).lower(),
        "pages": _links(result, PAGES),
        "data": _links(result, DATA),
    }


def _names(summary: Mapping[str, Any]) -> list[str]:
    """Names of the people of an input, as far as they have any."""
    listed = summary.get("persons" if "photos" in summary else "people", ())
    return [str(one["name"]) for one in listed if one.get("name")]


def _who(summary: Mapping[str, Any]) -> str:
    """The people of a film: names as far as there are some, then how many more."""
    names, number = _names(summary), len(summary.get("people", ()))
    if not names:
        return count(number, "person", "people")
    left = number - len(names[:MOST_NAMED])
    # Each by itself: two Arabic or Hebrew names in a row would be read in the wrong order.
    listed = Markup(", ").join(
        Markup("<bdi>{}</bdi>").format(printable(name)) for name in names[:MOST_NAMED]
    )
    return listed + (f" and {left} more" if left else "")


def _links(result: Stored, files: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [
        {"href": _address(result, file), "name": name}
        for file, name in files
        if (result.folder / file).is_file()
    ]


def _main_page(folder: Path) -> str:
    there = (output.file for output in REGISTRY if (folder / output.file).is_file())
    return next(there, file_of("summary"))


def _address(result: Stored, name: str) -> str:
    return address(*result.name.split("/"), *name.split("/"))


def _if_there(result: Stored, name: str) -> str:
    return _address(result, name) if (result.folder / name).is_file() else ""


def _picture(result: Stored) -> str:
    """The strongest key moment; of photos the first; a plot where no pictures were kept."""
    people, moments = stored_thumbnails(result.folder)
    likely = {m["key_frame"]: m["probability"] for m in result.summary.get("moments", [])}
    best = max(moments, key=lambda frame: (likely.get(frame, 0.0), -frame), default=None)
    if best is not None:
        return _address(result, moments[best])
    if people:
        return _address(result, next(iter(people.values())))
    for name in result.summary.get("outputs", ()):
        if fnmatch(name, file_of("images")):
            return _if_there(result, name)
    return _if_there(result, file_of("plot"))


def _failed(failure: Failure) -> dict[str, Any]:
    return {
        "name": failure.name,
        "state": "error",
        "href": "",
        "picture": "",
        "gif": "",
        "duration_s": -1,
        "people": -1,
        "photos": None,
        "coverage": -1,
        "dominant": "",
        "shares": [],
        "warnings": [],
        "error": failure.error,
        "text": f"{failure.name} {failure.error}".lower(),
        "pages": [],
        "data": [],
    }


def _distinct(results: Sequence[Stored]) -> int:
    """How many people are in films: who is known across inputs counts once."""
    films = [result for result in results if "photos" not in result.summary]
    listed = [one for result in films for one in result.summary.get("people", ())]
    return len(gathered(films)) + sum(
        not one.get("person") and not one.get("name") for one in listed
    )


def _totals(items: Sequence[Mapping[str, Any]], people: int) -> list[dict[str, str]]:
    good = [item for item in items if item["state"] != "error"]
    failed = len(items) - len(good)
    warned = sum(item["state"] == "warning" for item in items)
    seconds = sum(item["duration_s"] for item in good)
    films = [item for item in good if item["photos"] is None]
    photos = [item for item in good if item["photos"] is not None]
    totals = [_counted(len(items), "input")]
    if films or not photos:
        totals.append({"name": "of video", "value": length(seconds), "kind": ""})
        totals.append(_counted(people, "person"))
    if photos:
        totals.append(_counted(sum(item["photos"] for item in photos), "photo"))
        totals.append(_counted(sum(item["people"] for item in photos), "face", "in photos"))
    if films:
        weight = sum(item["coverage"] * (item["duration_s"] or 1.0) for item in films)
        mean = weight / sum(item["duration_s"] or 1.0 for item in films)
        totals.append({"name": "of the time with a face", "value": percent(mean), "kind": ""})
    totals.append(
        {"name": "with warnings", "value": str(warned), "kind": "warning" if warned else ""}
    )
    totals.append({"name": "failed", "value": str(failed), "kind": "error" if failed else ""})
    return totals


def _counted(number: int, one: str, where: str = "") -> dict[str, str]:
    value, _, name = count(number, one).partition(" ")
    return {"name": f"{name} {where}".rstrip(), "value": value, "kind": ""}


def _downloads(out: Path) -> list[dict[str, str]]:
    names = dict.fromkeys(["summary.csv", *COMBINED.values(), *OF_BATCH])
    return [
        {"name": name, "href": address(name), "size": size(out / name)}
        for name in names
        if (out / name).is_file()
    ]
