"""Two runs of the benchmarks side by side: ``python -m benchmarks compare old.json new.json``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

# Within this two runs say the same: shared machines differ more than that from minute to minute.
SAME = 0.03


def compare(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """A line for each row of ``new``: what, before, now, change in percent, better or worse."""
    before = {row["what"]: row for row in old}
    lines: list[tuple[str, ...]] = []
    for row in new:
        known = before.get(row["what"])
        if known is None or known["value"] != known["value"] or not known["value"]:
            lines.append((row["what"], "", f"{row['value']:.3g}", "", "new"))
            continue
        change = row["value"] / known["value"] - 1
        better = change < 0 if row["better"] == "low" else change > 0
        word = "same" if abs(change) <= SAME else "better" if better else "worse"
        lines.append(
            (row["what"], f"{known['value']:.3g}", f"{row['value']:.3g}", f"{change:+.0%}", word)
        )
    return lines


def main(arguments: list[str]) -> None:
    """Print the table; exit status 1 where a row is worse."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks compare", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    options = parser.parse_args(arguments)
    old, new = (json.loads(path.read_text("utf-8"))["rows"] for path in (options.old, options.new))
    lines = compare(old, new)
    for what, before, now, change, word in lines:
        print(f"{what:<48}{before:>10}{now:>10}{change:>8}  {word}")
    sys.exit(1 if any(line[-1] == "worse" for line in lines) else 0)
