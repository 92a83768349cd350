"""What was asked of a job, as JSON in storage: the truth, of which Redis can be rebuilt."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from fer_batch import door
from fer_batch.checksum import fingerprint
from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.errors import JobError
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.jobs.ledger.spec import PRIORITIES, check_job_id
from fer_batch.outputs import OUTPUTS, outputs_for
from fer_batch.version import installed_version

MANIFEST_VERSION = 1
MOST_ITEMS = 2_000_000
MOST_SECONDS = 1e11  # since 1970: the year 5138
KINDS = ("file", "image", "folder")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One uploaded file of an input: its own name (with the folders that it lies in, where the
    input is a folder), its place in storage, size and content."""

    name: str
    key: str
    size: int
    sha256: str

    @classmethod
    def from_json(cls, data: Any) -> StoredFile:
        """Read it from a manifest, which a stranger may have written.

        Raises:
            Refused: a field is not as it was written.
        """
        found = door.record(data, "files")
        digest = door.hex64(found.get("sha256"))
        key = door.text(found.get("key"), "key", 120)
        if not re.fullmatch(rf"inputs/{digest[:2]}/{digest}\.[a-z0-9]{{1,8}}", key):
            raise door.Refused("key is not the place of an upload")
        size = door.whole(found.get("size"), "size")
        return cls(door.place(found.get("name")), key, size, digest)


@dataclass(frozen=True, slots=True)
class JobItem:
    """One input of a job. ``input`` is the path as the user wrote it, only ever shown.

    ``name`` is the folder of its outputs; ``kind`` is "file" (a video), "image" or "folder" (of
    images). ``images``: what images were taken for, "photos" or "frames". ``problem`` is what was
    wrong with the input when it was submitted: such an item fails, the others go on.
    """

    input: str
    name: str
    kind: str
    sha256: str
    files: tuple[StoredFile, ...]
    problem: tuple[str, str] | None = None
    images: str = ""

    @property
    def source_kind(self) -> str:
        """See ``types.SourceKind``."""
        return self.images or "video"

    @classmethod
    def from_json(cls, data: Any) -> JobItem:
        """Read it from a manifest.

        Raises:
            Refused: a field is not as it was written.
        """
        found = door.record(data, "items")
        listed = door.rows(found.get("files"), "files")
        files = tuple(StoredFile.from_json(file) for file in listed)
        problem = None
        if found.get("problem") is not None:
            code, words = door.rows(found["problem"], "problem", 2)
            problem = (door.text(code, "problem", 40), door.text(words, "problem"))
        kind = door.one_of(found.get("kind"), "kind", KINDS)
        if problem is None and (not files or (kind != "folder" and len(files) != 1)):
            raise door.Refused(f"files are not those of one {kind}")
        return cls(
            door.text(found.get("input"), "input"),
            door.place(found.get("name")),
            kind,
            "" if problem and found.get("sha256") == "" else door.hex64(found.get("sha256")),
            files,
            problem,
            door.one_of(found.get("images", ""), "images", ("", "photos", "frames")),
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was asked: written to storage before anything is enqueued, and never changed.

    ``reuse``: inputs that an earlier job has done with equal settings are not done again.
    ``who``: the folder of the photos that ``analyze.who`` names, uploaded as inputs are.
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
    who: JobItem | None = None
    version: int = MANIFEST_VERSION

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Manifest:
        """Read a manifest, which whoever may write to storage may have written.

        Raises:
            JobError: written by a newer fer-batch.
            ValueError, UsageError: a field is not as fer-batch writes it; it is named.
        """
        found = door.record(data, "manifest")
        version = door.whole(found.get("version"), "version", 1)
        if version != MANIFEST_VERSION:
            raise JobError(
                f"its manifest is of version {version}, this fer-batch reads {MANIFEST_VERSION}; "
                "update fer-batch"
            )
        items = door.rows(found.get("items"), "items", MOST_ITEMS)
        outputs = door.rows(found.get("outputs"), "outputs", len(OUTPUTS))
        digest = found.get("model_sha256", "")
        return cls(
            job_id=check_job_id(door.text(found.get("job_id"), "job_id", 60)),
            name=door.text(found.get("name"), "name", 200),
            priority=door.one_of(found.get("priority"), "priority", tuple(PRIORITIES)),
            created=door.number(found.get("created"), "created", 0, MOST_SECONDS),
            items=tuple(JobItem.from_json(item) for item in items),
            analyze=AnalyzeSettings.from_json(door.record(found.get("analyze"), "analyze")),
            render=RenderSettings.from_json(door.record(found.get("render"), "render")),
            outputs=tuple(door.one_of(output, "outputs", OUTPUTS) for output in outputs),
            segment_frames=door.whole(found.get("segment_frames"), "segment_frames", 1, 10**9),
            model_sha256="" if digest == "" else door.hex64(digest, "model_sha256"),
            reuse=door.flag(found.get("reuse", True), "reuse"),
            who=None if found.get("who") is None else JobItem.from_json(found["who"]),
        )

    def outputs_of(self, item: JobItem) -> tuple[str, ...]:
        """What is made of an item."""
        return outputs_for(item.source_kind, self.outputs)

    def analyze_of(self, item: JobItem) -> AnalyzeSettings:
        """The settings of an item, which know what its images were taken for."""
        return replace(self.analyze, images=item.images) if item.images else self.analyze

    def asked(self) -> ItemSpec:
        """What is wanted of each item, without saying which."""
        return ItemSpec("", "", self.analyze, self.render, self.outputs)

    def same_key(self) -> str:
        """Equal for jobs that must have equal results: content, model and settings."""
        items = [[item.name, item.sha256, item.images] for item in self.items]
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
