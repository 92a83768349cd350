"""The same code trains on each backend of Keras that is installed, each in its own process."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
import keras
import numpy as np
from fer_batch.training.fit import Training
from fer_batch.training.settings import train_settings
from fer_batch.training.data.targets import JOINT
from tests.training.made_faces import made_faces

settings = train_settings("tiny", JOINT, 3, batch_size=28, learning_rate=0.01)
training = Training(settings, made_faces(112, 14), Path(sys.argv[1]))
model = training.run(False, lambda line: None)
losses = [row["loss"] for row in training.history]
assert losses[-1] < losses[0] and np.isfinite(losses).all(), losses
resumed = Training(settings, made_faces(112, 14), Path(sys.argv[1])).result()
for a, b in zip(model.get_weights(), resumed.get_weights()):
    assert np.allclose(a, b, atol=1e-4)
print(keras.backend.backend())
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_trains_and_resumes(backend: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-1] == backend
