"""Whose faces are blurred: each form of the options, and what is not guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from fer_batch.cli.blurred import BlurredCommand, with_whom
from fer_batch.cli.settings import with_settings
from fer_batch.config import RenderSettings
from fer_batch.errors import UsageError


def read(*words: str) -> tuple[bool, tuple[str, ...], list[str]]:
    """What a command with these options is told: everyone, who, and its paths."""
    got: list[tuple[bool, tuple[str, ...], list[str]]] = []
    app = typer.Typer()

    @app.command(cls=BlurredCommand)
    @with_settings
    def draw(
        paths: Annotated[list[str], typer.Argument()],
        out: str = "",
        *,
        render: RenderSettings,
    ) -> None:
        got.append((render.blur_faces, render.blur, paths))

    done = CliRunner().invoke(app, words)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return got[0]


@pytest.mark.parametrize(
    ("words", "everyone", "who"),
    [
        (("film", "--blur-faces"), True, ()),
        (("film", "--blur-faces", "all"), False, ("all",)),
        (("film", "--blur-faces", "others"), False, ("others",)),
        (("--blur-faces", "Others", "film"), False, ("others",)),
        (("--blur-faces=all", "film"), False, ("all",)),
        (("film", "--blur-faces=Anna,3"), False, ("Anna", "3")),
        (("film", "--blur", "Anna,3"), False, ("Anna", "3")),
        (("--blur-faces", "--out", "x", "film"), True, ()),
        (("--blur-faces", "film.mp4"), True, ()),
        (("--blur-faces", "--", "all"), True, ()),
    ],
)
def test_each_form(words: tuple[str, ...], everyone: bool, who: tuple[str, ...]) -> None:
    told = read(*words)
    assert told[:2] == (everyone, who)
    assert len(told[2]) == 1 and (told[2] == ["all"] or "film" in told[2][0])


def test_a_folder_behind_it_is_an_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    assert read("--blur-faces", "results") == (True, (), ["results"])


@pytest.mark.parametrize("name", ["Anna", "Anna,3", "3"])
def test_a_name_behind_it_is_told_what_to_type(name: str) -> None:
    with pytest.raises(UsageError, match=f"type --blur {name} "):
        with_whom(["results", "--blur-faces", name])


def test_two_answers_are_refused_and_none_is_dropped() -> None:
    for words in (["--blur", "Anna", "--blur", "Bea"], ["--blur-faces=Anna", "--blur=Bea"]):
        with pytest.raises(UsageError, match="once"):
            read("film", *words)
    with pytest.raises(UsageError, match="give that or --blur"):
        read("film", "--blur-faces", "--blur", "Anna")
