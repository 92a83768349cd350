"""``history.csv``: one row an epoch, readable by people and spreadsheets."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from fer_batch.training.checkpoint import write_atomically


def write_history(path: Path, rows: list[dict[str, float]]) -> None:
    """Replaces ``path`` with a table of ``rows``; columns in the order they first occurred."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows
    )
    write_atomically(path, text.getvalue())
