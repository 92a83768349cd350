"""Records of strangers: each field of each record is fed with what fer-batch would never write."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.errors import DamagedError, FerBatchError, StorageError
from fer_batch.jobs.ledger.manifest import JobItem, Manifest, StoredFile
from fer_batch.jobs.ledger.spec import new_job_id
from fer_batch.jobs.queue import facts
from fer_batch.jobs.store import keys, records
from fer_batch.jobs.store.connect import open_storage
from fer_batch.jobs.store.inputs import InputCache

SHA = "0f" * 32
JOB = "a" * 20
CLIP = StoredFile("i.mp4", f"inputs/0f/{SHA}.mp4", 9, SHA)
MANIFEST = Manifest(
    JOB,
    "name",
    "normal",
    1e9,
    (
        JobItem(
            "in.mp4", "in", "file", SHA, (StoredFile("i.mp4", f"inputs/0f/{SHA}.mp4", 9, SHA),)
        ),
        JobItem("gone", "gone", "file", "", (), ("not_found", "gone: not found")),
    ),
    AnalyzeSettings(),
    RenderSettings(labels=("happy",)),
    ("csv",),
    512,
    SHA,
    who=JobItem("who", "who", "folder", SHA, (StoredFile("Anna.jpg", CLIP.key, 9, SHA),)),
)
GOOD: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "manifest": (Manifest.from_json, MANIFEST.to_json()),
    "plan": (
        records.PlanRecord.of,
        {"segments": [512, 3], "warnings": ["w"], "renders": True, "reused": JOB},
    ),
    "result": (
        records.ResultRecord.of,
        {"files": {"a/b.jpg": {"size": 1, "sha256": SHA}}, "warnings": [], "summary": {"a": 1}},
    ),
    "error": (records.ErrorRecord.of, {"code": "not_media", "words": "no video"}),
    "final": (
        records.FinalRecord.of,
        {"job": {"state": "done", "created": "1.0"}, "items": [{"state": "done"}]},
    ),
    "pointer": (records.Pointer.of, {"job_id": JOB, "item": 3}),
}
# No field of any record may hold one of these.
HOSTILE: list[Any] = [
    None, -1, 2**80, float("nan"), {"x": {"y": []}}, [[[]]], "/root/.ssh/authorized_keys",
    "../../../etc/cron.d/x", "x" * 2_000_000, "\0",
]  # fmt: skip
# Text that is only shown, and settings that have every number or path as a value.
FREE = {
    ("error", "words"), ("manifest", "input"), ("manifest", "name"), ("manifest", "problem"),
    ("manifest", "model"), ("manifest", "detector"), ("manifest", "detector_model"),
    ("manifest", "labels"),
    ("manifest", "preset"), ("plan", "warnings"), ("result", "a"),
    ("result", "summary"), ("final", "created"),
}  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value that holds no others."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inner:
        if isinstance(one, (dict, list, tuple)) and one:
            yield from leaves(one, (*path, key))
        else:
            yield (*path, key)


def with_value(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    at = changed
    for key in path[:-1]:
        if isinstance(at[key], tuple):
            at[key] = list(at[key])
        at = at[key]
    at[path[-1]] = new
    return changed


CASES = [(kind, path) for kind, (_, good) in GOOD.items() for path in leaves(good)]


@pytest.mark.parametrize("kind", GOOD)
def test_what_was_written_is_read(kind: str) -> None:
    of, good = GOOD[kind]
    found = of(good)
    if hasattr(found, "to_json"):
        assert of(found.to_json()) == found


@pytest.mark.parametrize(("kind", "path"), CASES, ids=str)
def test_hostile_values_are_refused_in_every_field(kind: str, path: tuple[Any, ...]) -> None:
    of, good = GOOD[kind]
    field = [key for key in path if isinstance(key, str)][-1]
    for value in HOSTILE:
        free = (kind, field) in FREE and isinstance(value, str) and len(value) < 4096
        number = isinstance(value, int) and field in ("min_face", "gif_start_s", "gif_stop_s")
        optional = value is None and field in ("problem", "reused", "version")
        shown = kind == "result" and field in ("a", "summary")
        if free or number or optional or shown:
            continue
        with pytest.raises((ValueError, FerBatchError)):
            of(with_value(good, path, value))


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("value", [None, [], 1, "x", {}, [{}]])
def test_other_shapes_are_refused(kind: str, value: Any) -> None:
    with pytest.raises((ValueError, FerBatchError, KeyError)):
        GOOD[kind][0](value)


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "a/../b", "a\\b", ""])
def test_names_of_outputs_stay_inside(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a file"):
        records.ResultRecord.of({"files": {name: {"size": 1, "sha256": SHA}}})


def test_a_manifest_of_another_job_is_refused(tmp_path: Path) -> None:
    storage, job = open_storage(str(tmp_path)), new_job_id()
    storage.put_json(keys.manifest(job), MANIFEST.to_json())
    with pytest.raises(DamagedError, match="belongs to another job"):
        facts.read_manifest(storage, job)


def test_deep_and_damaged_json_is_one_line(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    for content in (b"[" * 100_000, b"{", b'{"version": 1}', b"\xff"):
        storage.put_bytes(keys.manifest(JOB), content)
        with pytest.raises(DamagedError) as caught:
            facts.read_manifest(storage, JOB)
        assert "\n" not in str(caught.value) and keys.manifest(JOB) in str(caught.value)
        assert not caught.value.retryable


def test_a_hash_that_is_a_path_writes_nothing(tmp_path: Path) -> None:
    """As was done with `authorized_keys`: also where an item did not come through the door."""
    storage = open_storage(str(tmp_path / "storage"))
    victim = tmp_path / "home" / ".ssh"
    victim.mkdir(parents=True)
    storage.put_bytes(f"inputs/0f/{SHA}.png", b"ssh-rsa")
    file = StoredFile("authorized_keys", f"inputs/0f/{SHA}.png", 7, SHA)
    item = JobItem("in", "in", "image", str(victim), (file,))
    with pytest.raises(StorageError, match="its hash in the manifest is not a SHA-256"):
        InputCache(storage, tmp_path / "cache", 1000).path(item)
    assert not list(victim.iterdir())
