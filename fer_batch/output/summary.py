"""``summary.json``: what was found, from what, by what, and how long it took.

It holds enough to repeat the run. What only the pipeline knows (hashes,
settings, timings) comes in as plain dicts and is written as it is.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_batch.atomic import write_text
from fer_batch.checksum import sha256_file
from fer_batch.groups import by_track
from fer_batch.output.foreign import check_summary
from fer_batch.output.moments import Moment
from fer_batch.output.people import (
    Episode,
    Person,
    coverage,
    episode_json,
    episodes,
    frame_seconds,
    numbers_across,
    people,
    portrait,
)
from fer_batch.types import FrameStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from fer_batch.types import SourceInfo, Timeline

SCHEMA = 1
LIBRARIES = (
    "fer-batch",
    "ai-edge-litert",
    "av",
    "keras",
    "matplotlib",
    "moviepy",
    "numpy",
    "opencv-python-headless",
    "tensorflow-cpu",
    "tensorflow",
)


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Installed versions of fer-batch and the libraries that results depend on."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def summary(
    timeline: Timeline,
    *,
    input: Mapping[str, Any],
    model: Mapping[str, Any],
    detector: Mapping[str, Any],
    settings: Mapping[str, Any],
    timings: Mapping[str, float],
    outputs: Mapping[str, Any] | None = None,
    moments: Sequence[Moment] = (),
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """What ``summary.json`` holds, as plain JSON values.

    Args:
        timeline: the result.
        input: ``describe_input``'s, or at least ``name`` and ``sha256``.
        model: ``name``, ``sha256``, ``labels`` and what else its card says (``metrics``).
        detector: ``name``, ``sha256``.
        settings: of the run, as their ``to_json`` gives them.
        timings: seconds by stage, with ``total_s`` and ``load_s``.
        outputs: ``describe_outputs``'s.
        moments: those shown in the GIF.
        warnings: beside those that the timeline carries.
    """
    every = episodes(timeline)
    persons = people(timeline, every)
    share = photo_share(timeline) if timeline.is_photos else None
    share = share or overall_share(timeline.outcomes, persons)
    counts = {"total": len(timeline), **status_counts(timeline)}
    faces = {"faces": len(timeline.frame)} if timeline.is_photos else {}
    cuts = int(timeline.cut.sum()) + 1 if len(timeline) else 0
    across = numbers_across(timeline)
    shots = {} if timeline.is_photos else {"shots": cuts}
    return {
        "schema": SCHEMA,
        "input": dict(input),
        "model": dict(model),
        "detector": dict(detector),
        "settings": dict(settings),
        "versions": versions(),
        "photos" if timeline.is_photos else "frames": counts,
        **faces,
        **shots,
        "unusable": unusable(timeline, persons),
        "coverage": round(coverage(timeline), 6),
        "dominant": max(share, key=lambda label: share[label]) if any(share.values()) else "",
        "share": {k: round(v, 6) for k, v in share.items()},
        "people": [_described(timeline, person, across) for person in persons],
        **({"persons": photo_persons(timeline)} if timeline.is_photos and across else {}),
        "longest_episodes": [episode_json(episode) for episode in longest(every)],
        "moments": [_moment_json(moment) for moment in moments],
        "warnings": list(dict.fromkeys([*timeline.warnings, *warnings])),
        "outputs": dict(outputs or {}),
        "timings": {k: round(float(v), 6) for k, v in timings.items()},
    }


def photo_share(timeline: Timeline) -> dict[str, float]:
    """Share of each label, and of ``unsure``, among all faces of photos that can be read."""
    timeline = timeline.readable()
    count = np.bincount(timeline.emotion, minlength=len(timeline.outcomes))
    return dict(zip(timeline.outcomes, (count / max(count.sum(), 1)).tolist(), strict=True))


def _moment_json(moment: Moment) -> dict[str, Any]:
    data = {name: getattr(moment, name) for name in Moment.__dataclass_fields__}
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in data.items()}


def status_counts(timeline: Timeline) -> dict[str, int]:
    """How many frames have each status, by the word that stands in ``timeline.csv``."""
    counts = np.bincount(timeline.status, minlength=len(FrameStatus)).tolist()
    return {status.text: counts[status] for status in FrameStatus}


def photo_persons(timeline: Timeline) -> list[dict[str, Any]]:
    """Who is in photos that were compared: ``person``, the ``name`` where there is one, how many
    ``photos`` they are in, and the ``frame`` (which photo) in which they are seen best."""
    found = []
    for person, rows in by_track(timeline.person):
        if person >= 0:
            name = {"name": timeline.names[person]} if person in timeline.names else {}
            photos = len(np.unique(timeline.frame[rows]))
            best = int(timeline.frame[portrait(timeline, rows)])
            found.append({"person": person, **name, "photos": photos, "frame": best})
    return found


def _described(timeline: Timeline, person: Person, across: Mapping[int, int]) -> dict[str, Any]:
    """A person as plain values, with what somebody said of them and who they are across inputs."""
    data = person.to_json()
    if person.face_id in across:
        data["person"] = across[person.face_id]
    if person.face_id in timeline.names:
        data["name"] = timeline.names[person.face_id]
    return data | ({"main": True} if person.face_id == timeline.main else {})


def unusable(timeline: Timeline, persons: Sequence[Person]) -> dict[str, Any]:
    """How much was left out because it cannot be read: ``faces`` (rows of the table), ``seconds``
    of all people together, ``share`` of all faces, and ``people`` none of whose faces can be;
    photos have no seconds and no people."""
    faces = int(timeline.unusable.sum())
    share = round(faces / len(timeline.frame), 6) if faces else 0.0
    if timeline.is_photos:
        return {"faces": faces, "share": share}
    seconds = frame_seconds(timeline)[timeline.frame[timeline.unusable]].sum()
    people = len(np.unique(timeline.face_id)) - len(persons)
    seconds = round(float(seconds), 6)
    return {"faces": faces, "share": share, "seconds": seconds, "people": people}


def overall_share(labels: Sequence[str], persons: Sequence[Person]) -> dict[str, float]:
    """Share of each label over all people together, each weighted by the time that can be read."""
    weights = [person.valid_s for person in persons]
    if sum(weights) <= 0:
        weights = [float(person.frames) for person in persons]
    total = sum(weights)
    if total <= 0:
        return dict.fromkeys(labels, 0.0)
    return {
        label: sum(w * person.share[label] for w, person in zip(weights, persons, strict=True))
        / total
        for label in labels
    }


def dominant(persons: Sequence[Person]) -> str:
    """The label with the largest overall share; empty where nobody was seen."""
    if not persons:
        return ""
    share = overall_share(tuple(persons[0].share), persons)
    return max(share, key=lambda label: share[label])


def longest(every: Iterable[Episode], count: int = 10) -> list[Episode]:
    """The longest episodes of all people, longest first, earlier ones first among equals."""
    return sorted(every, key=lambda s: (-round(s.seconds, 9), s.start_frame, s.face_id))[:count]


def describe_input(source: SourceInfo, sha256: str) -> dict[str, Any]:
    """What ``summary.json`` says of an input."""
    common = {
        "name": source.name,
        "kind": source.kind,
        "sha256": sha256,
        "width": source.width,
        "height": source.height,
    }
    if source.kind == "photos":  # sizes are those of the largest
        return common | {"photos": len(source), "files": list(source.files)}
    named = {"files": list(source.files)} if source.files else {}
    return common | {
        **named,
        "rotation": source.rotation,
        "codec": source.codec,
        "has_audio": source.has_audio,
        "frames": len(source),
        "duration_s": round(source.duration_s, 6),
        "start_s": round(source.start_s, 6) if len(source) else 0.0,
        "recorded": source.recorded,
        "timecode": source.timecode,
    }


def describe_outputs(folder: Path, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """SHA-256 and size of each of the files in ``folder`` that is there, in order of name."""
    described = {}
    for name in sorted(names):
        path = folder / name
        if path.is_file():
            described[name] = {"sha256": sha256_file(path), "bytes": path.stat().st_size}
    return described


def write_summary(data: Mapping[str, Any], path: Path) -> None:
    """Write ``summary.json``. What could not be read again would be missing from every table in
    silence, so it is looked at here as whoever reads it does.

    Raises:
        Refused: it would not be taken for a summary.
        NoSpaceError: the disk is full.
        OutputPathError: the folder cannot be written to.
    """
    check_summary(data)
    # Names of strangers' files may hold lone surrogates; ASCII keeps the file readable by all.
    write_text(path, json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False) + "\n")
