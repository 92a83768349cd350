"""Drawn faces whose expression is plain: made data for tests, no files needed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import cv2
import numpy as np

from fer_batch.emotion.labels import FER2013, FERPLUS
from fer_batch.training.data.faceset import FaceSet

# Bend of the mouth, opening of the mouth, height of the eyes.
LOOKS = {
    "angry": (-3, 0, 1),
    "disgust": (-2, 3, 1),
    "fear": (-1, 6, 5),
    "happy": (6, 0, 2),
    "sad": (-6, 0, 2),
    "surprise": (0, 8, 5),
    "neutral": (0, 0, 2),
}


def drawn(emotion: str, rng: np.random.Generator) -> np.ndarray:
    """One face, ``uint8[48, 48]``."""
    bend, opening, eyes = LOOKS[emotion]
    image = np.full((48, 48), int(rng.integers(30, 90)), np.uint8)
    x, y = (int(v) for v in rng.integers(-2, 3, 2))
    cv2.ellipse(image, (24 + x, 24 + y), (19, 22), 0, 0, 360, int(rng.integers(150, 220)), -1)
    for side in (-9, 9):
        cv2.ellipse(image, (24 + side + x, 18 + y), (4, eyes), 0, 0, 360, 20, -1)
    mouth = np.array([[24 + x + t, 36 + y - bend * t * t // 64] for t in range(-8, 9)], np.int32)
    cv2.polylines(image, [mouth + np.array([0, bend // 2], np.int32)], False, 20, 2)
    if opening:
        cv2.ellipse(image, (24 + x, 37 + y), (4, opening // 2), 0, 0, 360, 20, -1)
    noise = rng.normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def made_faces(count: int = 140, held: int = 42, seed: int = 0) -> FaceSet:
    """``count`` rows of Training, then ``held`` of PublicTest, emotions in turn, with votes."""
    rng = np.random.default_rng(seed)
    emotion = np.arange(count + held) % 7
    images = np.stack([drawn(FER2013[e], rng) for e in emotion])
    split = np.array(["Training"] * count + ["PublicTest"] * held)
    votes = np.zeros((count + held, 10), np.uint8)
    for row, e in enumerate(emotion):
        votes[row, FERPLUS.index(FER2013[e])] = 8
        votes[row, (e + 3) % 8] += 2
    return FaceSet(images, emotion.astype(np.int64), split, votes)


def csv_text(faces: FaceSet) -> str:
    """``faces`` as Kaggle writes FER2013."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["emotion", "pixels", "Usage"])
    for image, emotion, split in zip(faces.images, faces.emotion, faces.split, strict=True):
        writer.writerow([emotion, " ".join(map(str, image.ravel())), split])
    return text.getvalue()


def votes_text(faces: FaceSet) -> str:
    """The votes of ``faces`` as FER+ writes them."""
    assert faces.votes is not None
    text = io.StringIO()
    writer = csv.writer(text)
    names = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]
    writer.writerow(["Usage", "Image name", *names, "unknown", "NF"])
    for row, (split, votes) in enumerate(zip(faces.split, faces.votes, strict=True)):
        writer.writerow([split, f"fer{row:07d}.png", *votes])
    return text.getvalue()


def write_csv(folder: Path, faces: FaceSet) -> tuple[Path, Path]:
    """``fer2013.csv`` and ``fer2013new.csv`` in ``folder``."""
    data, votes = folder / "fer2013.csv", folder / "fer2013new.csv"
    data.write_text(csv_text(faces))
    votes.write_text(votes_text(faces))
    return data, votes


def write_folder(root: Path, faces: FaceSet) -> Path:
    """``train/<emotion>/<row>.png`` and ``test/...`` below ``root``."""
    for row, image in enumerate(faces.images):
        split = {"Training": "train", "PublicTest": "val"}[str(faces.split[row])]
        place = root / split / FER2013[faces.emotion[row]]
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{row:05d}.png"), image)
    return root
