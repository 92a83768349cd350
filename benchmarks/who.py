"""``python -m benchmarks.who PHOTOS``: is an id one person, and a person one id?

Films are made of labelled photos and analysed: people who walk and cross (``walkers``), and one
person alone (``alone``), also from clips that are named. PHOTOS holds ``images/`` and
``labels.csv`` with the columns ``file`` and ``person``.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np
import pandas as pd

from benchmarks import alone
from benchmarks.walkers import FPS, SIZE, Seen, Walkers
from fer_batch.config import AnalyzeSettings
from fer_batch.jobs.item.library import analyze
from fer_batch.types import Image, Timeline

PEOPLE, PHOTOS = 7, 4
# Of a film of one person: photos at most.
MANY = 12
# A face whose centre is within this share of its side of the true one is that one; whoever is
# nearer than a whole side to somebody else, or half hidden, is counted as neither.
NEAR, SHOWS = 0.5, 0.5
# Frames for which an id must show somebody else to be called wrong; half a second.
WRONG = 12


class Film(Protocol):
    """A film whose people are known."""

    frames: int

    def at(self, index: int) -> tuple[Image, list[Seen]]: ...


@dataclass(frozen=True, slots=True)
class Score:
    """How well ids follow people, over rows of faces that can be told from the truth.

    ``precision`` (is an id one person?) and ``recall`` (is a person one id?) are B-cubed;
    ``wrong``: ids that show a second person; ``people`` and ``ids`` that are seen for long enough.
    """

    rows: int
    precision: float
    recall: float
    wrong: int
    people: int
    ids: int

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def write(film: Film, path: Path) -> list[list[Seen]]:
    """Write ``film`` as H.264 and return who is in each frame."""
    truth = []
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for index in range(film.frames):
            picture, seen = film.at(index)
            truth.append(seen)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    return truth


def score(timeline: Timeline, truth: list[list[Seen]]) -> Score:
    """``timeline`` of a film against who is in each of its frames."""
    pairs = []
    for frame, box, face in zip(timeline.frame, timeline.box, timeline.identities(), strict=True):
        person = _whose(box, truth[int(frame)])
        if person:
            pairs.append((person, int(face)))
    if not pairs:
        return Score(0, math.nan, math.nan, 0, 0, 0)
    who, said = zip(*pairs, strict=True)
    table = pd.crosstab(np.array(who), np.array(said)).to_numpy()
    return Score(
        rows=len(pairs),
        precision=float((table**2 / table.sum(axis=0)).sum() / table.sum()),
        recall=float((table**2 / table.sum(axis=1, keepdims=True)).sum() / table.sum()),
        wrong=int(((table >= WRONG).sum(axis=0) > 1).sum()),
        people=int((table.sum(axis=1) >= WRONG).sum()),
        ids=int((table.sum(axis=0) >= WRONG).sum()),
    )


def _whose(box: np.ndarray, there: list[Seen]) -> str:
    """The person whose face ``box`` is; "" where that cannot be said."""
    x, y = float(box[0] + box[2] / 2), float(box[1] + box[3] / 2)
    far = sorted(
        (float(np.hypot(s.place.x - x, s.place.y - y)) / s.place.side, s.person, s.shows)
        for s in there
    )
    if not far or far[0][0] > NEAR or far[0][2] < SHOWS:
        return ""
    return "" if len(far) > 1 and far[1][0] < 1 else far[0][1]


def walkers(folder: Path, seed: int) -> Film:
    """People who walk, from the photos of ``folder``."""
    return Walkers(_photos(folder, PEOPLE, PHOTOS, seed), seed)


def one(folder: Path, seed: int) -> Film:
    """One of the people of whom there are most photos."""
    ((name, photos),) = _photos(folder, 1, MANY, seed).items()
    return alone.of_photos(name, photos, seed)


def _photos(folder: Path, people: int, least: int, seed: int) -> dict[str, list[Image]]:
    """``least`` photos of each of so many people, drawn by ``seed``."""
    chance = random.Random(seed)
    groups = pd.read_csv(folder / "labels.csv").groupby("person").file
    many = {str(person): sorted(files) for person, files in groups if len(files) >= least}
    return {
        person: [_square(folder / "images" / file) for file in chance.sample(many[person], least)]
        for person in chance.sample(sorted(many), people)
    }


def _square(path: Path) -> Image:
    picture = cv2.imread(str(path))
    if picture is None:
        raise SystemExit(f"{path}: cannot be read")
    return np.asarray(cv2.resize(picture, (350, 350)), np.uint8)


def films(kinds: list[str], folder: Path, seeds: range, clips: list[Path]) -> Iterator[
    tuple[str, Film]
]:  # fmt: skip
    """The films that are asked for, each with a name."""
    for kind, make in (("walkers", walkers), ("alone", one)):
        if kind in kinds:
            yield from ((f"{kind} {seed}", make(folder, seed)) for seed in seeds)
    for clip in clips:
        yield clip.name, alone.of_clip(clip, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--films", default="walkers,alone", help="walkers, alone")
    parser.add_argument("--seeds", default="1-4", help="FIRST-LAST")
    parser.add_argument("--clip", type=Path, action="append", default=[])
    parser.add_argument("--identity", default="input")
    asked = parser.parse_args()
    first, last = map(int, asked.seeds.split("-"))
    settings = AnalyzeSettings(identity=asked.identity)
    found: dict[str, list[Score]] = {}
    print(f"{'film':28} frames  rows  precision recall   F1   people ids wrong", flush=True)
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "film.mp4"
        chosen = films(asked.films.split(","), asked.photos, range(first, last + 1), asked.clip)
        for name, film in chosen:
            truth = write(film, path)
            result = score(analyze(path, settings=settings), truth)
            _show(name, film.frames, result)
            found.setdefault(name.split()[0], []).append(result)
    for kind, scores in found.items():
        f1 = float(np.mean([s.f1 for s in scores]))
        wrong, over = sum(s.wrong for s in scores), sum(s.ids - s.people for s in scores)
        print(
            f"{kind}: {len(scores)} films, F1 {f1:.3f}, {wrong} ids of two people, {over} too many"
        )


def _show(name: str, frames: int, s: Score) -> None:
    print(
        f"{name:28} {frames:6} {s.rows:5}  {s.precision:.3f}     {s.recall:.3f}  {s.f1:.3f}"
        f"  {s.people:5} {s.ids:4} {s.wrong:4}",
        flush=True,
    )


if __name__ == "__main__":
    main()
