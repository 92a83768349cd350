"""``summary.csv``: a row for each input of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fer_batch.atomic import atomic_path
from fer_batch.output.formats.dialect import DIALECTS, Dialect, TableWriter
from fer_batch.output.stored import counts_of
from fer_batch.printable import cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ROW_COLUMNS = (
    "input",
    "status",
    "error",
    "model",
    "frames",
    "ok",
    "no_face",
    "unusable",
    "skipped",
    "decode_error",
    "people",
    "dominant",
    "duration_s",
    "coverage",
    "seconds",
    "path",
)

COUNTED = ("ok", "no_face", "skipped", "decode_error")
"""What becomes of a frame: the words of ``FrameStatus``, which would bring numpy with it."""


def done_row(data: Mapping[str, Any], *, name: str, path: str) -> dict[str, Any]:
    """The row of ``summary.csv`` for a finished input: its name, its record, where it was."""
    frames = counts_of(data)
    return {
        "input": name,
        "status": "done",
        "error": "",
        "model": data.get("model", {}).get("name", ""),
        "frames": frames["total"],
        **{status: frames.get(status, "") for status in COUNTED},
        "people": data["faces"] if "faces" in data else len(data.get("people", ())),
        "dominant": data.get("dominant", ""),
        "unusable": data.get("unusable", {}).get("faces", 0),
        "duration_s": data["input"].get("duration_s", ""),
        "coverage": data.get("coverage", ""),
        "seconds": data.get("timings", {}).get("total_s", ""),
        "path": path,
        "share": dict(data.get("share", {})),
    }


def failed_row(*, name: str, error: str, status: str = "failed", path: str = "") -> dict[str, Any]:
    """The row of ``summary.csv`` for an input without a result; ``error`` is its one line."""
    return {"input": name, "status": status, "error": error, "path": path}


def write_batch_csv(
    rows: Sequence[Mapping[str, Any]], path: Path, dialect: Dialect = DIALECTS["plain"]
) -> None:
    """Write ``summary.csv``, a row per input in the order given.

    Columns are ``ROW_COLUMNS`` and ``share_<label>`` for each label that any row has.

    Raises:
        NoSpaceError: the disk is full.
        OutputPathError: the folder cannot be written to.
    """
    labels = list(dict.fromkeys(label for row in rows for label in row.get("share", {})))
    names = [*ROW_COLUMNS[:-1], *(f"share_{label}" for label in labels), ROW_COLUMNS[-1]]
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding=dialect.encoding, newline="") as file,
    ):
        writer = TableWriter(file, names, dialect)
        for row in rows:
            share = {f"share_{label}": value for label, value in row.get("share", {}).items()}
            cells = {**row, **share}
            writer.writerows([[_cell(cells.get(name, "")) for name in names]])


def _cell(value: Any) -> str:
    return f"{value:.6f}" if isinstance(value, float) else cell(str(value))
