"""``python -m benchmarks.cuts [CLIP ...]``: cuts found, against PySceneDetect's detectors.

Besides the clips that are named, films are made whose cuts are known: shots of the demo scene and
of moving patterns, hard cuts, dissolves, flashes and fast motion. Precision and recall count a cut
as the same within two frames (a dissolve within its length).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from fer_batch.config import Limits
from fer_batch.demo.scene import Scene
from fer_batch.media.glimpse import glimpse
from fer_batch.media.source import open_source, probe
from fer_batch.tracking.cuts import find_cuts
from fer_batch.types import Image

NEAR = 2
SIZE = (640, 360)


@dataclass
class Film:
    """Frames put one behind the other, and where it cuts."""

    seed: int
    motion: float = 9.0  # pixels a frame, at most

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.frames: list[Image] = []
        self.cuts: list[int] = []
        self._scene = Scene(*SIZE)

    def shot(self, frames: int) -> list[Image]:
        """The demo scene zoomed in somewhere, or a moving pattern."""
        if self.rng.random() < 0.4:
            x, y, side = self.rng.uniform(0, 0.5), self.rng.uniform(0, 0.5), 0.5
            x0, y0 = int(x * SIZE[0]), int(y * SIZE[1])
            w, h = int(side * SIZE[0]), int(side * SIZE[1])
            start = self.rng.uniform(0, 6)
            shots = (self._scene.at(start + i / 25) for i in range(frames))
            gain = self.rng.uniform(0.5, 1.2, 3)
            return [self._graded(s[y0 : y0 + h, x0 : x0 + w], gain) for s in shots]
        small = self.rng.integers(0, 256, (9, 16, 3)).astype(np.uint8)
        big = cv2.GaussianBlur(cv2.resize(small, (1280, 720)), (0, 0), 9)
        speed = self.rng.uniform(-self.motion, self.motion, 2)
        made = []
        for i in range(frames):  # there and back again
            x, y = (640 - abs((int(320 + speed[0] * i)) % 1280 - 640),
                    360 - abs((int(180 + speed[1] * i)) % 720 - 360))  # fmt: skip
            made.append(big[y : y + SIZE[1], x : x + SIZE[0]].copy())
        return made

    def _graded(self, picture: Image, gain: np.ndarray) -> Image:
        return np.clip(cv2.resize(picture, SIZE) * gain, 0, 255).astype(np.uint8)

    def add(self, frames: list[Image], dissolve: int = 0) -> None:
        """One more shot, after a hard cut or a dissolve of that many frames."""
        if self.frames:
            last = self.frames[-1]
            for i in range(1, dissolve + 1):
                share = i / (dissolve + 1)
                self.frames.append(cv2.addWeighted(last, 1 - share, frames[0], share, 0))
            self.cuts.append(len(self.frames) - dissolve // 2)
        self.frames += frames

    def write(self, path: Path) -> Path:
        with av.open(str(path), "w") as out:
            stream = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "26"})
            stream.width, stream.height = SIZE
            stream.pix_fmt = "yuv420p"
            for picture in self.frames:
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            out.mux(stream.encode(None))
        return path


def made_films(folder: Path) -> list[tuple[str, Path, list[int]]]:
    """Films of hard cuts, of dissolves, and of what is no cut."""
    found = []
    for name, seed in (("hard cuts", 1), ("more hard cuts", 2)):
        film = Film(seed)
        for _ in range(20):
            film.add(film.shot(int(film.rng.integers(16, 40))))
        found.append((name, film.write(folder / f"{seed}.mp4"), film.cuts))
    film = Film(3, motion=1.5)
    for _ in range(12):
        film.add(film.shot(30), dissolve=int(film.rng.integers(3, 12)))
    found.append(("dissolves", film.write(folder / "3.mp4"), film.cuts))
    film = Film(4)
    film.add(film.shot(120))
    for place in (20, 50, 80):  # flashes, and a picture that is shaken
        film.frames[place] = np.clip(film.frames[place].astype(int) + 120, 0, 255).astype(np.uint8)
    for i in range(90, 110):
        film.frames[i] = np.roll(film.frames[i], int(film.rng.integers(-60, 60)), axis=1)
    found.append(("flashes and shaking", film.write(folder / "4.mp4"), film.cuts))
    return found


def ours(path: Path) -> tuple[list[int], float]:
    """Our cuts, and milliseconds a frame that glimpses cost."""
    info = probe(path, path.stem, 25, Limits())
    glimpses, spent = [], 0.0
    for frame in open_source(info, Limits()).frames(0, len(info)):
        begin = time.perf_counter()
        glimpses.append(glimpse(frame))
        spent += time.perf_counter() - begin
    return find_cuts(np.stack(glimpses)).tolist(), 1000 * spent / len(info)


def theirs(path: Path, detector: str) -> list[int]:
    """PySceneDetect's cuts with its defaults."""
    from scenedetect import AdaptiveDetector, ContentDetector, detect

    kind = AdaptiveDetector if detector == "adaptive" else ContentDetector
    # Its defaults, but for shots that may be as short as these are.
    shots = detect(str(path), kind(min_scene_len=10))
    info = probe(path, path.stem, 25, Limits())
    times = np.array([info.time_s(i) for i in range(len(info))])
    # By time: it counts frames as if all took equally long.
    return [int(np.abs(times - start.seconds).argmin()) for start, _ in shots[1:]]


def score(found: list[int], wanted: list[int], near: int = NEAR) -> tuple[float, float, float]:
    """Precision, recall and F1; each cut is matched once."""
    left, right = list(wanted), 0
    for cut in found:
        close = [w for w in left if abs(w - cut) <= near]
        if close:
            left.remove(close[0])
            right += 1
    precision = right / len(found) if found else 1.0
    recall = right / len(wanted) if wanted else 1.0
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="*", type=Path)
    clips = parser.parse_args().clips
    print(f"{'film':28} {'cuts':>5} {'ours':>5}  F1: truth, adaptive, content; ms a frame")
    with tempfile.TemporaryDirectory() as folder:
        films: list[tuple[str, Path, list[int] | None]] = [*made_films(Path(folder))]
        films += [(clip.name, clip, None) for clip in clips]
        for name, path, truth in films:
            found, cost = ours(path)
            near = 6 if name == "dissolves" else NEAR
            known = f"{score(found, truth, near)[2]:.3f}" if truth is not None else "    -"
            others = [score(found, theirs(path, kind))[2] for kind in ("adaptive", "content")]
            count = "-" if truth is None else str(len(truth))
            words = "  ".join(f"{value:.3f}" for value in others)
            print(f"{name:28} {count:>5} {len(found):>5}  {known}  {words}  {cost:.2f}")


if __name__ == "__main__":
    main()
