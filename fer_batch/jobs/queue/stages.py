"""Between the queue and the steps: files fetched before a step, stored after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch import timeline_file
from fer_batch.checksum import sha256_file
from fer_batch.errors import Cancelled, StorageError
from fer_batch.jobs.item import make, relate, steps
from fer_batch.jobs.item.relation import Member
from fer_batch.jobs.item.result_keys import engine_line
from fer_batch.jobs.item.work import TIMELINE, ItemPlan, ItemSpec, WorkFolder
from fer_batch.jobs.ledger.manifest import JobItem, Manifest
from fer_batch.jobs.ledger.spec import Unit
from fer_batch.jobs.store import keys, records, reuse
from fer_batch.jobs.store.folders import ItemFolder, commit_name
from fer_batch.jobs.store.inputs import InputCache
from fer_batch.jobs.store.made_by import engine_of
from fer_batch.jobs.store.records import Fact, PlanRecord, ResultRecord
from fer_batch.jobs.store.storage import Storage
from fer_batch.version import installed_version

if TYPE_CHECKING:
    from fer_batch.pipeline.build import Engine
    from fer_batch.pipeline.progress import Report, ShouldCancel


@dataclass(frozen=True, slots=True)
class MirroredFolder(WorkFolder):
    """A work folder whose input lies elsewhere on each machine: ``input`` is this one's place.

    ``first``: number of the first shard; those before it are of analyses that were given up.
    """

    input: str = ""
    first: int = 0

    def read_plan(self) -> ItemPlan:
        found = WorkFolder.read_plan(self)
        return replace(found, info=replace(found.info, path=self.input))

    def shard(self, segment: int) -> Path:
        return WorkFolder.shard(self, self.first + segment)


@dataclass(frozen=True)
class Stages:
    """What each stage of a unit does, in terms of ``steps``.

    ``engine`` gives the process's one engine, loaded when first asked for.
    """

    storage: Storage
    cache: InputCache
    engine: Callable[[], Engine]

    def probe(self, manifest: Manifest, unit: Unit) -> PlanRecord:
        """Probe the item and remember its plan in storage; returns the plan's facts."""
        key = keys.fact(unit.job, unit.item, "plan")
        plan = records.plan(self.storage, unit.job, unit.item)
        if plan is None:
            plan = reuse.take(self.storage, manifest, unit.item)
        if plan is not None:
            return plan
        item, folder, work = self._open(manifest, unit, check=True)
        found = steps.probe(item, work, self.engine(), manifest.segment_frames)
        folder.push()
        plan = PlanRecord(
            segments=tuple(len(segment) for segment in found.segments),
            warnings=tuple(self.own_words(w, manifest, unit) for w in found.info.warnings),
            renders=make.draws(item),
        )
        self.storage.put_json(key, plan.to_json())
        return plan

    def segment(
        self, manifest: Manifest, unit: Unit, report: Report, should_cancel: ShouldCancel
    ) -> dict[str, Any]:
        """Analyse, assemble or render; returns what the ledger is told."""
        plan = records.plan(self.storage, unit.job, unit.item)
        if plan is None or not plan.segments:
            raise StorageError(f"{unit.key}: what its probe found is no longer in storage")
        count = len(plan.segments)
        # Units that are analysed are numbered on, each time that this begins anew.
        attempt = unit.index if unit.stage == "assemble" else unit.index // count
        segment = unit.index - attempt * count
        frames = plan.segments[segment] if unit.stage != "assemble" else 0
        if plan.reused:
            return {"frames": frames}
        item, folder, work = self._open(manifest, unit)
        work = replace(work, first=attempt * count)
        if not self._made_before(manifest, unit, folder):
            if should_cancel():
                raise Cancelled("stopped before it began")
            engine = self.engine()
            if unit.stage == "analyze":
                steps.analyze(item, work, segment, engine, report, should_cancel)
            elif unit.stage == "render":
                steps.render(item, work, segment, engine, report, should_cancel)
            else:
                steps.assemble(item, work, engine)
            folder.push()
        return {"frames": frames}

    def _made_before(self, manifest: Manifest, unit: Unit, folder: ItemFolder) -> bool:
        """Whether storage holds what ``unit`` makes, by this engine where it makes numbers."""
        if not folder.committed(unit):
            return False
        if unit.stage != "analyze":
            return True
        key = f"{folder.key}/{commit_name(unit)}"
        if engine_of(self.storage, key) == self.engine_text(manifest):
            return True
        self.storage.delete(key)
        return False

    def engine_text(self, manifest: Manifest) -> str:
        """What would make the numbers of a job here, as one line.

        Raises:
            UnknownModelError, ModelFileError: the settings name what is not there.
        """
        return engine_line(self.engine().facts(manifest.analyze), installed_version())

    def relate(self, manifest: Manifest) -> None:
        """Relate all items of a job that are assembled and not finished; once."""
        job, key = manifest.job_id, keys.related(manifest.job_id)
        if self.storage.exists(key):
            return
        folders, members = [], []
        for index, entry in enumerate(manifest.items):
            unit = Unit(job, index, "relate")
            if entry.problem is not None or not self._waits(unit):
                continue
            item, folder, work = self._open(manifest, unit)
            folders.append(folder)
            members.append(Member(item, work))
        relate.relate(members, self.engine())
        for folder in folders:
            folder.push()
        self.storage.put_json(key, {"items": [member.item.name for member in members]})

    def _waits(self, unit: Unit) -> bool:
        """Whether an item is assembled and neither finished nor failed."""
        ended = ("result", "error")
        if any(self.storage.exists(keys.fact(unit.job, unit.item, what)) for what in ended):
            return False
        return self.storage.exists(f"{keys.item(unit.job, unit.item)}/{TIMELINE}")

    def finish(self, manifest: Manifest, unit: Unit) -> ResultRecord:
        """Put the outputs together, remember names and checksums; returns that record."""
        key = keys.fact(unit.job, unit.item, "result")
        result = records.result(self.storage, unit.job, unit.item)
        if result is None:
            item, folder, work = self._open(manifest, unit, check=True)
            summary = steps.finish(item, work, self.engine())
            folder.push()
            result = ResultRecord(
                checksums(work.out, summary["outputs"]), tuple(summary.get("warnings", ())), summary
            )
            self.storage.put_json(key, result.to_json())
        reuse.remember(self.storage, manifest, unit.item)
        return result

    def kept(self, unit: Unit) -> bool:
        """Whether storage holds the job and what ``unit`` has made, so that others may be told."""
        if not self.storage.exists(keys.manifest(unit.job)):
            return False
        return any(self.storage.exists(key) for key in self._made(unit))

    def _made(self, unit: Unit) -> Iterator[str]:
        """Keys of which one is there when the unit is done."""
        if unit.stage == "relate":
            yield keys.related(unit.job)
        elif unit.stage == "index":
            yield keys.index_record(unit.job)
        elif unit.stage == "probe":
            yield keys.fact(unit.job, unit.item, "plan")
        else:
            if name := commit_name(unit):
                yield f"{keys.item(unit.job, unit.item)}/{name}"
            yield keys.fact(unit.job, unit.item, "result")

    def discard(self, unit: Unit) -> None:
        """Remove what only served to make the outputs of a finished item."""
        self._folder(unit).discard()

    def index(self, manifest: Manifest) -> None:
        """Write the outputs of the whole job from its items' summaries."""
        from fer_batch.jobs.queue.index import write_index

        write_index(self.storage, manifest, self.cache.folder)

    def own_words(self, words: str, manifest: Manifest, unit: Unit) -> str:
        """``words`` with the input's path as the user wrote it instead of this machine's copy."""
        if unit.item < 0:
            return words
        item = manifest.items[unit.item]
        return words.replace(str(self._place(item)), item.input)

    def _place(self, item: JobItem) -> Path:
        if not item.files:
            return Path(item.input)
        return self.cache.place(item)

    def _open(
        self, manifest: Manifest, unit: Unit, check: bool = False
    ) -> tuple[ItemSpec, ItemFolder, MirroredFolder]:
        entry = manifest.items[unit.item]
        needs_input = unit.stage in ("probe", "analyze", "render", "finish")
        path = self.cache.path(entry, check) if needs_input else self._place(entry)
        folder = self._folder(unit)
        folder.fetch(unit.stage)
        listed = tuple(file.name for file in entry.files) if entry.kind == "folder" else ()
        spec = ItemSpec(
            str(path),
            entry.name,
            manifest.analyze_of(entry),
            manifest.render,
            manifest.outputs_of(entry),
            entry.input,
            listed,
            self._known(manifest) if unit.stage == "relate" else "",
        )
        return spec, folder, MirroredFolder(folder.path, folder.path / "out", str(path))

    def _known(self, manifest: Manifest) -> str:
        """Where the photos of people lie on this machine; "" where the job has none."""
        return str(self.cache.path(manifest.who)) if manifest.who is not None else ""

    def _folder(self, unit: Unit) -> ItemFolder:
        return ItemFolder(self.storage, self.cache.folder, unit.job, unit.item, self.cache.limit)


def checksums(folder: Path, known: dict[str, dict[str, Any]]) -> dict[str, Fact]:
    """Size and SHA-256 of every file below ``folder``, by relative path.

    ``known``: a summary's ``outputs``, whose files are not hashed once more.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (path.name in timeline_file.KEPT or path.name[0] != "."):
            name = path.relative_to(folder).as_posix()
            sha256 = known[name]["sha256"] if name in known else sha256_file(path)
            found[name] = Fact(path.stat().st_size, sha256)
    return found
