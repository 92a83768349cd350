"""``python -m benchmarks.quality FOLDER``: from which quality on a face can no longer be read.

FOLDER holds images/ and labels.csv (columns file and label). Photos are made worse step by step
(blur, darkness, size, rotation, and what hides a face: a card, a piece of another photo, a hand,
hair as on a back of a head) and go through detector and classifier as in a run.
Printed for each step: how many faces are found, the mean of the recalls of happy, sad and neutral
among those, their quality, and the share that is unusable. ``--save`` keeps what was measured.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.faces.align import crop_faces
from fer_batch.faces.quality import LEAST_QUALITY, Measures, look, measure, quality
from fer_batch.faces.sharpen import fineness, sharpened
from fer_batch.pipeline.build import Engine
from fer_batch.types import Detections, Frame, Image

LABELS = ("happy", "sad", "neutral")
Worse = Callable[[Image, np.ndarray, np.random.Generator], Image]


def blurred(sigma: float) -> Worse:
    """``sigma`` in hundredths of the face's width."""
    return lambda grey, box, rng: cv2.GaussianBlur(grey, (0, 0), sigma * box[2] / 100)


def darkened(gain: float) -> Worse:
    """Less light, with the noise that a camera has (2 grey levels)."""

    def worse(grey: Image, box: np.ndarray, rng: np.random.Generator) -> Image:
        return np.clip(np.rint(grey * gain + rng.normal(0, 2, grey.shape)), 0, 255).astype(np.uint8)

    return worse


def shrunk(width: float) -> Worse:
    """The face ``width`` pixels wide."""

    def worse(grey: Image, box: np.ndarray, rng: np.random.Generator) -> Image:
        scale = width / box[2]
        size = [max(round(side * scale), 8) for side in grey.shape[::-1]]
        return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)

    return worse


def covered(share: float) -> Worse:
    """A grey card over that share of the face, from a side drawn by lot."""

    def worse(grey: Image, box: np.ndarray, rng: np.random.Generator) -> Image:
        worse = grey.copy()
        worse[_side(grey, box, share, rng)] = 110
        return worse

    return worse


def _side(
    grey: Image, box: np.ndarray, share: float, rng: np.random.Generator
) -> tuple[slice, slice]:
    """Rows and columns of that share of a face, from a side drawn by lot."""
    x, y, w, h = (round(float(v)) for v in box)
    x0, y0, x1, y1 = x, y, x + w, y + h
    side = rng.integers(4)
    x0 = x1 - round(w * share) if side == 0 else x0
    x1 = x0 + round(w * share) if side == 1 else x1
    y0 = y1 - round(h * share) if side == 2 else y0
    y1 = y0 + round(h * share) if side == 3 else y1
    rows, columns = grey.shape
    return slice(max(y0, 0), min(y1, rows)), slice(max(x0, 0), min(x1, columns))


def pasted(others: list[Path]) -> Callable[[float], Worse]:
    """A piece of another photo (its upper left ninth: walls, clothes) over that share."""

    def of(share: float) -> Worse:
        def worse(grey: Image, box: np.ndarray, rng: np.random.Generator) -> Image:
            worse, place = grey.copy(), _side(grey, box, share, rng)
            other = read_grey(others[rng.integers(len(others))])
            rows, columns = worse[place].shape
            if rows and columns:
                piece = other[: other.shape[0] // 3, : other.shape[1] // 3]
                worse[place] = cv2.resize(piece, (columns, rows))
            return worse

        return worse

    return of


def hidden_by_hand(share: float) -> Worse:
    """An ellipse as light as the face, with soft shadows, over that share of it from above or
    below."""

    def worse(grey: Image, box: np.ndarray, rng: np.random.Generator) -> Image:
        x, y, w, h = (float(v) for v in box)
        middle = grey[int(max(y + 0.3 * h, 0)) : int(y + 0.7 * h)]
        light = float(np.median(middle[:, int(max(x + 0.3 * w, 0)) : int(x + 0.7 * w)]))
        down = 1 - share / 2 if rng.integers(2) else share / 2
        mask = _ellipse(grey, (x + w / 2, y + h * down), (w * 0.6, h * share / 2))
        shadows = cv2.GaussianBlur(rng.normal(0, 60, grey.shape).astype(np.float32), (0, 0), w / 16)
        return _laid_over(grey, light + shadows + rng.normal(0, 2, grey.shape), mask)

    return worse


def hidden_by_hair(share: float) -> Worse:
    """What lies above the forehead, as an ellipse of that share of the face's axes over it."""

    def worse(grey: Image, box: np.ndarray, rng: np.random.Generator) -> Image:
        x, y, w, h = (float(v) for v in box)
        rows = slice(int(max(y - 0.05 * h, 0)), max(int(y + 0.12 * h), 1))
        hair = grey[rows, int(max(x + 0.2 * w, 0)) : int(x + 0.8 * w)]
        if not hair.size:
            return grey
        large = cv2.resize(np.concatenate([hair, hair[::-1]] * 3), (int(w * 1.1), int(h * 1.15)))
        left, top = int(x - w * 0.05), int(y - h * 0.05)
        over = np.zeros(grey.shape, np.float32)
        seen = over[max(top, 0) : top + large.shape[0], max(left, 0) : left + large.shape[1]]
        seen[:] = large[max(-top, 0) :, max(-left, 0) :][: seen.shape[0], : seen.shape[1]]
        mask = _ellipse(grey, (x + w / 2, y + h / 2), (w * share / 2, h * share * 0.53))
        return _laid_over(grey, over, mask)

    return worse


def _ellipse(grey: Image, middle: tuple[float, float], half: tuple[float, float]) -> np.ndarray:
    """1 in an ellipse, 0 around, with a soft edge."""
    mask = np.zeros(grey.shape, np.float32)
    at, axes = (int(middle[0]), int(middle[1])), (int(half[0]), int(half[1]))
    cv2.ellipse(mask, at, axes, 0, 0, 360, 1.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), max(half[0] / 25, 0.5))


def _laid_over(grey: Image, over: np.ndarray, mask: np.ndarray) -> Image:
    return np.clip(grey * (1 - mask) + over * mask, 0, 255).astype(np.uint8)


def turned(degrees: float) -> Worse:
    """In the picture's plane, either way."""

    def worse(grey: Image, box: np.ndarray, rng: np.random.Generator) -> Image:
        middle = (float(box[0] + box[2] / 2), float(box[1] + box[3] / 2))
        matrix = cv2.getRotationMatrix2D(middle, degrees * rng.choice([-1, 1]), 1)
        return cv2.warpAffine(grey, matrix, grey.shape[::-1], borderMode=cv2.BORDER_REPLICATE)

    return worse


Steps = dict[str, tuple[Callable[[float], Worse], tuple[float, ...]]]


def steps(others: list[Path]) -> Steps:
    """What photos are made worse by, and how much; ``others``: photos that pieces are taken of."""
    return {
        "blur": (blurred, (2, 4, 6, 8, 10, 14)),
        "dark": (darkened, (0.3, 0.12, 0.06, 0.04, 0.025)),
        "size": (shrunk, (48, 32, 22, 16, 12)),
        "card": (covered, (0.25, 0.4, 0.5, 0.65)),
        "photo": (pasted(others), (0.25, 0.4, 0.5, 0.65)),
        "hand": (hidden_by_hand, (0.4, 0.5, 0.65)),
        "hair": (hidden_by_hair, (0.6, 0.8)),
        "rotation": (turned, (20, 40, 60, 90, 180)),
    }


def read_grey(path: Path) -> Image:
    """``uint8[h, w]`` of an image file."""
    found = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(found, np.uint8)


def as_frame(grey: Image) -> Frame:
    """A grey picture as the pipeline has it, padded to even sides."""
    height, width = grey.shape
    even = cv2.copyMakeBorder(grey, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    chroma = np.full((even.shape[0] // 2, even.shape[1]), 128, np.uint8)
    return Frame(0, 0, np.concatenate([even, chroma]), width, height, full_range=True)


class Reader:
    """Faces of pictures with their measures, as a run with default settings finds them."""

    def __init__(self) -> None:
        settings = AnalyzeSettings()
        engine = Engine(RunSettings(batch_size=1))
        self.detector, self.classifier = engine.detector(settings), engine.classifier(settings)
        self.card = self.classifier.card
        self.columns = [self.card.labels.index(label) for label in LABELS]

    def read(self, grey: Image) -> tuple[Detections, Measures, np.ndarray]:
        """Detections, measures and probabilities ``[n, 3]`` of all faces in a picture."""
        frame = as_frame(grey)
        found = self.detector.detect(frame)
        template = np.array(self.card.template, np.float32)
        crops = crop_faces(frame, found, template, self.card.input_size)
        size = np.tile((frame.width, frame.height), (len(found), 1))
        measures = measure(look(crops), found.box, found.landmarks, found.confidence, size)
        fine = fineness(found, template, self.card.input_size)
        sharp = sharpened(crops, self.card.sharpen, self.card.sharpness, fine)
        p = self.classifier.classify(sharp) if len(found) else None
        return found, measures, np.zeros((0, 3)) if p is None else p[:, self.columns]


def rows(reader: Reader, folder: Path, names: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """What was measured of the largest face of each photo, as it is and after each step."""
    worse = steps(sorted((folder / "images").iterdir()))
    for number, (name, label) in enumerate(names):
        grey = read_grey(folder / "images" / name)
        found, measures, p = reader.read(grey)
        if not len(found):
            continue
        largest = int(found.box[:, 2:].prod(axis=1).argmax())
        box = found.box[largest]
        yield _row(name, label, "none", 0, measures, p, largest)
        rng = np.random.default_rng(number)
        for kind, (make, amounts) in worse.items():
            for amount in amounts:
                seen, measures, p = reader.read(make(amount)(grey, box, rng))
                best = int(seen.box[:, 2:].prod(axis=1).argmax()) if len(seen) else -1
                yield _row(name, label, kind, amount, measures, p, best)


def _row(
    name: str, label: str, kind: str, amount: float, m: Measures, p: np.ndarray, face: int
) -> dict[str, Any]:
    known = {k: float(getattr(m, k)[face]) if face >= 0 else np.nan for k in m.__slots__}
    named = LABELS[int(p[face].argmax())] if face >= 0 else ""
    value = float(quality(m)[face]) if face >= 0 else np.nan
    row = {"file": name, "label": label, "kind": kind, "amount": amount, "named": named}
    return {**row, **known, "quality": value}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=120, help="photos of each label")
    parser.add_argument("--save", type=Path, help="CSV of all that was measured")
    args = parser.parse_args()
    table = list(csv.DictReader((args.folder / "labels.csv").open(encoding="utf-8")))
    names = []
    for label in LABELS:
        own = [row["file"] for row in table if row["label"] == label]
        step = max(len(own) // args.each, 1)
        names += [(name, label) for name in own[::step][: args.each]]
    found = list(rows(Reader(), args.folder, names))
    print_steps(found)
    if args.save:
        with args.save.open("w", newline="") as file:
            writer = csv.DictWriter(file, found[0])
            writer.writeheader()
            writer.writerows(found)


def print_steps(found: list[dict[str, Any]]) -> None:
    """A line for each step: share found, mean of the recalls, mean quality, share unusable."""
    print(f"{'made worse':16} {'found':>6} {'recall':>6} {'quality':>7} {'unusable':>8}")
    for step in dict.fromkeys((row["kind"], row["amount"]) for row in found):
        own = [row for row in found if (row["kind"], row["amount"]) == step]
        seen = [row for row in own if row["named"]]
        values = np.array([row["quality"] for row in seen])
        recalls = [
            np.mean([row["named"] == label for row in seen if row["label"] == label])
            for label in {row["label"] for row in seen}
        ]
        if seen:
            print(
                f"{step[0]:9} {step[1]:6g} {len(seen) / len(own):6.0%} {np.mean(recalls):6.3f} "
                f"{values.mean():7.3f} {(values < LEAST_QUALITY).mean():8.1%}"
            )


if __name__ == "__main__":
    main()
