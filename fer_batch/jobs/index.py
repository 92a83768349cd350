"""The outputs of a whole job: what a local run leaves beside the folders of its inputs."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from fer_batch.jobs import keys
from fer_batch.jobs.spec import Manifest
from fer_batch.jobs.storage import Storage, sha256_file


def write_index(storage: Storage, manifest: Manifest) -> None:
    """Write ``summary.csv`` from the summaries of all items; one row an input."""
    from fer_batch.output.summary import write_batch_csv

    base = keys.index(manifest.job_id)
    rows = [_row(storage, manifest, index) for index in range(len(manifest.items))]
    files: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="fer-batch-") as folder:
        write_batch_csv(rows, Path(folder) / "summary.csv")
        for path in sorted(Path(folder).iterdir()):
            storage.put_bytes(f"{base}/{path.name}", path.read_bytes())
            files[path.name] = {"size": path.stat().st_size, "sha256": sha256_file(path)}
    storage.put_json(f"{base}.json", {"files": files})


def _row(storage: Storage, manifest: Manifest, index: int) -> dict[str, Any]:
    from fer_batch.output.summary import done_row, failed_row

    item = manifest.items[index]
    error = storage.get_json(keys.fact(manifest.job_id, index, "error"))
    if error is not None:
        return failed_row(name=item.input, error=error["words"], status="failed")
    data = storage.get_bytes(f"{keys.item(manifest.job_id, index)}/out/summary.json")
    if not data:
        return done_row({}, name=item.input, folder=item.name)
    return done_row(json.loads(data), name=item.input, folder=item.name)
