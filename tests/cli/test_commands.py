"""The list of commands: all of them are there, and only the one that is called is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from fer_batch.cli.commands import COMMANDS, needed, register
from fer_batch.cli.groups import GROUPS


def test_every_command_is_given_to_the_program_once() -> None:
    app = typer.Typer()
    register(app, COMMANDS[:3])
    register(app)
    assert sorted(str(one.name) for one in app.registered_commands) == sorted(
        command.name for command in COMMANDS
    )
    assert {command.group for command in COMMANDS} == set(GROUPS)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["run", "videos", "-o", "out"], ["run"]),
        (["status"], ["status"]),
        (["run", "--help"], ["run"]),
    ],
)
def test_a_line_that_calls_a_command_needs_that_one(words: list[str], names: list[str]) -> None:
    assert [command.name for command in needed(words, completing=False)] == names
    assert needed(words, completing=True) == COMMANDS


@pytest.mark.parametrize("words", [[], ["--help"], ["--version"], ["-h", "run"], ["rnu", "run"]])
def test_help_and_a_typing_error_need_all(words: list[str]) -> None:
    assert needed(words, completing=False) == COMMANDS


def test_the_program_loads_no_other_command() -> None:
    code = (
        "import sys; from fer_batch.cli import main; sys.argv = ['fer-batch', 'run', '--help']\n"
        "try: main.main()\nexcept SystemExit: pass\n"
        "print(*[name for name in sys.modules if name.startswith('fer_batch.cli.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "fer_batch.cli.run" in loaded
    assert not loaded & {"fer_batch.cli.queue.submit", "fer_batch.cli.train.train"}


@pytest.mark.parametrize("name", ["run", "render", "submit"])
def test_what_draws_takes_whom_to_blur_behind_blur_faces(name: str) -> None:
    code = (
        "import sys; from fer_batch.cli import main\n"
        f"sys.argv = ['fer-batch', '{name}', '/no/such/place', '--blur-faces', 'Anna']\nmain.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2 and "type --blur Anna" in done.stderr, done.stderr
