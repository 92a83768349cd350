"""The words of the queue: stages, units, job manifests and states, all of it JSON.

A job is a list of items (inputs). An item goes through its stages one after the other; `analyze`
and `render` are cut into one unit a segment. A unit is what one task does:

    probe ─ analyze × n ─ assemble ─ render × m ─ finish        per item, then   index   per job

The manifest in storage is the truth of what was asked; Redis can be rebuilt from it.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from fer_batch.config import AnalyzeSettings, RenderSettings, fingerprint
from fer_batch.errors import JobError
from fer_batch.version import installed_version

MANIFEST_VERSION = 1

Stage = Literal["probe", "analyze", "assemble", "render", "finish", "index"]
Queue = Literal["analyze", "render", "control"]
State = Literal["queued", "running", "done", "failed", "cancelled"]
Priority = Literal["low", "normal", "high"]

STAGES: tuple[Stage, ...] = ("probe", "analyze", "assemble", "render", "finish", "index")
QUEUES: tuple[Queue, ...] = ("control", "render", "analyze")
FINAL_STATES: tuple[State, ...] = ("done", "failed", "cancelled")
# The numbers of Redis lists: kombu polls 0 first.
PRIORITIES: dict[str, int] = {"high": 0, "normal": 3, "low": 6}
PRIORITY_STEPS = (0, 3, 6, 9)

TASKS: dict[Stage, str] = {stage: f"fer_batch.{stage}" for stage in STAGES}
QUEUE_OF: dict[Stage, Queue] = {
    "probe": "control",
    "analyze": "analyze",
    "assemble": "control",
    "render": "render",
    "finish": "control",
    "index": "control",
}

JOB_ID = re.compile(r"[a-z2-7]{20}")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def new_job_id() -> str:
    """An id that cannot be guessed: 100 random bits, safe in paths and URLs."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


def check_job_id(text: str) -> str:
    """Return ``text`` if it has the form of a job id.

    Raises:
        JobError: it has not, so it must not become part of a path.
    """
    if not JOB_ID.fullmatch(text):
        raise JobError(f"{text[:60]!r} is not a job id; `fer-batch jobs` lists them")
    return text


@dataclass(frozen=True, slots=True)
class Unit:
    """What one task does. ``item`` is -1 for the job's own `index`."""

    job: str
    item: int
    stage: Stage
    index: int = 0

    @property
    def key(self) -> str:
        """``item/stage/index``, as the ledger names it within a job."""
        return f"{self.item}/{self.stage}/{self.index}"

    @classmethod
    def parse(cls, job: str, key: str) -> Unit:
        """Read ``key`` back.

        Raises:
            JobError: not the name of a unit.
        """
        found = re.fullmatch(r"(-?\d{1,9})/([a-z]+)/(\d{1,9})", key)
        if not found or found[2] not in TASKS:
            raise JobError(f"{key[:60]!r} is not a unit of work")
        stage: Stage = found[2]  # type: ignore[assignment]
        return cls(check_job_id(job), int(found[1]), stage, int(found[3]))

    @property
    def queue(self) -> Queue:
        return QUEUE_OF[self.stage]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One uploaded file of an input: its own name, its place in storage, size and content."""

    name: str
    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class JobItem:
    """One input of a job. ``input`` is the path as the user wrote it, only ever shown.

    ``name`` is the folder of its outputs; ``kind`` is "file" (a video), "image" or "folder" (of
    images). ``problem`` is what was wrong with the input when it was submitted: such an item fails,
    the others go on.
    """

    input: str
    name: str
    kind: str
    sha256: str
    files: tuple[StoredFile, ...]
    problem: tuple[str, str] | None = None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> JobItem:
        files = tuple(StoredFile(**file) for file in data["files"])
        problem = data.get("problem")
        return cls(
            data["input"],
            data["name"],
            data["kind"],
            data["sha256"],
            files,
            (str(problem[0]), str(problem[1])) if problem else None,
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was asked: written to storage before anything is enqueued, and never changed.

    ``reuse``: inputs that an earlier job has done with equal settings are not done again.
    """

    job_id: str
    name: str
    priority: str
    created: float
    items: tuple[JobItem, ...]
    analyze: AnalyzeSettings
    render: RenderSettings
    outputs: tuple[str, ...]
    segment_frames: int
    model_sha256: str = ""
    reuse: bool = True
    version: int = MANIFEST_VERSION

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Manifest:
        """Read a manifest.

        Raises:
            JobError: written by a newer fer-batch.
        """
        if data.get("version") != MANIFEST_VERSION:
            raise JobError(
                f"job {str(data.get('job_id'))[:20]}: its manifest is of version "
                f"{data.get('version')}, this fer-batch reads {MANIFEST_VERSION}; update fer-batch"
            )
        known = {f.name for f in fields(cls)}
        values = {k: v for k, v in data.items() if k in known}
        values["items"] = tuple(JobItem.from_json(item) for item in data["items"])
        values["analyze"] = AnalyzeSettings.from_json(data["analyze"])
        values["render"] = RenderSettings.from_json(data["render"])
        values["outputs"] = tuple(data["outputs"])
        return cls(**values)

    def same_key(self) -> str:
        """Equal for jobs that must have equal results: content, model and settings."""
        items = [[item.name, item.sha256] for item in self.items]
        return fingerprint(
            [
                installed_version(),
                items,
                self.analyze.to_json(),
                self.render.to_json(),
                sorted(self.outputs),
                self.model_sha256,
            ]
        )


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """One item as `status` shows it."""

    input: str
    name: str
    state: State
    stage: str
    frames_done: int
    frames_total: int
    frames_per_s: float | None
    eta_s: float | None
    warnings: tuple[str, ...] = ()
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The shape that `status --json` promises."""
        return {
            "input": self.input,
            "state": self.state,
            "frames_done": self.frames_done,
            "frames_total": self.frames_total,
            "frames_per_s": self.frames_per_s,
            "eta_s": self.eta_s,
            "warnings": list(self.warnings),
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One job as `status` shows it."""

    job_id: str
    name: str
    state: State
    priority: str
    created: float
    finished: float | None
    count: int
    unfinished: int
    error: str | None = None
    items: tuple[ItemStatus, ...] = field(default=())

    @property
    def final(self) -> bool:
        return self.state in FINAL_STATES

    def to_json(self) -> dict[str, Any]:
        """The shape that `status --json` promises."""
        return {
            "job_id": self.job_id,
            "name": self.name,
            "state": self.state,
            "items": [item.to_json() for item in self.items],
        }
