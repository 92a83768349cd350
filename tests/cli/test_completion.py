"""Completion in shells: the scripts, and what they are answered."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess

import pytest

from tests.end_to_end.conftest import PROGRAM

SHELLS = ("bash", "zsh", "fish")
# Without looking which shell called: that is asked for by name instead.
BY_NAME = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
CASES = [
    ("ru", {"run"}),
    ("run --dev", {"--device"}),
    ("run --device ", {"auto", "cpu", "gpu"}),
    ("run --outputs csv,pe", {"csv,people"}),
    ("download --only vi", {"video"}),
]


def ask(arguments: list[str], **environment: str) -> str:
    done = subprocess.run(
        [str(PROGRAM), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def script(shell: str) -> str:
    return ask(["--show-completion", shell], **BY_NAME)


def answers(shell: str, line: str) -> set[str]:
    """What the program offers ``shell`` for what is typed after its name."""
    if shell == "bash":
        words = line.split(" ")
        said = ask(
            [],
            _FER_BATCH_COMPLETE="complete_bash",
            COMP_WORDS=f"fer-batch {line}",
            COMP_CWORD=str(len(words)),
        )
        return set(said.split())
    facts = {
        "_FER_BATCH_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": f"fer-batch {line}",
    }
    if shell == "fish":
        said = ask([], **facts, _TYPER_COMPLETE_FISH_ACTION="get-args")
        return {row.split("\t")[0] for row in said.splitlines()}
    # _arguments '*: :(("run":"Annotate ..." ...))'
    inner = ask([], **facts).split("((", 1)[1].rsplit("))", 1)[0]
    return {word.split(":")[0] for word in shlex.split(inner)}


@pytest.mark.parametrize("shell", SHELLS)
def test_there_is_a_script_for_each_shell(shell: str) -> None:
    text = script(shell)
    assert f"_FER_BATCH_COMPLETE=complete_{shell}" in text and "fer-batch" in text
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=text, text=True, check=True, timeout=60)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("line", "wanted"), CASES)
def test_what_may_follow_is_offered(shell: str, line: str, wanted: set[str]) -> None:
    assert answers(shell, line) == wanted


def test_bash_completes_a_command() -> None:
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    typed = f"{script('bash')}\nCOMP_WORDS=(fer-batch dow); COMP_CWORD=1"
    done = subprocess.run(
        ["bash", "-c", f'{typed}\n_fer_batch_completion fer-batch\necho "${{COMPREPLY[@]}}"'],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": path},
    )
    assert set(done.stdout.split()) == {"down", "download"}, done.stderr
