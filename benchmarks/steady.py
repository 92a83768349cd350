"""How steady labels are: the same clip at half and a quarter of its size and at several qualities.

  python -m benchmarks.steady CLIP [CLIP ...] [-m MODEL ...] [--json]

For each variant: how many of the clip's faces are found again (a box that overlaps by half or more
in the same frame), in how many of these the label stays, and between how many neighbouring frames
of one person it changes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clips import ffmpeg
from fer_batch import Timeline, analyze
from fer_batch.config import DEFAULT_MODEL
from fer_batch.faces.interpolate import paired_iou

SIZES = {"half": 2, "quarter": 4}
QUALITIES = (18, 23, 28, 33, 38)
OVERLAP = 0.5


def variants(clip: Path, folder: Path) -> dict[str, tuple[Path, int]]:
    """Files by name, each with the factor by which it is smaller."""
    found = {}
    for name, factor in SIZES.items():
        target = folder / f"{clip.stem}-{name}.mp4"
        scale = f"scale=trunc(iw/{2 * factor})*2:trunc(ih/{2 * factor})*2:flags=area"
        ffmpeg("-i", str(clip), "-vf", scale, "-crf", "18", "-an", str(target))
        found[name] = (target, factor)
    for crf in QUALITIES:
        target = folder / f"{clip.stem}-crf{crf}.mp4"
        ffmpeg("-i", str(clip), "-c:v", "libx264", "-crf", str(crf), "-an", str(target))
        found[f"CRF {crf}"] = (target, 1)
    return found


def compare(first: Timeline, other: Timeline, factor: int) -> tuple[float, float]:
    """Shares of the faces of ``first`` that ``other`` has too, and of those with the same label."""
    found = same = 0
    for frame in range(min(len(first), len(other))):
        mine, theirs = first.faces_at(frame), other.faces_at(frame)
        boxes = other.box[theirs] * factor
        for row in range(mine.start, mine.stop):
            shared = paired_iou(first.box[row], boxes)
            if len(shared) and shared.max() >= OVERLAP:
                found += 1
                match = theirs.start + int(shared.argmax())
                same += int(first.emotion[row] == other.emotion[match])
    return found / max(len(first.frame), 1), same / max(found, 1)


def changes(timeline: Timeline) -> float:
    """Between which share of neighbouring frames of one person the label changes."""
    changed = pairs = 0
    for person in np.unique(timeline.face_id):
        rows = np.flatnonzero(timeline.face_id == person)
        next_to = np.diff(timeline.frame[rows]) == 1
        pairs += int(next_to.sum())
        changed += int((np.diff(timeline.emotion[rows]) != 0)[next_to].sum())
    return changed / max(pairs, 1)


def measure(clip: Path, models: list[str]) -> list[dict[str, Any]]:
    """A row for each model and variant of ``clip``."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="fer-batch-steady-") as name:
        files = variants(clip, Path(name))
        for model in models:
            first = analyze(clip, model)
            row = {"clip": clip.stem, "model": Path(model).stem}
            rows.append({**row, "variant": "itself", "changes": changes(first)})
            for variant, (file, factor) in files.items():
                other = analyze(file, model)
                found, same = compare(first, other, factor)
                kept = {"found": found, "same": same, "changes": changes(other)}
                rows.append({**row, "variant": variant, **kept})
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("-m", "--model", action="append")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [
        row for clip in options.clips for row in measure(clip, options.model or [DEFAULT_MODEL])
    ]
    if options.json:
        print(json.dumps(rows))
        return
    print(f"{'clip':<24} {'model':<16} {'variant':<8} found  same label  changes")
    for row in rows:
        found, same = (f"{row[k]:.3f}" if k in row else "" for k in ("found", "same"))
        head = f"{row['clip']:<24} {row['model']:<16} {row['variant']:<8}"
        print(f"{head} {found:>5} {same:>11} {row['changes']:>8.4f}")


if __name__ == "__main__":
    main()
