"""``fer-batch doctor``: what is installed, and whether it is sound."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fer_batch.cli.console import echo, echo_data, echo_parts, styled
from fer_batch.cli.doctor.check import Check
from fer_batch.cli.doctor.checks import all_checks
from fer_batch.printable import one_line

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
    echo_parts(styled(mark, fg=colour), one_line(f" {check.name:<24}{check.found}"))
    if check.advice:
        echo_parts(" " * 26, styled(f"→ {check.advice}", fg=colour))
