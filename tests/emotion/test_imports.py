import os
import subprocess
import sys
from importlib.util import find_spec

import pytest


@pytest.mark.parametrize(
    ("program", "absent"),
    [
        (
            "import fer_batch.emotion.load, fer_batch.emotion.models as m; m.list_models()",
            ("keras", "tensorflow", "cv2", "numpy", "ai_edge_litert"),
        ),
        (
            "from fer_batch.emotion.load import open_classifier; open_classifier('fer3')",
            ("keras", "tensorflow", "cv2"),
        ),
        (
            "import fer_batch.cli.train.train, fer_batch.cli.train.evaluate",
            ("keras", "tensorflow", "cv2", "numpy", "matplotlib"),
        ),
    ],
)
def test_heavy_libraries_load_only_where_they_are_used(
    program: str, absent: tuple[str, ...]
) -> None:
    check = f"import sys; bad = [m for m in {absent!r} if m in sys.modules]; assert not bad, bad"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{check}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="tensorflow is not installed")
def test_keras_loads_without_a_word() -> None:
    program = "from fer_batch.emotion.backend import load_keras; load_keras(); import keras"
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("W0000")]
    assert (done.returncode, done.stdout, said) == (0, "", [])
