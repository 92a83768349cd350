"""Says whether enough of the package is tested, in all and file by file.

    coverage json -o - | python scripts/check_coverage.py

Exit status 1 where all files together are below ``LEAST`` percent of lines and branches, or one of
them is below ``LEAST_OF_A_FILE``; coverage itself knows only the first.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

LEAST = 90.0
LEAST_OF_A_FILE = 70.0


def problems(report: Mapping[str, Any]) -> list[str]:
    """What is below its limit in a report of ``coverage json``, one line each."""
    found = []
    total = report["totals"]["percent_covered"]
    if total < LEAST:
        found.append(f"all files: {total:.1f} % covered, at least {LEAST:g} % wanted")
    for name, file in sorted(report["files"].items()):
        percent = file["summary"]["percent_covered"]
        if percent < LEAST_OF_A_FILE:
            found.append(f"{name}: {percent:.1f} % covered, at least {LEAST_OF_A_FILE:g} % wanted")
    return found


def main() -> int:
    report = json.load(sys.stdin)
    found = problems(report)
    print("\n".join(found) or f"covered: {report['totals']['percent_covered']:.1f} %")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
