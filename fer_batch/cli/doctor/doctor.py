"""``fer-batch doctor``: what is installed, and whether it is sound."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fer_batch.cli.cells import padded, width
from fer_batch.cli.console import echo, echo_beside, echo_data, styled
from fer_batch.cli.doctor.check import Check
from fer_batch.cli.doctor.checks import all_checks
from fer_batch.printable import one_line

INDENT = 26  # cells of a mark and a name
MARKS = {"ok": ("✓", "green"), "note": ("!", "yellow"), "wrong": ("✗", "red")}


def doctor(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder that results would go to.")
    ] = Path(),
    clean: Annotated[
        bool,
        typer.Option("--clean", help="Remove what interrupted submissions left in the storage."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the installation.

    Processors, codecs, models and their hashes, the output folder, the queue. A check that fails
    says what to do. Exit status: 0 all checks passed, 1 some failed.
    """
    if clean:
        from fer_batch.cli.doctor.clean import clean_storage

        clean_storage()
    checks = []
    for check in all_checks(out):
        checks.append(check)
        if not as_json:
            _show(check)
    wrong = sum(check.state == "wrong" for check in checks)
    if as_json:
        data = {"ok": not wrong, "checks": [asdict(check) for check in checks]}
        echo_data(json.dumps(data, indent=2))
    elif wrong:
        echo()
        echo(f"{wrong} {'check' if wrong == 1 else 'checks'} failed")
    else:
        echo()
        echo("all checks passed")
    raise typer.Exit(1 if wrong else 0)


def _show(check: Check) -> None:
    mark, colour = MARKS[check.state]
    head = padded(one_line(f"  {check.name}"), INDENT)
    echo_beside(styled(mark, fg=colour) + head[1:], width(head), check.found)
    if check.advice:
        echo_beside(" " * INDENT, INDENT, f"→ {check.advice}", fg=colour)
