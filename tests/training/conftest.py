"""One small training that several tests look at."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.training.made_faces import made_faces, write_csv


@pytest.fixture(scope="session")
def made_data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """``fer2013.csv`` and ``fer2013new.csv`` of drawn faces."""
    return write_csv(tmp_path_factory.mktemp("data"), made_faces(280, 70))


@pytest.fixture(scope="session")
def commands() -> object:
    """The training commands as an app of their own, so that no test needs the whole program."""
    import typer

    from fer_batch.cli.commands import COMMANDS, register
    from fer_batch.cli.groups import TRAIN

    app = typer.Typer(pretty_exceptions_enable=False)
    register(app, [command for command in COMMANDS if command.group == TRAIN])
    return app


@pytest.fixture(scope="session")
def trained(
    tmp_path_factory: pytest.TempPathFactory, made_data: tuple[Path, Path], commands: object
) -> Path:
    """The folder that ``fer-batch train`` leaves: joint targets, small network, drawn faces.

    One for all processes of a run of the tests: whoever comes first trains.
    """
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "trained"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        out = place / "out"
        if not out.exists():
            _train(*made_data, commands, place / "begun")
            (place / "begun").rename(out)
    return out


def _train(data: Path, votes: Path, commands: object, out: Path) -> None:
    arguments = [
        *("train", str(data), "-o", str(out), "--fer-plus", str(votes), "--targets", "joint"),
        *("--arch", "tiny", "--epochs", "10", "--cooldown-epochs", "2", "--batch-size", "28"),
        *("--lr", "0.01", "--seed", "3"),
    ]
    result = CliRunner().invoke(commands, arguments, catch_exceptions=False)  # type: ignore[arg-type]
    assert result.exit_code == 0, result.output
