"""``python -m benchmarks.upright FOLDER``: the pattern of ``faces/upright``, found anew.

FOLDER holds images/, photos of one person each. Every fourth is shown as it is, tilted, and upside
down; what the detector finds is aligned and told apart. Printed are the pattern and how many are
told right.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.quality import as_frame, read_grey
from fer_batch.config import AnalyzeSettings
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.models import find_model
from fer_batch.faces.align import appearance, crop_faces
from fer_batch.faces.detector import Detector, open_detector
from fer_batch.faces.largest import Largest
from fer_batch.types import Image

TILT = 40.0  # degrees, either way
SHRINKAGE = 0.3  # of the covariance towards a sphere: there are few faces for 144 cells


def vectors(detector: Detector, card: ModelCard, grey: Image) -> np.ndarray:
    """Appearance of the faces found, ``float32[n, 144]``."""
    frame = as_frame(grey)
    found = detector.detect(frame)
    crops = crop_faces(frame, found, np.array(card.template, np.float32), card.input_size)
    return appearance(crops).astype(np.float32)


def tilted(grey: Image, degrees: float) -> Image:
    """The picture turned about its middle."""
    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(grey, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def with_mirrors(rows: list[np.ndarray]) -> np.ndarray:
    """``float32[n, 144]`` with each one's mirror image."""
    joined = np.concatenate(rows)
    return np.concatenate([joined, joined.reshape(-1, 12, 12)[:, :, ::-1].reshape(-1, 144)])


def main() -> None:
    """Find and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    files = sorted((parser.parse_args().folder / "images").iterdir())[::4]
    detector, rng = Largest(open_detector("yunet"), 1), np.random.default_rng(0)
    read = partial(vectors, detector, find_model(AnalyzeSettings.model))
    up, over = [], []
    for file in files:
        grey = read_grey(file)
        tilt = float(rng.uniform(-TILT, TILT))
        up += [read(grey), read(tilted(grey, tilt))]
        turn = 180 + float(rng.uniform(-50, 50))
        over += [read(tilted(grey, 180)), read(tilted(grey, turn))]
    right, wrong = with_mirrors(up), with_mirrors(over)
    spread = (np.cov(right.T) + np.cov(wrong.T)) / 2
    spread += np.eye(144) * np.trace(spread) / 144 * SHRINKAGE
    pattern = np.linalg.solve(spread, right.mean(axis=0) - wrong.mean(axis=0))
    half = np.round(pattern.reshape(12, 12)[:, :6] / np.abs(pattern).max() * 99).astype(int)
    print("\n".join(f"    *({', '.join(map(str, row))})," for row in half.tolist()))
    pattern /= np.linalg.norm(pattern)
    below = [float((rows @ pattern < 0).mean()) for rows in (right, wrong)]
    print(f"below 0: {below[0]:.1%} of {len(right)} upright, {below[1]:.1%} of {len(wrong)} not")


if __name__ == "__main__":
    main()
