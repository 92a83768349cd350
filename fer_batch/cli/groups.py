"""Groups of commands, as `fer-batch --help` and ``docs/cli.md`` show them."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

ANALYSE = "Analyse"
RESULTS = "Results"
QUEUE = "Queue"
TRAIN = "Train"
SYSTEM = "System"
GROUPS = (ANALYSE, RESULTS, QUEUE, TRAIN, SYSTEM)


class GroupedCommands(TyperGroup):
    """Lists commands by the group that ``app.command(name, rich_help_panel=group)`` names."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each group, in the order of ``GROUPS``."""
        shown = {name: one for name, one in self.commands.items() if not one.hidden}
        longest = max(map(len, shown), default=0)
        for group in GROUPS:
            rows = [
                (f"{name:<{longest}}", one.get_short_help_str(formatter.width - 6 - longest))
                for name, one in shown.items()
                if getattr(one, "rich_help_panel", None) == group
            ]
            if rows:
                with formatter.section(group):
                    formatter.write_dl(rows)
