"""Reads training data: FER2013's csv in any packing, FER+ votes beside it, or folders of images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.emotion.labels import FER2013
from fer_batch.errors import TrainingDataError
from fer_batch.training.data.faceset import SIZE, SPLITS, VOTE_COLUMNS, FaceSet

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
FOLDER_SPLITS = {
    "train": "Training",
    "val": "PublicTest",
    "validation": "PublicTest",
    "publictest": "PublicTest",
    "test": "PrivateTest",
    "privatetest": "PrivateTest",
}
# Names that other copies of the data set use for the same seven emotions.
ALIASES = {"anger": "angry", "happiness": "happy", "sadness": "sad", "surprised": "surprise"}


def load(path: Path, fer_plus: Path | None = None, landmarks: Path | None = None) -> FaceSet:
    """Reads the data set at ``path``: a csv (plain, .gz, .xz, .zip) or a folder.

    A folder is either ``<split>/<emotion>/*.png`` or one that holds a single ``fer2013.csv*``.
    ``fer_plus`` is Microsoft's ``fer2013new.csv``, row by row the same images. ``landmarks`` is
    what ``fer_batch.training.data.template`` wrote for the same rows.
    """
    if not path.exists():
        raise TrainingDataError(f"{path}: there is no such file or folder")
    if path.is_dir() and (inside := sorted(path.glob("fer2013.csv*"))):
        path = inside[0]
    faces = _read_folder(path) if path.is_dir() else _read_csv(path)
    if fer_plus is not None:
        faces = _with(faces, votes=_read_votes(fer_plus, faces))
    if landmarks is not None:
        faces = _with(faces, landmarks=_read_landmarks(landmarks, len(faces)))
    return faces


def _with(faces: FaceSet, **changes: Any) -> FaceSet:
    from dataclasses import replace

    return replace(faces, **changes)


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(path)
    except (OSError, ValueError, EOFError, KeyError, ImportError) as error:
        reason = " ".join(str(error).split())  # pandas ends some with a line break
        raise TrainingDataError(f"{path}: cannot be read as csv ({reason})") from error
    except Exception as error:  # lzma, zlib and zipfile each have an error tree of their own
        raise TrainingDataError(f"{path}: damaged archive ({error})") from error


def _read_csv(path: Path) -> FaceSet:
    import numpy as np

    table = _table(path)
    if missing := {"emotion", "pixels"} - set(table.columns):
        raise TrainingDataError(f"{path}: column {', '.join(sorted(missing))} is missing")
    if not len(table):
        raise TrainingDataError(f"{path}: holds no rows")
    try:
        emotion = table["emotion"].to_numpy(dtype=np.int64)
        joined = " ".join(table["pixels"].astype(str))
        pixels = np.fromstring(joined, dtype=np.int16, sep=" ").reshape(len(table), SIZE, SIZE)
    except ValueError as error:
        raise TrainingDataError(
            f"{path}: each row must hold a number and {SIZE * SIZE} pixel values ({error})"
        ) from error
    if pixels.min() < 0 or pixels.max() > 255 or emotion.min() < 0 or emotion.max() > 6:
        raise TrainingDataError(f"{path}: pixels must be 0 to 255 and emotions 0 to 6")
    split = np.array(["Training"] * len(table))
    if "Usage" in table.columns:
        split = table["Usage"].to_numpy().astype(str)
    if unknown := set(split) - set(SPLITS):
        raise TrainingDataError(f"{path}: unknown Usage {', '.join(sorted(unknown))}")
    return FaceSet(pixels.astype(np.uint8), emotion, split)


def _read_votes(path: Path, faces: FaceSet) -> NDArray[np.uint8]:
    import numpy as np

    table = _table(path)
    if len(table) != len(faces) or table.shape[1] < VOTE_COLUMNS:
        raise TrainingDataError(
            f"{path}: {len(table)} rows of {table.shape[1]} columns for {len(faces)} images; "
            "it must be the fer2013new.csv of the same rows in the same order"
        )
    if "Usage" in table.columns and (table["Usage"].to_numpy().astype(str) != faces.split).any():
        raise TrainingDataError(f"{path}: its Usage column does not match the images")
    try:
        return table.iloc[:, -VOTE_COLUMNS:].to_numpy(dtype=np.uint8)
    except (ValueError, OverflowError) as error:
        raise TrainingDataError(
            f"{path}: its last {VOTE_COLUMNS} columns must be numbers of votes ({error})"
        ) from error


def _read_landmarks(path: Path, rows: int) -> NDArray[np.float32]:
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as stored:
            landmarks = stored["landmarks"].astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingDataError(f"{path}: not a file of landmarks ({error})") from error
    if landmarks.shape != (rows, 5, 2):
        raise TrainingDataError(f"{path}: {len(landmarks)} rows of landmarks for {rows} images")
    return landmarks


def _labelled_files(root: Path) -> Iterator[tuple[str, int, Path]]:
    for folder in sorted(p for p in root.iterdir() if p.is_dir()):
        split = FOLDER_SPLITS.get(folder.name.lower())
        for emotion in sorted(p for p in folder.iterdir() if p.is_dir()) if split else ():
            name = ALIASES.get(emotion.name.lower(), emotion.name.lower())
            if name not in FER2013:
                raise TrainingDataError(
                    f"{emotion}: unknown emotion; folders are named {', '.join(FER2013)}"
                )
            for file in sorted(emotion.iterdir()):
                if file.suffix.lower() in IMAGE_SUFFIXES:
                    yield str(split), FER2013.index(name), file


def _read_folder(root: Path) -> FaceSet:
    import cv2
    import numpy as np

    images, emotions, splits = [], [], []
    for split, emotion, file in _labelled_files(root):
        grey = cv2.imdecode(np.fromfile(file, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            raise TrainingDataError(f"{file}: not an image that can be read")
        if grey.shape != (SIZE, SIZE):
            grey = cv2.resize(grey, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        images.append(grey)
        emotions.append(emotion)
        splits.append(split)
    if not images:
        raise TrainingDataError(f"{root}: holds no train/<emotion>/*.png")
    return FaceSet(np.stack(images), np.array(emotions, dtype=np.int64), np.array(splits))


def hold_out(faces: FaceSet, share: float, seed: int) -> FaceSet:
    """Marks a random ``share`` of Training as PublicTest where the data has no such split."""
    import numpy as np

    if (faces.split == "PublicTest").any() or share <= 0:
        return faces
    rows = np.flatnonzero(faces.split == "Training")
    chosen = np.random.default_rng(seed).permutation(rows)[: max(1, round(len(rows) * share))]
    split = faces.split.copy().astype("U11")
    split[chosen] = "PublicTest"
    return _with(faces, split=split)
