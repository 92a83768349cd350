"""A target for each door: mutated bytes are taken, or refused in one line; nothing else happens.

A few seconds each by default. ``FUZZ_SECONDS`` gives each target that long, ``FUZZ_SEED`` another
beginning; a failure names the seed and leaves the bytes in its message.
"""

from __future__ import annotations

import json
import os
import random
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.errors import FerBatchError
from fer_batch.jobs.ledger.dispatch import dispatches
from fer_batch.jobs.ledger.log import event_of
from fer_batch.jobs.ledger.status import from_fields
from fer_batch.jobs.store import keys, records
from fer_batch.jobs.store.connect import open_storage
from fer_batch.media.source import probe
from fer_batch.output.stored import read_failures, read_record
from fer_batch.timeline_file import read_timeline
from tests.footage import pictures, videos
from tests.jobs.store.test_records import GOOD, JOB

SECONDS = float(os.environ.get("FUZZ_SECONDS", "2"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
SPLICES = [
    b"\0",
    b"\xff" * 8,
    b"[" * 2000,
    b'{"a":' * 900,
    b"../../x",
    b"NaN",
    b"1e999",
    b"-1",
    b"null",
]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """``data`` with a few bytes changed, cut out, doubled or put in."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(found) + 1)
        what = chance.randrange(5)
        if what == 0 and at < len(found):
            found[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            del found[at : at + chance.randrange(1, 64)]
        elif what == 2:
            found[at:at] = chance.choice(SPLICES)
        elif what == 3:
            found[at:at] = found[at : at + chance.randrange(1, 64)]
        else:
            del found[at + 1 :]
    return bytes(found)


def attack(seed: bytes, target: Callable[[bytes], object]) -> None:
    chance, end = random.Random(SEED), time.monotonic() + SECONDS
    while time.monotonic() < end:
        data = mutated(seed, chance)
        try:
            target(data)
        except FerBatchError as error:
            assert len(str(error).splitlines()) == 1, error
        except Exception as error:
            raise AssertionError(f"FUZZ_SEED={SEED}: {data[:3000]!r}") from error


@pytest.mark.parametrize("kind", GOOD)
def test_records(kind: str, tmp_path: Path) -> None:
    of, good = GOOD[kind]
    storage = open_storage(str(tmp_path))

    def target(data: bytes) -> None:
        storage.put_bytes(keys.final(JOB), data)
        records.read(storage, keys.final(JOB), of)

    attack(json.dumps(good).encode(), target)


def test_results_folders(tmp_path: Path) -> None:
    summary = {
        "outputs": {"timeline.csv": {"sha256": "0f" * 32, "bytes": 1}},
        "frames": {"total": 1, "ok": 1}, "input": {"name": "a", "width": 2, "duration_s": 0.5},
        "people": [{}], "moments": [{"key_frame": 1, "key_s": 0.1, "emotion": "x"}],
    }  # fmt: skip

    def target(data: bytes) -> None:
        for name in ("summary.json", ".failures.json"):
            (tmp_path / name).write_bytes(data)
        read_record(tmp_path)
        read_failures(tmp_path)

    attack(json.dumps(summary).encode(), target)


def test_redis() -> None:
    def target(data: bytes) -> None:
        text = data.decode(errors="replace")
        event_of(text)
        cells = (text.split("|") + [""] * 5)[:5]
        dispatches([cells])
        # `read_status` makes one line of these.
        with suppress(ValueError, KeyError, TypeError, OverflowError):
            from_fields("a", dict.fromkeys(("state", "created", "items"), text), [], {}, 0.0)

    attack(b'{"t":1,"level":"info","item":0,"text":"x"}|0/probe/0|control|3|1', target)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_containers(suffix: str, tmp_path: Path) -> None:
    path = videos.write(tmp_path / f"film{suffix}", pictures.two_faces(4), videos.Recipe())
    seed = path.read_bytes()

    def target(data: bytes) -> None:
        path.write_bytes(data)
        probe(path, "film", 25.0, Limits())

    attack(seed, target)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp"])
def test_images(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"image{suffix}"
    cv2.imwrite(str(path), pictures.two_faces(1)[0])
    seed = path.read_bytes()

    def target(data: bytes) -> None:
        path.write_bytes(data)
        probe(path, "image", 25.0, Limits())

    attack(seed, target)


def test_timelines(tmp_path: Path) -> None:
    from fer_batch.timeline_file import write_timeline
    from tests.output.timelines import timeline

    path = tmp_path / "t.npz"
    write_timeline(path, timeline("h"))
    seed = path.read_bytes()

    def target(data: bytes) -> None:
        path.write_bytes(data)
        read_timeline(path)

    attack(seed, target)
    path.write_bytes(seed)
    attack_inside(path, read_timeline)


def attack_inside(path: Path, read: Callable[[Path], object]) -> None:
    """Mutate what lies in an archive, whose checksums are right then."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    chance = random.Random(SEED)

    def target(_: bytes) -> None:
        hurt = chance.choice(sorted(entries))
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in entries.items():
                archive.writestr(name, mutated(data, chance) if name == hurt else data)
        read(path)

    attack(b"", target)


def test_shards(tmp_path: Path) -> None:
    from fer_batch.pipeline.shard import read_about, read_shard, write_shard
    from tests.pipeline.stand_ins import some_faces

    path = tmp_path / "00000.npz"
    write_shard(path, some_faces(1, 12), {"decode": 0.5}, {"analyzer": "grid"})
    seed = path.read_bytes()

    def target(data: bytes) -> None:
        path.write_bytes(data)
        read_about(path)
        read_shard(path)

    attack(seed, target)
    path.write_bytes(seed)
    attack_inside(path, read_about)
    path.write_bytes(seed)
    attack_inside(path, read_shard)


def test_people_files(tmp_path: Path) -> None:
    from fer_batch.faces.dlib_weights import LENGTH
    from fer_batch.pipeline.people_file import read_people, write_people

    path = tmp_path / "people.npz"
    embedding = {n: np.full(LENGTH, n, np.float32) for n in (1, 4)}
    write_people(path, embedding, {1: 1, 4: 2})
    seed = path.read_bytes()

    def target(data: bytes) -> None:
        path.write_bytes(data)
        read_people(path)

    attack(seed, target)
    path.write_bytes(seed)
    attack_inside(path, read_people)


EDITS = b"\n".join(
    [
        b"do,person,start_s,end_s,value",
        b"merge,2,,,1",
        b"split,3,1.5,2.25,",
        b"label,1,0,1,happy",
        b"name,1,,,Ann",
    ]
)


def test_edits(tmp_path: Path) -> None:
    from fer_batch.corrections.read import read_edits

    def target(data: bytes) -> None:
        (tmp_path / "edits.csv").write_bytes(data)
        read_edits(tmp_path)

    attack(EDITS, target)


def test_messages_of_children() -> None:
    from multiprocessing import Pipe

    from fer_batch.jobs.item.children.messages import receive

    ours, theirs = Pipe()

    def target(data: bytes) -> None:
        theirs.send_bytes(data)
        with suppress(EOFError):  # which is what the end of a child looks like
            assert isinstance(receive(ours)["kind"], str)

    attack(b'{"kind": "stage", "number": 1, "name": "analyze", "frames": 250}', target)
