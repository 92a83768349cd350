"""The outputs of a whole job: what a local run leaves beside the folders of its inputs."""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TextIO

from fer_batch.atomic import flushed_together, make_private
from fer_batch.checksum import sha256_file
from fer_batch.errors import StorageError
from fer_batch.jobs.item.batch import write_tables
from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.jobs.ledger.manifest import JobItem, Manifest
from fer_batch.jobs.store import keys, records
from fer_batch.jobs.store.download import safe_join
from fer_batch.jobs.store.storage import Storage
from fer_batch.jobs.store.stream import open_text
from fer_batch.output.stored import Failure, Stored, in_order

# Files that the pages are made of. Tables are read as they stream in; of other files it only
# matters that they exist. A job of thousands of inputs has gigabytes of them.
READ_SUFFIXES = (".json",)


def write_index(storage: Storage, manifest: Manifest, scratch: Path) -> None:
    """Write ``summary.csv`` and, with reports, ``index.html`` and the joined tables.

    ``scratch``: a folder with room for the joined tables; ``/tmp`` is often a piece of memory.
    """
    base = keys.index(manifest.job_id)
    files: dict[str, Any] = {}
    make_private(scratch)
    with (
        tempfile.TemporaryDirectory(prefix="index-", dir=scratch) as name,
        flushed_together(),
    ):
        folder = Path(name)
        items = {item.name: index for index, item in enumerate(manifest.items)}

        def open_table(path: Path) -> AbstractContextManager[TextIO]:
            at = path.relative_to(folder)
            key = f"{keys.item(manifest.job_id, items[at.parent.as_posix()])}/out/{at.name}"
            return open_text(storage, key)

        results = [
            _result(storage, manifest, index, item, folder)
            for index, item in enumerate(manifest.items)
        ]
        stored = in_order(
            Stored(r.item.name, r.out, r.summary) for r in results if r.state == "done"
        )
        failures = [
            Failure(r.item.name, r.error, r.item.input) for r in results if r.state == "failed"
        ]
        # What suits each input where nothing was asked for, as in a local run.
        wanted = {name for result in results for name in result.item.outputs}
        write_tables(folder, stored, failures, wanted, here=False, open_table=open_table)
        for path in sorted(folder.iterdir()):
            if path.is_file():
                storage.put_file(path, f"{base}/{path.name}")
                files[path.name] = {"size": path.stat().st_size, "sha256": sha256_file(path)}
    storage.put_json(keys.index_record(manifest.job_id), {"files": files})


def _result(
    storage: Storage, manifest: Manifest, index: int, item: JobItem, folder: Path
) -> ItemResult:
    """What became of an item, with its outputs at ``folder/<name>`` as far as they are needed."""
    outputs = manifest.outputs_of(item)
    spec = ItemSpec(item.input, item.name, manifest.analyze_of(item), manifest.render, outputs)
    out = safe_join(folder, item.name)
    error = records.error(storage, manifest.job_id, index)
    if error is not None:
        return ItemResult(spec, out, "failed", error=error.words, code=error.code)
    result = records.result(storage, manifest.job_id, index)
    if result is None and not storage.exists(keys.manifest(manifest.job_id)):
        raise StorageError(f"{storage.where} does not hold this job now")
    if result is None:
        missing = f"{item.input}: its results are missing in storage"
        return ItemResult(spec, out, "failed", error=missing, code=StorageError.code)
    base = f"{keys.item(manifest.job_id, index)}/out"
    in_place = storage.local_path(base)
    if in_place is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.symlink_to(in_place.absolute(), target_is_directory=True)
    else:
        for name in result.files:
            target = safe_join(out, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.suffix in READ_SUFFIXES:
                storage.get_file(f"{base}/{name}", target)
            else:
                target.touch()
    summary = dict(result.summary)
    seconds = float(summary.get("timings", {}).get("total_s", 0.0))
    return ItemResult(spec, out, "done", seconds=seconds, summary=summary)
