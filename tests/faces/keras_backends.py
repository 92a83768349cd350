"""The backends of Keras that are installed, and programs that run on one of them."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

BACKENDS = ("tensorflow", "jax", "torch")


def run_on(backend: str, program: str, *arguments: str) -> str:
    """What ``program`` prints in a process of its own with Keras on ``backend``, on the CPU.

    Skips the test where that is not installed.
    """
    for name in ("keras", backend):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
