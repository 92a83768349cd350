"""What lies in a folder of results: every finished input, and those that failed.

A result is known by its record (``summary.json``), which is written last of all. Results may lie
in folders within folders, as their inputs do. Links are not followed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_batch import door
from fer_batch.atomic import write_text
from fer_batch.errors import NotFoundError, UnreadableError
from fer_batch.output.foreign import read_summary_file
from fer_batch.outputs import RECORDS

FAILURES = ".failures.json"
MOST_FOLDERS = 8


@dataclass(frozen=True, slots=True)
class Stored:
    """One finished input: its ``name`` is the path of ``folder`` below the results' folder, with
    forward slashes; ``summary`` its record."""

    name: str
    folder: Path
    summary: Mapping[str, Any]

    @property
    def path(self) -> str:
        """Where the input was."""
        return str(self.summary["input"].get("path", ""))

    @property
    def model(self) -> str:
        """Name of the model that named the expressions."""
        return str(self.summary.get("model", {}).get("name", ""))

    @property
    def asked_second(self) -> bool:
        """Whether a second network was asked, too."""
        return bool(self.summary.get("model", {}).get("second_opinion"))

    @property
    def of_photos(self) -> bool:
        """Whether it is of photos, each by itself, not of a film."""
        return "photos" in self.summary

    @property
    def content(self) -> tuple[str, str, bool]:
        """What was analysed by what: the same for a copy of the same file."""
        return str(self.summary["input"].get("sha256", "")), self.model, self.asked_second


@dataclass(frozen=True, slots=True)
class Failure:
    """An input without a result: what it is called, where it was, and the line that says why."""

    name: str
    error: str
    path: str = ""
    status: str = "failed"


def read_record(folder: Path) -> dict[str, Any]:
    """The summary of a finished input; empty where there is none that can be read."""
    for name in RECORDS:
        with suppress(NotFoundError, UnreadableError):
            return read_summary_file(folder / name)
    return {}


def counts_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """How many frames, or photos, a summary tells of, by status; empty where it is none."""
    found = data.get("photos", data.get("frames"))
    return found if isinstance(found, dict) else {}


def holds_results(out: Path) -> bool:
    """Whether a result lies below ``out``; the first one that is found is enough."""
    return next(_walk(out), None) is not None


def stored_results(out: Path, besides: Collection[Path] = ()) -> list[Stored]:
    """Every result below ``out``, in natural order of name. The same content stands once.

    ``besides``: folders of results, with all links resolved, that are left out unread.

    Raises:
        NotFoundError: there is no such folder.
    """
    if not out.is_dir():
        raise NotFoundError(f"{out}: there is no such folder")
    return in_order(_walk(out, besides))


def in_order(results: Iterable[Stored]) -> list[Stored]:
    """``results`` in natural order of name, the same content once, as tables tell of them."""
    import natsort

    ordered: list[Stored] = natsort.natsorted(results, key=lambda result: result.name)
    once: dict[tuple[object, ...], Stored] = {}
    for result in ordered:
        once.setdefault(result.content if result.content[0] else (result.name,), result)
    return list(once.values())


def places(out: Path) -> dict[str, Path]:
    """Names of the results that lie in ``out``, each with the path of its input."""
    return {result.name: Path(result.path) for result in _walk(out) if result.path}


def results_of(folder: Path) -> tuple[Path, str]:
    """The folder of results that the result in ``folder`` belongs to, and its name there.

    That is the nearest one above with a ``summary.csv``, else the folder above.
    """
    place = folder.resolve()
    above = place.parents[:MOST_FOLDERS]
    out = next((up for up in above if (up / "summary.csv").is_file()), place.parent)
    return out, place.relative_to(out).as_posix()


def _walk(out: Path, besides: Collection[Path] = ()) -> Iterator[Stored]:
    waiting = [out]  # not by recursion: a stranger's folders may lie deeper than Python calls
    while waiting:
        folder = waiting.pop()
        if besides and folder.resolve() in besides:
            continue
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except OSError:
            continue
        names = {entry.name for entry in found}
        if folder != out and names & set(RECORDS) and (summary := read_record(folder)):
            yield Stored(folder.relative_to(out).as_posix(), folder, summary)
            continue  # results do not lie within results
        waiting += [
            folder / entry.name
            for entry in found
            if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
        ]


def read_failures(out: Path) -> list[Failure]:
    """Inputs that have failed in earlier runs into ``out`` and have no result since."""
    found: list[Failure] = []
    with suppress(OSError, ValueError):
        data = door.record(door.parse_json(door.read_regular(out / FAILURES)), "failures")
        for entry in door.rows(data.get("failures", []), "failures"):
            values = door.record(entry, "failures")
            if set(values) <= set(Failure.__slots__):
                found.append(Failure(**{n: door.text(v, n) for n, v in values.items()}))
    return found


def write_failures(out: Path, failures: Iterable[Failure]) -> None:
    """Keep them for the runs that follow; no file where there are none."""
    kept = [{name: getattr(f, name) for name in Failure.__slots__} for f in failures]
    if kept:
        write_text(out / FAILURES, json.dumps({"failures": kept}))
    else:
        (out / FAILURES).unlink(missing_ok=True)
