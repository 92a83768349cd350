"""The way to the shipped models, walked from end to end with a tiny network."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.load import open_classifier
from fer_batch.training.data.landmarks import save_landmarks
from fer_batch.training.data.template import DEFAULT_TEMPLATE
from tests.training.made_faces import made_faces, write_csv

ROOT = Path(__file__).parents[2]
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
SHIPPED = {card.stem for card in (ROOT / "models").glob("*.json")}


def make(out: Path, data: Path, votes: Path) -> "subprocess.CompletedProcess[str]":
    given = (f"FER2013={data}", f"FERPLUS={votes}", f"OUT={out}", f"FER_BATCH={program()}")
    return subprocess.run(
        ["make", "--no-print-directory", "-f", "scripts/models.mk", *given, "REHEARSE=1"],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=1500,
    )


def program() -> str:
    return str(Path(sys.executable).with_name("fer-batch"))


def commands(out: Path) -> list[list[str]]:
    """All that the real way would call, without calling it: the words after ``fer-batch``."""
    given = (f"OUT={out}", "FER_BATCH=fer-batch", "FER2013=faces.csv", "FERPLUS=votes.csv")
    targets = ("models", "teacher")
    done = subprocess.run(
        ["make", "-n", "-f", "scripts/models.mk", *given, *targets],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    lines = done.stdout.replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("fer-batch ")]


@needs_make
def test_every_command_of_the_real_way_is_understood_and_uses_what_is_made_before(
    tmp_path: Path,
) -> None:
    """The rehearsal copies stages; what they are called with is read by the command itself."""
    from typer import Typer
    from typer.main import get_command

    from fer_batch.cli.commands import register
    from fer_batch.training.network.architectures import architecture

    register(app := Typer())
    group: Any = get_command(app)
    made: set[Path] = set()
    found = commands(tmp_path / "out")
    assert len(found) >= 13
    for name, *words in found:
        with group.commands[name].make_context(name, list(words)) as context:
            given = context.params
        if given.get("arch"):
            architecture(given["arch"])
        used = [*given.get("teacher", ()), *given.get("start_from", ())]
        for model in (Path(used) for used in used if used.endswith(".json")):
            assert model.parent in made, (name, words)
        if "out" in given:
            made.add(Path(given["out"]))
    assert {
        tmp_path / "out" / name for name in ("sixth", "film", "blend", "models", "large")
    } <= made


@needs_make
def test_a_rehearsal_makes_every_model_that_is_shipped(tmp_path: Path) -> None:
    faces = made_faces(70, 21)
    data, votes = write_csv(tmp_path, faces)
    out = tmp_path / "training"
    missing = make(out, tmp_path / "none.csv", votes)
    assert missing.returncode != 0 and "no such files" in missing.stderr
    out.mkdir(exist_ok=True)
    # Drawn faces have no landmarks that a detector finds.
    template = np.array(DEFAULT_TEMPLATE, np.float32)
    save_landmarks(out / "landmarks.npz", np.repeat(template[None], len(faces), axis=0))
    done = make(out, data, votes)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    made = {card.stem for card in (out / "models").glob("*.json")}
    assert made == SHIPPED
    for name in made:
        card = ModelCard.read(out / "models" / f"{name}.json")
        shipped = json.loads((ROOT / "models" / f"{name}.json").read_text())
        assert list(card.labels) == shipped["labels"] and set(card.files) == set(shipped["files"])
        said = open_classifier(str(card.path)).classify(faces.images[:4])
        assert said.shape == (4, len(card.labels)) and np.allclose(said.sum(axis=1), 1, atol=1e-3)
    again = make(out, data, votes)
    assert again.returncode == 0 and "Nothing to be done" in again.stdout, again.stdout
