"""The way to the shipped models, walked from end to end with a tiny network."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.load import open_classifier
from fer_batch.training.data.landmarks import save_landmarks
from fer_batch.training.data.template import DEFAULT_TEMPLATE
from tests.training.made_faces import made_faces, write_csv

ROOT = Path(__file__).parents[2]
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


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_a_rehearsal_makes_every_model_that_is_shipped(tmp_path: Path) -> None:
    faces = made_faces(140, 42)
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
