"""Rows of faces as a detector would give them, for tests of tracking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fer_batch.types import FloatArray, IntArray

RATE = 25
Path = Callable[[float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Film:
    """Parallel columns of faces, and who they really are."""

    frame: IntArray
    box: FloatArray
    looks: FloatArray
    person: IntArray
    time_s: np.ndarray

    def shuffled(self, rng: np.random.Generator) -> tuple[Film, np.ndarray]:
        """The same faces in another order within each frame, and that order."""
        order = np.lexsort((rng.random(len(self.frame)), self.frame))
        frame, box = self.frame[order], self.box[order]
        return Film(frame, box, self.looks[order], self.person[order], self.time_s), order


def look(seed: int, dimensions: int = 144) -> FloatArray:
    """A unit vector of mean 0, as appearances are; two seeds are nearly uncorrelated."""
    vector = np.random.default_rng(seed).normal(size=dimensions)
    vector -= vector.mean()
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def film(
    paths: Sequence[Path],
    looks: Sequence[FloatArray],
    frames: int,
    size: float = 60.0,
    seen: Callable[[int, int], bool] = lambda person, frame: True,
) -> Film:
    """People whose centres move along ``paths`` (pixels by seconds); ``seen`` says when."""
    rows = [(f, p) for f in range(frames) for p in range(len(paths)) if seen(p, f)]
    centres = np.array([paths[p](f / RATE) for f, p in rows]).reshape(-1, 2)
    box = np.hstack([centres - size / 2, np.full((len(rows), 2), size)])
    person = np.array([p for _, p in rows], np.int64)
    return Film(
        np.array([f for f, _ in rows], np.int64),
        box.astype(np.float32),
        np.array(looks, np.float32)[person],
        person,
        np.arange(frames) / RATE,
    )


def anything(seed: int, frames: int = 30, most: int = 5) -> Film:
    """Faces that appear and vanish at random places with random looks of a few people."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, most, frames)
    frame = np.repeat(np.arange(frames), counts)
    n = len(frame)
    box = np.hstack([rng.uniform(0, 250, (n, 2)), rng.uniform(30, 90, (n, 2))])
    # Looks wander a little, so that every pair has a similarity of its own.
    person = rng.integers(0, 3, n)
    looks = np.array([look(p) for p in range(3)])[person] + rng.normal(0, 0.02, (n, 144))
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    time_s = np.cumsum(rng.uniform(0.01, 0.4, frames))
    return Film(frame, box.astype(np.float32), looks.astype(np.float32), person, time_s)
