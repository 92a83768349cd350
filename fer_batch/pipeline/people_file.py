"""What people, or tracks, of one input are recognised by, on disk: biometric data, kept no longer
than needed.

It lies in the work folder while a run needs it, there by track (of photos by person), and beside
results, by ``face_id``, only where that was asked for (docs/privacy.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fer_batch.errors import UnreadableError
from fer_batch.faces.dlib_weights import LENGTH
from fer_batch.groups import by_track
from fer_batch.npz import MADE_ANEW, read_npz, write_npz
from fer_batch.types import FloatArray

FORMAT = 1
NAME = ".people.npz"  # in a results folder
NAMES = ("face_id", "embedding", "person")


class People(NamedTuple):
    """By number: embeddings ``float32[k, 128]``, and who they are across inputs."""

    embedding: dict[int, FloatArray]
    person: dict[int, int]


def write_people(
    path: Path, embedding: dict[int, FloatArray], person: dict[int, int] | None = None
) -> None:
    """Write embeddings ``float32[128]`` or ``[k, 128]`` and, where they are known, numbers across
    inputs. A number has a row for each embedding.

    Raises:
        NoSpaceError, OutputPathError: it cannot be written.
    """
    rows = [np.atleast_2d(embedding[n]) for n in sorted(embedding)]
    ids = [n for n, mine in zip(sorted(embedding), rows, strict=True) for _ in mine]
    arrays: dict[str, Any] = {
        "face_id": np.array(ids, np.int64),
        "embedding": np.concatenate(rows) if rows else np.zeros((0, LENGTH), np.float32),
        "person": np.array([(person or {}).get(n, -1) for n in ids], np.int64),
    }
    write_npz(path, {"format": FORMAT}, arrays)


def read_people(path: Path) -> People:
    """What ``write_people`` wrote.

    Raises:
        UnreadableError: missing, damaged, or of another version.
    """
    _, arrays = read_npz(path, FORMAT, NAMES)
    try:
        ids, points, persons = (np.asarray(arrays[name]) for name in NAMES)
        if points.shape != (len(ids), LENGTH) or not np.isfinite(points).all():
            raise ValueError("embeddings of another shape")
        pairs = zip(ids.tolist(), persons.tolist(), strict=True)
        known = {int(n): int(p) for n, p in pairs if p >= 0}
        groups = by_track(ids.astype(np.int64))
        return People({n: points[mine].astype(np.float32) for n, mine in groups}, known)
    except (KeyError, ValueError, TypeError) as error:
        raise UnreadableError(f"{path}: is damaged ({error}); {MADE_ANEW}") from error
