"""Writes ``docs/cli.md`` from what the commands say of themselves. Run as ``make docs``."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from fer_batch.cli import main
from fer_batch.cli.commands import register
from fer_batch.cli.groups import GROUPS
from fer_batch.outputs import REGISTRY

TARGET = Path(__file__).parents[1] / "docs" / "cli.md"
INTRO = """\
# Commands

<!-- Written by `make docs` from the commands themselves; change the words there. -->

Exit status everywhere: 0 success, 1 something failed (the rest is complete), 2 the command was
called wrongly, 130 stopped with Ctrl-C. Errors are single lines on standard error. With `--json`,
standard output holds JSON and nothing else.
"""


def reference() -> str:
    """The page: a section for each command with its help."""
    register(main.app)
    commands = [command for command in main.app.registered_commands if not command.hidden]
    runner = CliRunner(env={"COLUMNS": "90", "TERMINAL_WIDTH": "90", "NO_COLOR": "1"})
    parts = [INTRO]
    for group in GROUPS:
        parts.append(f"## {group}\n")
        for name in [c.name for c in commands if c.rich_help_panel == group]:
            said = runner.invoke(main.app, [str(name), "--help"], prog_name="fer-batch").output
            lines = "\n".join(line.rstrip() for line in said.strip().splitlines())
            parts.append(f"### fer-batch {name}\n\n```text\n{lines}\n```\n")
    return "\n".join([*parts, outputs()])


def outputs() -> str:
    """What `--outputs` and `--only` may name."""
    rows = [f"| `{o.name}` | `{o.file}` | {o.text} |" for o in REGISTRY]
    return "\n".join(["## Outputs\n", "| name | file | what it is |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
    print(f"wrote {TARGET}")
