"""The commands: the name of each, its group, and the function behind it.

A new command is its function and a line here. Only the command that was called is imported, so
that none pays for the others; all are where their names are listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import NamedTuple

import typer

from fer_batch.cli.blurred import BlurredCommand
from fer_batch.cli.groups import ANALYSE, QUEUE, RESULTS, SYSTEM, TRAIN


class Command(NamedTuple):
    """``group`` one of ``GROUPS``; ``place`` a module of ``fer_batch.cli`` and a function in it."""

    name: str
    group: str
    place: str


COMMANDS = (
    Command("run", ANALYSE, "run:run"),
    Command("demo", ANALYSE, "demo:demo"),
    Command("render", RESULTS, "render:render"),
    Command("review", RESULTS, "review.command:review"),
    Command("report", RESULTS, "report:report"),
    Command("open", RESULTS, "report:open_page"),
    Command("models", SYSTEM, "models:models"),
    Command("doctor", SYSTEM, "doctor.doctor:doctor"),
    Command("submit", QUEUE, "queue.submit:submit"),
    Command("status", QUEUE, "queue.watch:status"),
    Command("wait", QUEUE, "queue.watch:wait"),
    Command("download", QUEUE, "queue.results:download"),
    Command("logs", QUEUE, "queue.results:logs"),
    Command("jobs", QUEUE, "queue.admin:jobs"),
    Command("cancel", QUEUE, "queue.admin:cancel"),
    Command("retry", QUEUE, "queue.admin:retry"),
    Command("rm", QUEUE, "queue.admin:rm"),
    Command("worker", QUEUE, "queue.stack:worker"),
    Command("up", QUEUE, "queue.stack:up"),
    Command("down", QUEUE, "queue.stack:down"),
    Command("train", TRAIN, "train.train:train"),
    Command("evaluate", TRAIN, "train.evaluate:evaluate"),
    Command("robustness", TRAIN, "train.robustness:robustness"),
    Command("calibrate", TRAIN, "train.calibrate:calibrate"),
    Command("answers", TRAIN, "train.answers:answers"),
    Command("export", TRAIN, "train.export:export"),
    Command("quantise", TRAIN, "train.export:quantise"),
    Command("narrow", TRAIN, "train.export:narrow"),
    Command("add-second", TRAIN, "train.second:add_second"),
)


def register(app: typer.Typer, commands: Iterable[Command] = COMMANDS) -> None:
    """Give ``app`` those of ``commands`` that it has not."""
    there = {one.name for one in app.registered_commands}
    for name, group, place in commands:
        if name not in there:
            module, function = place.split(":")
            called = getattr(import_module(f"fer_batch.cli.{module}"), function)
            app.command(name, cls=BlurredCommand, rich_help_panel=group)(called)


def needed(words: Sequence[str], completing: bool) -> tuple[Command, ...]:
    """What the command line ``words``, without the program's name, has to know: the one command
    that is called, or all for help, a typing error or a shell that is ``completing``."""
    one = tuple(command for command in COMMANDS if [command.name] == [*words[:1]])
    return COMMANDS if completing or not one else one
