"""Results made up for the pages: timelines of any length, and their summaries."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_batch.output.moments import pick_moments
from fer_batch.output.report.thumbnails import Thumbnails, write_thumbnails
from fer_batch.output.summary import summary, write_summary
from fer_batch.output.table import write_csv
from fer_batch.types import FrameStatus, Timeline

THREE = ("happy", "sad", "neutral")
MILLISECOND = Fraction(1, 1000)


def seconds(milliseconds: Sequence[int]) -> NDArray[np.float64]:
    """``float64[n]`` from whole milliseconds."""
    return np.array(milliseconds, dtype=np.float64) / 1000


def timeline(
    frames: int = 100,
    *,
    name: str = "made up.mp4",
    labels: tuple[str, ...] = THREE,
    people: int = 2,
    times: NDArray[np.float64] | None = None,
    episode_s: float = 1.0,
    no_face: tuple[int, int] = (0, 0),
    decode_error: tuple[int, int] = (0, 0),
    every: int = 1,
    files: tuple[str, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Timeline:
    """A timeline in which person k shows each label in turn for ``episode_s``, k episodes late.

    Frames of ``no_face`` and ``decode_error`` (start, stop) hold nobody; of ``every`` > 1 only
    each n-th frame is analysed.
    """
    time_s = np.arange(frames) * 0.04 if times is None else times
    status = np.full(frames, int(FrameStatus.OK), dtype=np.int64)
    status[slice(*no_face)] = FrameStatus.NO_FACE
    status[slice(*decode_error)] = FrameStatus.DECODE_ERROR
    status[np.arange(frames) % every != 0] = FrameStatus.SKIPPED
    seen = np.flatnonzero(status == FrameStatus.OK)
    frame = np.repeat(seen, people)
    face_id = np.tile(np.arange(1, people + 1), len(seen))
    smoothed = probabilities(time_s[frame], face_id, len(labels), episode_s)
    noise = np.random.default_rng(1).dirichlet(np.ones(len(labels)), len(frame))
    return Timeline(
        name=name,
        labels=labels,
        status=status,
        time_s=np.round(time_s, 6),
        frame=frame.astype(np.int64),
        face_id=face_id.astype(np.int64),
        box=np.tile(np.array([20, 20, 60, 60], np.float32), (len(frame), 1)),
        confidence=np.full(len(frame), 0.9, np.float32),
        smoothed=smoothed.astype(np.float32),
        raw=(0.7 * smoothed + 0.3 * noise).astype(np.float32),
        files=files,
        warnings=warnings,
    )


def probabilities(
    time_s: NDArray[np.float64], face_id: NDArray[np.int64], labels: int, episode_s: float
) -> NDArray[np.float64]:
    """Rows that sum to 1; the leading label changes each ``episode_s`` and breathes a little."""
    turn = np.floor(time_s / episode_s + 1e-6).astype(np.int64) + face_id - 1
    lead = 0.72 + 0.2 * np.sin(time_s * 3 + face_id)
    p = np.tile((1 - lead)[:, None] / max(labels - 1, 1), (1, labels))
    p[np.arange(len(p)), turn % labels] = lead
    return p / p.sum(axis=1, keepdims=True)


def summary_of(made: Timeline, **changes: Any) -> dict[str, Any]:
    """The summary of a made-up timeline, with values such as real ones."""
    facts: dict[str, Any] = {
        "name": made.name,
        "kind": "video",
        "sha256": "3f" * 32,
        "width": 320,
        "height": 180,
        "codec": "h264",
        "duration_s": float(made.time_s[-1]) + 0.04,
        "start_s": 0.0,
    }
    return summary(
        made,
        input=facts | changes.pop("input", {}),
        model={
            "name": "fer3",
            "version": "1",
            "labels": list(made.labels),
            "sha256": {"fer3.tflite": "ab" * 32},
            "metrics": {"PublicTest": {"accuracy": 0.881, "ece": 0.021, "n": 1900}},
            "limits": ["Trained on posed and web faces; FER2013's labels are noisy."],
        },
        detector={"name": "yunet", "sha256": "8f" * 32},
        settings={"analyze": {"min_face": 0, "smooth_s": 0.25}, "render": {"blur_faces": False}},
        timings={"analyze_s": 1.5, "render_s": 0.7, "total_s": 2.4, "load_s": 0.4},
        moments=pick_moments(made),
        **changes,
    )


def jpeg(red: int, green: int, blue: int, width: int = 160, height: int = 160) -> bytes:
    """A plain picture."""
    import cv2

    picture = np.full((height, width, 3), (blue, green, red), np.uint8)
    done, data = cv2.imencode(".jpg", picture)
    assert done
    return bytes(data)


def store(folder: Path, made: Timeline, facts: dict[str, Any]) -> Path:
    """A result folder as the pipeline leaves it, without video and pages."""
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(made, folder / "timeline.csv")
    write_summary(facts, folder / "summary.json")
    people = {int(each): jpeg(60 * int(each) % 255, 90, 150) for each in np.unique(made.face_id)}
    moments = {m["key_frame"]: jpeg(90, 120, 90, 320, 180) for m in facts["moments"]}
    write_thumbnails(folder, Thumbnails(people, moments))
    return folder
