"""The program as a whole: commands, version, and that the docs name every command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.conftest import fer_batch

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def commands() -> list[str]:
    """Names of commands as the program lists them."""
    done = fer_batch("--help")
    assert done.returncode == 0
    return [line.split()[0] for lines in sections(done.stdout).values() for line in lines]


def sections(text: str) -> dict[str, list[str]]:
    """Lines of commands by the group that they stand in."""
    listed = text[text.index("Analyse:") :].strip().split("\n\n")
    parts = [part.splitlines() for part in listed]
    return {title.rstrip(":"): lines for title, *lines in parts}


def test_the_commands_of_one_machine_are_there(commands: list[str]) -> None:
    assert {"run", "demo", "render", "models", "doctor"} <= set(commands)


def test_every_command_is_in_the_docs(commands: list[str]) -> None:
    reference = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    documented = re.findall(r"^### fer-batch ([a-z-]+)$", reference, flags=re.MULTILINE)
    assert sorted(documented) == sorted(commands), "run `make docs`"


def test_every_option_is_in_the_docs() -> None:
    from typer.main import get_command

    from fer_batch.cli import main
    from fer_batch.cli.commands import register

    register(main.app)
    reference = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for name, command in get_command(main.app).commands.items():  # type: ignore[attr-defined]
        section = reference.split(f"### fer-batch {name}\n")[1].split("\n### ")[0]
        documented = set(re.findall(r"--[a-z][a-z-]*", section))
        options = [o for p in command.params if not getattr(p, "hidden", False) for o in p.opts]
        missing = {o for o in options if o.startswith("--")} - documented
        assert not missing, f"{name}: {missing} not in docs/cli.md; run `make docs`"


def test_no_doc_names_a_command_that_is_not_there(commands: list[str]) -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"(?m)^(?:    |\$ )fer-batch ([a-z]+)", text))
        assert named <= set(commands), page.name


def test_a_place_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    out = tmp_path / ("long" * 100) / "out"
    done = fer_batch("run", tmp_path / "photo.jpg", "-o", out)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"fer-batch: {out}: file name too long\n"


def test_every_command_explains_itself(commands: list[str]) -> None:
    from typer.testing import CliRunner

    from fer_batch.cli import main
    from fer_batch.cli.commands import register

    register(main.app)
    for command in commands:
        said = CliRunner().invoke(main.app, [command, "--help"])
        assert said.exit_code == 0, command
        first = said.output.splitlines()[2].strip()
        assert len(first) > 10 and first[0].isupper(), command


def test_the_list_of_commands_has_whole_sentences() -> None:
    groups = sections(fer_batch("--help").stdout)
    assert list(groups) == ["Analyse", "Results", "Queue", "Train", "System"]
    listed = [line for lines in groups.values() for line in lines]
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


def test_version() -> None:
    from importlib.metadata import version

    done = fer_batch("--version")
    assert done.stdout.strip() == version("fer-batch")


def test_the_package_is_the_program_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fer_batch", "--version"], capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stdout == fer_batch("--version").stdout


def test_wrong_words_are_wrong_usage() -> None:
    for arguments in (["dance"], ["run"], ["run", "x", "--every", "0"], ["models", "a", "b"]):
        done = fer_batch(*arguments)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rnu"], "no such command 'rnu'. Did you mean 'run'? see `fer-batch -h`"),
        (["run"], "missing argument 'paths'; see `fer-batch run -h`"),
        (["run", "x", "--every", "two"], "--every: 'two' is not a whole number; see"),
        (["run", "x", "--fps", "1,5"], "--fps: '1,5' is not a number; see `fer-batch run -h`"),
        (["run", "x", "--evry", "2"], "no such option: --evry"),
        (["run", "x", "--every"], "option '--every' requires an argument; see `fer-batch -h`"),
        (["jobs", "--limit", "0"], "--limit: it must be 1 or more; see `fer-batch jobs -h`"),
        (["jobs", "--limit", "1001"], "--limit: it must be 1000 or less; see"),
        (["jobs", "--limit", "1.5"], "--limit: it must be a whole number; see"),
        (["demo", "--seconds", "x"], "--seconds: it must be a number; see"),
    ],
)
def test_wrong_words_are_said_in_one_line(words: list[str], said: str) -> None:
    done = fer_batch(*words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"fer-batch: {said}")


def test_help_before_a_command_lists_all_of_them() -> None:
    assert fer_batch("-h", "run").stdout == fer_batch("-h").stdout


def test_readme_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "install.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "    make demo" in readme and "    make test" in readme
