"""What messages advise can be done: a command that they name has the option that they name, and an
option without a command is one of every command that can say so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from fer_batch.cli import main
from fer_batch.cli.commands import COMMANDS, register

ROOT = Path(__file__).parents[2]
# Options that only some commands have, by which others are told how to go on.
OF_SOME = ("--resume", "--overwrite", "--memory-mb", "--show-faces")
# Where only commands with these options are asked: `run` and `demo`; `run` and `download`;
# the help of an option, and what excludes what.
THEIR_OWN = {
    "cli/run.py",
    "cli/demo.py",
    "cli/render.py",
    "cli/queue/results.py",
    "jobs/item/refusal.py",
    "training/run.py",
    "cli/train/train.py",
    "cli/doctor/checks.py",  # about a package: "overwrite each other's files"
}


def texts() -> Iterator[tuple[str, str]]:
    """Every text in the program that is no docstring, with its file; values within as X."""
    for file in sorted((ROOT / "fer_batch").rglob("*.py")):
        if "_vendor" in file.parts:
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if _has_doc(node)}
        inside = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in node.values
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = (p.value if isinstance(p, ast.Constant) else "X" for p in node.values)
                text = "".join(map(str, parts))
            elif isinstance(node, ast.Constant) and id(node) not in inside:
                text = node.value if isinstance(node.value, str) else ""
            else:
                continue
            if text and text not in docs:
                yield str(file.relative_to(ROOT / "fer_batch")), text


def _has_doc(node: ast.AST) -> bool:
    return isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """The options of each command."""
    register(main.app)
    group = typer.main.get_command(main.app)
    assert isinstance(group, TyperGroup)
    return {
        command.name: {word for one in group.commands[command.name].params for word in one.opts}
        for command in COMMANDS
    }


def test_commands_that_are_named_have_the_options_that_are_named(
    options: dict[str, set[str]],
) -> None:
    seen = 0
    for file, text in texts():
        for command, rest in re.findall(r"`fer-batch ([a-z-]+)([^`]*)`", text):
            if command.startswith("-"):
                continue
            assert command in options, (file, text)
            for word in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rest):
                assert word in options[command], (file, text)
                seen += 1
    assert seen >= 3


def test_options_of_some_commands_are_advised_with_the_command() -> None:
    for file, text in texts():
        for word in OF_SOME:
            if word in text and text != word and file not in THEIR_OWN:
                assert re.search(rf"`fer-batch [a-z]+ [^`]*{word}", text), (file, text)
