"""The batched analyzer from decoded frames on: how many frames a second a device analyses.

  python -m benchmarks.gpu [--device gpu] [--sizes 640x360,1920x1080] [--faces 0,1,4]
                           [--batches 1,8,32] [--frames 256] [--precision float32] [--json FILE]

For each size of picture, number of faces and number of frames searched at once: frames a second of
the whole analysis (all but decoding: frames lie in memory), milliseconds a frame by stage, and the
most memory that was in use. Stages run side by side, so they may sum to more than a frame takes.
Runs on CPUs as well, and says in each row where it ran. Needs what ``--device gpu`` needs.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_batch.config import DEVICES, PRECISIONS, AnalyzeSettings, RunSettings
from fer_batch.demo.portraits import eileen_collins, grace_hopper
from fer_batch.media.planes import from_bgr
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.progress import Timings
from fer_batch.types import Frame, Image, Segment, SourceInfo

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. ``memory_mb``: the device's, on CPUs the process' (of all rows so far)."""

    device: str
    precision: str
    width: int
    height: int
    faces: int
    batch: int
    found: float
    frames_s: float
    ms: dict[str, float]
    memory_mb: int


class InMemory:
    """A ``FrameSource`` that shows ``frames`` pictures of one size, a few of them in turn."""

    def __init__(self, shown: list[Image], width: int, height: int, frames: int) -> None:
        self._shown = [from_bgr(picture) for picture in shown]
        pts = np.arange(frames, dtype=np.int64)
        self.info = SourceInfo("", "memory", "video", width, height, 0, Fraction(1, 25), pts)

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """See ``FrameSource``."""
        for index in range(start, stop):
            image = self._shown[index % len(self._shown)]
            yield Frame(index, index, image, self.info.width, self.info.height)


def with_faces(width: int, height: int, faces: int) -> list[Image]:
    """Four pictures ``uint8[h, w, 3]`` BGR with so many faces in a grid, each moved a little."""
    people = [portrait.image for portrait in (eileen_collins(), grace_hopper())]
    columns = max(1, int(np.ceil(np.sqrt(faces * width / height))))
    rows = max(1, -(-faces // columns))
    side = min(width // columns, height // rows) - 8
    shown = []
    for shift in range(4):
        picture = np.full((height, width, 3), 90, np.uint8)
        for number in range(faces):
            person = people[number % 2]
            scale = side / max(person.shape[:2])
            face = cv2.resize(person, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            top = number // columns * (height // rows) + shift
            left = number % columns * (width // columns) + shift
            picture[top : top + face.shape[0], left : left + face.shape[1]] = face
        shown.append(picture)
    return shown


def measure(run: RunSettings, model: str, size: Size, faces: int, frames: int) -> Row:
    """Analyse ``frames`` frames, after a batch that compiles what will be needed."""
    settings = AnalyzeSettings(model=model, identity="off")
    engine = Engine(run)
    analyzer, device = engine.analyzer(settings), engine.device(settings)
    source = InMemory(with_faces(*size, faces), *size, frames)
    analyzer.analyze(source, Segment(0, 0, min(frames, run.frame_batch)), Timings())
    timings, begin = Timings(), time.perf_counter()
    found = analyzer.analyze(source, Segment(0, 0, frames), timings)
    seconds = time.perf_counter() - begin
    return Row(
        device=device.build,
        precision=run.precision,
        width=size[0],
        height=size[1],
        faces=faces,
        batch=run.frame_batch,
        found=round(len(found.frame) / frames, 2),
        frames_s=round(frames / seconds, 1),
        ms={name: round(1000 * each / frames, 3) for name, each in timings.seconds.items()},
        memory_mb=memory_mb(device.name),
    )


def memory_mb(device: str) -> int:
    """The most mebibytes that were in use: of a GPU as its backend tells, else of this process."""
    if not device.startswith("gpu"):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    import keras

    backend: Any = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        peak = tf.config.experimental.get_memory_info("GPU:0")["peak"]
    elif backend == "jax":
        import jax

        peak = jax.devices()[0].memory_stats()["peak_bytes_in_use"]
    else:
        import torch

        peak = torch.cuda.max_memory_allocated()
    return int(peak) >> 20


def sizes(text: str) -> list[Size]:
    """``640x360,1920x1080`` as widths and heights."""
    return [(int(w), int(h)) for w, h in (part.split("x") for part in text.split(","))]


def numbers(text: str) -> list[int]:
    """``1,8,32`` as numbers."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Measure, print a line for each row, and write all of them as JSON where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--device", default="auto", choices=DEVICES)
    parser.add_argument("--model", default="ferplus3")
    parser.add_argument("--sizes", type=sizes, default="640x360,1920x1080")
    parser.add_argument("--faces", type=numbers, default="0,1,4")
    parser.add_argument("--batches", type=numbers, default="1,8,32")
    parser.add_argument("--frames", type=int, default=256)
    parser.add_argument("--precision", default="float32", choices=PRECISIONS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    for size in options.sizes:
        for faces in options.faces:
            for batch in options.batches:
                run = RunSettings(
                    device=options.device,
                    runtime="keras",
                    analyzer="batched",
                    frame_batch=batch,
                    precision=options.precision,
                )
                row = measure(run, options.model, size, faces, options.frames)
                rows.append(row)
                stages = ", ".join(f"{name} {each:.2f}" for name, each in row.ms.items())
                print(
                    f"{size[0]}x{size[1]}, {faces} faces, {batch} at once: {row.frames_s:.1f} "
                    f"frames/s ({stages} ms a frame), {row.memory_mb} MB, {row.device}",
                    flush=True,
                )
    if options.json:
        text = json.dumps([asdict(row) for row in rows], indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
