"""What decoders say of damaged images does not reach the terminal; all else does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.jobs.item.children.glance import looks_like_film_apart
from fer_batch.media.image_sets import photos_or_frames

PROGRAM = """
import os, sys
from fer_batch.jobs.item.children.sieve import sift_stderr

end = sift_stderr()
os.write(2, b"libpng error: IDAT: CRC error\\nCorrupt JPEG data: premature end of data segment\\n")
print("a line", file=sys.stderr, flush=True)
os.write(2, b"libpng error: again\\nthe last one has no end")
end()
print(", and is complete", file=sys.stderr, flush=True)
"""


def test_remarks_of_decoders_are_left_out_and_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    said = "a line\nthe last one has no end, and is complete\n"
    assert (done.returncode, done.stderr) == (0, said)


def test_a_look_at_damaged_images_is_silent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 96, 3), np.uint8)
    content = bytearray(cv2.imencode(".png", noise)[1].tobytes())
    content[len(content) // 2] ^= 255
    files = [tmp_path / f"shot_{number}.png" for number in range(6)]
    for file in files:
        file.write_bytes(content)
    assert photos_or_frames(files, Limits(), looks_like_film_apart) == "photos"
    assert capfd.readouterr().err == ""
