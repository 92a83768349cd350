"""What storage says of jobs and items, read through the door: each record a checked type.

Who may write to storage may write any of these. What is not as fer-batch writes it is a
DamagedError that names the place; no value of it has been used then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from fer_batch import door
from fer_batch.errors import DamagedError, UsageError
from fer_batch.jobs.ledger.spec import JOB_ID
from fer_batch.jobs.store import keys
from fer_batch.jobs.store.storage import Storage

MOST_FILES = 2_000_000
MOST_SEGMENTS = 1_000_000
_FIELD = re.compile(r"[a-z_]{1,32}")
_CODE = re.compile(r"[a-z_]{1,40}")
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Fact:
    """One output file: bytes and SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """What a probe found: frames of each segment. ``reused``: the job it was taken over from."""

    segments: tuple[int, ...]
    warnings: tuple[str, ...]
    renders: bool
    reused: str = ""

    @classmethod
    def of(cls, data: Any) -> PlanRecord:
        found = door.record(data, "plan")
        segments = door.rows(found.get("segments"), "segments", MOST_SEGMENTS)
        return cls(
            tuple(door.whole(frames, "segments", 0, 10**9) for frames in segments),
            door.lines(found.get("warnings", []), "warnings"),
            door.flag(found.get("renders"), "renders"),
            job_id(found["reused"]) if found.get("reused") else "",
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """The outputs of a finished item by relative path, and its summary."""

    files: dict[str, Fact]
    warnings: tuple[str, ...] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Any) -> ResultRecord:
        found = door.record(data, "result")
        return cls(
            _files(found.get("files")),
            door.lines(found.get("warnings", []), "warnings"),
            door.record(found.get("summary", {}), "summary"),
        )

    def to_json(self) -> dict[str, Any]:
        files = {name: asdict(about) for name, about in self.files.items()}
        return {"files": files, "warnings": list(self.warnings), "summary": dict(self.summary)}


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """Why an item failed."""

    code: str
    words: str

    @classmethod
    def of(cls, data: Any) -> ErrorRecord:
        found = door.record(data, "error")
        code = door.text(found.get("code"), "code", 40)
        if not _CODE.fullmatch(code):
            raise door.Refused("code is no kind of error")
        return cls(code, door.text(found.get("words"), "words"))


@dataclass(frozen=True, slots=True)
class FinalRecord:
    """How a job ended: the ledger's fields of it and of its items."""

    job: dict[str, str]
    items: list[dict[str, str]]

    @classmethod
    def of(cls, data: Any) -> FinalRecord:
        found = door.record(data, "final")
        job = _fields(found.get("job"))
        door.one_of(job.get("state"), "state", ("done", "failed", "cancelled"))
        items = [_fields(item) for item in door.rows(found.get("items"), "items", MOST_FILES)]
        for item in items:
            door.one_of(item.get("state"), "state", ("done", "failed", "cancelled"))
        return cls(job, items)


@dataclass(frozen=True, slots=True)
class Pointer:
    """An equal job, or an item of it, that was done before."""

    job_id: str
    item: int = 0

    @classmethod
    def of(cls, data: Any) -> Pointer:
        found = door.record(data, "pointer")
        return cls(job_id(found.get("job_id")), door.whole(found.get("item", 0), "item", 0, 10**7))


def jobs(storage: Storage) -> list[str]:
    """Ids of the jobs that storage holds; other names there are passed over."""
    return [name for name in storage.names("jobs") if JOB_ID.fullmatch(name)]


def plan(storage: Storage, job: str, index: int) -> PlanRecord | None:
    """What the probe of an item found, None where it was not probed."""
    return read(storage, keys.fact(job, index, "plan"), PlanRecord.of)


def result(storage: Storage, job: str, index: int) -> ResultRecord | None:
    """The outputs of an item, None where it is not finished."""
    return read(storage, keys.fact(job, index, "result"), ResultRecord.of)


def error(storage: Storage, job: str, index: int) -> ErrorRecord | None:
    """Why an item failed, None where it has not."""
    return read(storage, keys.fact(job, index, "error"), ErrorRecord.of)


def final(storage: Storage, job: str) -> FinalRecord | None:
    """How a job ended, None while it has not."""
    return read(storage, keys.final(job), FinalRecord.of)


def pointer(storage: Storage, key: str) -> Pointer | None:
    """What ``same/…`` points to. None where nothing, or nothing that can be read, is there: it
    only saves work."""
    try:
        return read(storage, key, Pointer.of)
    except DamagedError:
        return None


def batch_files(storage: Storage, job: str) -> dict[str, Fact] | None:
    """The outputs of a whole job, None where there are none yet."""
    return read(
        storage, keys.index_record(job), lambda data: _files(door.record(data, "index")["files"])
    )


def read(storage: Storage, key: str, of: Callable[[Any], Read]) -> Read | None:
    """The record at ``key``, None where there is none.

    Raises:
        DamagedError: it is not what fer-batch writes there.
    """
    data = storage.get_json(key)
    if data is None:
        return None
    try:
        return of(data)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, UsageError) as error:
        raise DamagedError(f"{storage.where}: {key} is damaged: {error}") from error


def job_id(value: object) -> str:
    """A job's id, which may become part of a path."""
    if not isinstance(value, str) or not JOB_ID.fullmatch(value):
        raise door.Refused("job_id is not a job id")
    return value


def _files(value: object) -> dict[str, Fact]:
    found = door.record(value, "files")
    if len(found) > MOST_FILES:
        raise door.Refused(f"files are more than {MOST_FILES}")
    return {door.place(name, "files"): fact(about) for name, about in found.items()}


def fact(value: object) -> Fact:
    """Size and hash of a file."""
    about = door.record(value, "files")
    return Fact(door.whole(about.get("size"), "size"), door.hex64(about.get("sha256")))


def _fields(value: object) -> dict[str, str]:
    """Fields of a hash of the ledger."""
    found = door.record(value, "fields")
    if len(found) > 64 or not all(_FIELD.fullmatch(name) for name in found):
        raise door.Refused("fields are not those of the ledger")
    return {name: door.text(one, name, 1 << 20) for name, one in found.items()}
