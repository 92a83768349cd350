"""Options of commands come from the fields of settings, and become settings again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from fer_batch.cli.settings import with_settings
from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.errors import UsageError
from fer_batch.option import Settings, option, options_of
from fer_batch.option_text import parse_names


def four(text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError:
        numbers = (0,)
    if len(numbers) not in (0, 4):
        raise ValueError("is not x,y,w,h")
    return numbers


@dataclass(frozen=True)
class Some(Settings):
    """One of each kind."""

    count: int = option(3, "How many.", low=1, high=9)
    share: float = option(0.5, "How much.")
    loud: bool = option(False, "Loudly.")
    images: str = option("auto", "What images are.", choices=("auto", "photos", "frames"))
    columns: tuple[str, ...] = option((), "Columns.", parse=parse_names)
    crop: tuple[int, ...] = option((), "Part of the picture.", parse=four, form="X,Y,W,H")
    begin_s: float = option(0.0, "Begin here.", flag="from")
    inner: int = option(7, "Nothing for the command line.", flag=None)


@dataclass(frozen=True)
class Other(Settings):
    kind: str = option("a", "Another.")


def called(*arguments: str) -> tuple[Any, dict[str, Any]]:
    """The result of a command with the two settings, and what it was called with."""
    got: dict[str, Any] = {}
    app = typer.Typer()

    @app.command()
    @with_settings
    def go(
        path: Annotated[str, typer.Argument()], *, some: Some, other: Other, late: bool = False
    ) -> None:
        """Go there."""
        got.update(path=path, some=some, other=other, late=late)

    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1"}), got


def test_without_options_there_are_the_defaults() -> None:
    result, got = called("x")
    assert result.exit_code == 0, result.output
    assert got == {"path": "x", "some": Some(), "other": Other(), "late": False}


def test_every_kind_of_option_arrives() -> None:
    words = [
        "--count",
        "9",
        "--share",
        "0.25",
        "--loud",
        "--images",
        "photos",
        "--columns",
        "a,b",
        "--crop",
        "1,2,3,4",
    ]
    result, got = called("x", *words, "--from", "1.5", "--kind", "b", "--late")
    assert result.exit_code == 0, result.output
    assert got["some"] == Some(9, 0.25, True, "photos", ("a", "b"), (1, 2, 3, 4), 1.5)
    assert got["other"] == Other("b") and got["late"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--count 10", "--count: 10 is out of range; it must be 1 to 9"),
        ("--images film", "--images: 'film' is unknown; choose from auto, photos, frames"),
        ("--crop 1,2", "--crop: '1,2' is not x,y,w,h"),
        ("--crop a,b,c,d", "--crop: 'a,b,c,d' is not x,y,w,h"),
    ],
)
def test_what_cannot_be_names_its_option(words: str, line: str) -> None:
    result, got = called("x", *words.split())
    assert isinstance(result.exception, UsageError) and str(result.exception) == line
    assert got == {}


def test_the_help_is_made_of_the_fields() -> None:
    text = called("--help")[0].output
    for words in (
        "--from",
        "Begin here.",
        "1 to 9",
        "auto, photos, frames",
        "X,Y,W,H",
        "Go there.",
    ):
        assert words in text
    assert "Nothing for" not in text and "--inner" not in text


def test_run_has_an_option_for_each_setting_that_has_one() -> None:
    from fer_batch.cli import main
    from fer_batch.cli.commands import register

    register(main.app)
    commands = typer.main.get_command(main.app).commands  # type: ignore[attr-defined]
    wanted = {
        "run": (AnalyzeSettings, RenderSettings, RunSettings),
        "submit": (AnalyzeSettings, RenderSettings),
        "render": (RenderSettings,),
    }
    for command, kinds in wanted.items():
        there = {name: one for one in commands[command].params for name in one.opts}
        for kind in kinds:
            for name, default, said in options_of(kind):
                if said.flag is not None:
                    one = there[said.title(name)]
                    assert one.default == (said.as_text(default) if said.parse else default)
