"""Bringing results to a local folder: resumed, verified, never outside of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from fer_batch.atomic import write_error
from fer_batch.checksum import sha256_file
from fer_batch.errors import OutputPathError, StorageError
from fer_batch.jobs.item.refusal import download_refusal
from fer_batch.jobs.item.results import remove_outputs
from fer_batch.jobs.ledger.manifest import Manifest
from fer_batch.jobs.store import keys, records
from fer_batch.jobs.store.records import Fact, ResultRecord
from fer_batch.jobs.store.storage import Storage
from fer_batch.output.foreign import has_content
from fer_batch.output.stored import read_record
from fer_batch.outputs import RECORDS, output_called


@dataclass(frozen=True, slots=True)
class Transfer:
    """One file to fetch: from ``key`` to ``target``, with its size and SHA-256."""

    key: str
    target: Path
    size: int
    sha256: str


def safe_join(folder: Path, name: str) -> Path:
    """``folder / name``, where that stays inside ``folder``.

    Raises:
        OutputPathError: it would not; nothing is written.
    """
    path = PurePosixPath(name)
    bad = not name or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name
    target = folder / path
    if bad or not target.resolve().is_relative_to(folder.resolve()):
        raise OutputPathError(f"{name[:80]!r} would lie outside {folder}; it is not downloaded")
    return target


def plan_download(
    storage: Storage,
    manifest: Manifest,
    out: Path,
    only: frozenset[str],
    overwrite: bool = False,
) -> tuple[list[Transfer], dict[str, str]]:
    """Every file of the job's finished items (``only`` some outputs, all where empty), and by name
    a line for each item in whose place other results lie: those are kept, or removed with
    ``overwrite``.
    """
    wanted: list[Transfer] = []
    kept: dict[str, str] = {}
    for index, item in enumerate(manifest.items):
        result = records.result(storage, manifest.job_id, index)
        if result is None:
            continue
        folder = safe_join(out, item.name)
        previous = read_record(folder)
        if previous and not _same(folder, previous, result):
            if not overwrite:
                kept[item.name] = download_refusal(folder, item.name, previous, result.summary)
                continue
            remove_outputs(folder, previous)
        base = f"{keys.item(manifest.job_id, index)}/out"
        found = files_of(result.files, base, out, f"{item.name}/", only)
        # The record comes last: what is not whole is not taken for a result.
        wanted += sorted(found, key=lambda file: file.target.name in RECORDS)
    whole = records.batch_files(storage, manifest.job_id)
    if whole is not None:
        wanted += files_of(whole, keys.index(manifest.job_id), out, "", only)
    return wanted, kept


def _same(folder: Path, previous: Mapping[str, Any], result: ResultRecord) -> bool:
    """Whether ``folder`` holds just what the job has made, or would: ``previous`` is its record."""
    if any(
        has_content(folder, name, about.sha256)
        for name, about in result.files.items()
        if name in RECORDS
    ):
        return True
    names = ("asked_key", "analysis_key", "render_key")
    return all(previous.get(name) == result.summary.get(name) for name in names)


def files_of(
    files: dict[str, Fact], base: str, out: Path, folder: str, only: frozenset[str]
) -> list[Transfer]:
    """Those of a record's ``files`` that belong to the outputs ``only``, all where it is empty."""
    outputs = map(output_called, only)
    patterns = [pattern for output in outputs for pattern in (*output.files, *output.of_batch)]
    found = []
    for name, about in files.items():
        if only and not any(PurePosixPath(name).match(pattern) for pattern in patterns):
            continue
        target = safe_join(out, folder + name)
        found.append(Transfer(f"{base}/{name}", target, about.size, about.sha256))
    return found


def fetch(
    storage: Storage, wanted: Transfer, progress: Callable[[int], None] = lambda n: None
) -> bool:
    """Fetch one file unless it is here already; returns whether bytes were moved.

    A broken transfer leaves ``.NAME.download``, from where the next one goes on.

    Raises:
        StorageError: storage does not answer, or what it holds is not what was stored.
        OutputPathError: the folder cannot be written to.
    """
    target = wanted.target
    partial = target.with_name(f".{target.name}.download")
    try:
        same_size = target.is_file() and target.stat().st_size == wanted.size
        if same_size and sha256_file(target) == wanted.sha256:
            progress(wanted.size)
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        if partial.is_symlink():  # not ours: it would have us write elsewhere
            partial.unlink()
        for _ in range(2):
            if _transfer(storage, wanted, partial, progress):
                partial.replace(target)
                return True
            partial.unlink()
    except OSError as error:
        raise write_error(error, target) from error
    raise StorageError(f"{target.name}: its content in storage does not match its checksum")


def _transfer(
    storage: Storage, wanted: Transfer, partial: Path, progress: Callable[[int], None]
) -> bool:
    """Go on with ``partial``; returns whether it is whole and right."""
    digest = hashlib.sha256()
    start = 0
    if partial.is_file() and partial.stat().st_size <= wanted.size:
        with partial.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
                start += len(block)
    progress(start)
    with partial.open("ab" if start else "wb") as file:
        if start < wanted.size:
            for block in storage.read_blocks(wanted.key, start):
                file.write(block)
                digest.update(block)
                progress(len(block))
    return digest.hexdigest() == wanted.sha256
