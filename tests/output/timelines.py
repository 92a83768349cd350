"""Timelines made by hand and by hypothesis, for the tests of everything that is drawn from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from fer_batch.types import FrameStatus, Timeline

FER3 = ("happy", "sad", "neutral")
LETTERS = {"h": 0, "s": 1, "n": 2}


def timeline(*people: str, step: float = 0.1, status: str = "", **changes: Any) -> Timeline:
    """A timeline from one word a person: ``h``, ``s``, ``n`` for what is strongest in each frame,
    ``.`` where that person is not there. ``status`` has ``x`` for decode errors and ``-`` for
    skipped frames. ``timeline("hh.s")`` is one person over four frames of a tenth of a second."""
    frames = max([len(word) for word in people] + [len(status)])
    faces = [
        (i, person, LETTERS[letter])
        for i in range(frames)
        for person, word in enumerate(people, start=1)
        if (letter := word[i : i + 1]) in LETTERS and letter
    ]
    states = np.full(frames, FrameStatus.NO_FACE, dtype=np.int64)
    states[[frame for frame, *_ in faces]] = FrameStatus.OK
    for i, letter in enumerate(status):
        states[i] = {"x": FrameStatus.DECODE_ERROR, "-": FrameStatus.SKIPPED}.get(letter, states[i])
    smoothed = np.full((len(faces), 3), 0.1, dtype=np.float32)
    for row, (_, _, label) in enumerate(faces):
        smoothed[row, label] = 0.8
    values: dict[str, Any] = {
        "name": "clip.mp4",
        "labels": FER3,
        "status": states,
        "time_s": np.arange(frames) * step,
        "frame": np.array([frame for frame, *_ in faces], dtype=np.int64),
        "face_id": np.array([person for _, person, _ in faces], dtype=np.int64),
        "box": np.tile(np.float32([10, 20, 40, 50]), (len(faces), 1)),
        "confidence": np.full(len(faces), 0.9, dtype=np.float32),
        "smoothed": smoothed,
        "raw": smoothed.copy(),
    }
    return Timeline(**(values | changes))


@st.composite
def timelines(draw: st.DrawFn, max_frames: int = 40, files: bool = False) -> Timeline:
    """Any timeline that the types allow: frames without faces, late people, uneven times."""
    labels = draw(st.sampled_from([FER3, ("angry", "happy"), ("a,b", 'q"', "neutral", "x y", "é")]))
    frames = draw(st.integers(0, max_frames))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    people = draw(st.integers(0, 4))
    present = rng.random((frames, people)) < draw(st.floats(0, 1))
    frame, person = np.nonzero(present)
    count = len(frame)
    status = np.where(present.any(axis=1), FrameStatus.OK, rng.integers(1, 4, frames))
    sharpness = draw(st.sampled_from([0.01, 0.3, 1.0, 50.0]))

    def probabilities() -> Any:
        drawn = rng.dirichlet(np.full(len(labels), sharpness), count).reshape(count, len(labels))
        return np.nan_to_num(drawn / drawn.sum(axis=1, keepdims=True), nan=1 / len(labels)).astype(
            np.float32
        )

    names = draw(st.lists(st.text(max_size=8), min_size=frames, max_size=frames)) if files else []
    return Timeline(
        name="clip",
        labels=labels,
        status=np.asarray(status, dtype=np.int64).reshape(frames),
        time_s=np.concatenate([[0], np.cumsum(rng.uniform(0, 0.3, frames))])[:frames],
        frame=frame.astype(np.int64),
        face_id=person.astype(np.int64) * 3 + 1,
        box=rng.uniform(-500, 9000, (count, 4)).astype(np.float32),
        confidence=rng.random(count).astype(np.float32),
        smoothed=probabilities(),
        raw=probabilities(),
        files=tuple(names),
    )
