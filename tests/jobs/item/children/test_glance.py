"""Whether images are photos or a film is told by a child: no image can end the run from there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

# In a process of its own, since this one has threads and would not fork.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from fer_batch.jobs.item.children import glance
from fer_batch.media import image_sets
from fer_batch.media.discover import discover

folder, what = sys.argv[1:]
whole = image_sets._thumb

def planted(path, limits):
    if what == "crash": os.kill(os.getpid(), signal.SIGSEGV)
    if what == "end": os._exit(0)
    if what == "stand still": signal.pause()
    if what == "much": held = bytearray(1 << 40)
    return whole(path, limits)

image_sets._thumb = planted
glance.MOST_S = 2.0 if what == "stand still" else 60.0
(found,) = discover([Path(folder)], look=glance.looks_like_film_apart)
print(found.images.kind, len(found.images.files), "cv2" in sys.modules)
"""


def told(folder: Path, what: str) -> str:
    command = [sys.executable, "-c", PROGRAM, folder, what]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    (tmp_path / "film").mkdir()
    picture = np.tile(np.arange(96, dtype=np.uint8), (64, 1))
    for number in range(6):
        cv2.imwrite(str(tmp_path / "film" / f"{number}.png"), np.roll(picture, number, axis=1))
    return tmp_path / "film"


def test_a_child_looks_and_the_parent_decodes_nothing(film: Path) -> None:
    assert told(film, "nothing") == "frames 6 False"


@pytest.mark.skipif(sys.platform != "linux", reason="bounds are the kernel's")
@pytest.mark.parametrize("what", ["crash", "end", "stand still", "much"])
def test_what_ends_the_child_leaves_photos(what: str, film: Path) -> None:
    assert told(film, what) == "photos 6 False"
