"""Inputs that kill, hoard memory, hang, or pretend to be videos: each fails alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.cluster import Cluster, fault
from tests.footage import images

pytestmark = pytest.mark.faults

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile /etc/passwd\n"


def copies(folder: Path, clip: Path, *names: str) -> list[Path]:
    """The clip under other names, each with bytes of its own at the end."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(
            clip.read_bytes() + b"\0\0\0\x10free" + name[:8].ljust(8).encode()
        )
    return [folder / name for name in names]


def test_poison_is_given_up_and_the_rest_goes_on(
    cluster: Cluster, tmp_path: Path, clip: Path, expected: Path
) -> None:
    """One input kills its process, one hoards memory, one hangs, one raises: three times each."""
    poison = copies(tmp_path / "in", clip, "kill.mp4", "memory.mp4", "hang.mp4", "raise.mp4")
    faults = [
        fault("claimed", path.stem, item=path.stem, stage="analyze", index=1, times=9)
        for path in poison
    ]
    cluster.environment |= {
        "FER_BATCH_TASK_SOFT_LIMIT_S": "6",
        "FER_BATCH_TASK_LIMIT_S": "8",
        "FER_BATCH_WORKER_MEMORY_MB": "800",
    }
    workers = [cluster.worker(*faults) for _ in range(2)]
    job = cluster.submit(*poison, clip)
    status = cluster.wait(job, 150)
    assert status.state == "failed"
    by_name = {item.name: item for item in status.items}
    assert by_name["pair"].state == "done"
    assert all(worker.process.poll() is None for worker in workers)
    words = {
        "kill": "given up after 3 attempts",
        "memory": "given up after 3 attempts",
        "hang": "took too long",
        "raise": "unexpected RuntimeError",
    }
    for name, expected_words in words.items():
        assert by_name[name].state == "failed"
        assert expected_words in (by_name[name].error or ""), by_name[name]
    cluster.check_settled(job)


def test_hostile_files_fail_alone(
    cluster: Cluster, tmp_path: Path, clip: Path, expected: Path
) -> None:
    folder = tmp_path / "in"
    (odd,) = copies(folder, clip, "-x.mp4")
    (folder / "playlist.mp4").write_text(PLAYLIST)
    (folder / "concat.mp4").write_text(CONCAT)
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mp4").write_text("not a video at all\n" * 50)
    (folder / "half.mp4").write_bytes(clip.read_bytes()[: len(clip.read_bytes()) // 3])
    cluster.worker()
    bomb = images.huge_png(tmp_path / "bomb.png")
    job = cluster.submit(folder, clip, folder / "absent.mp4", bomb)
    status = cluster.wait(job)
    states = {item.name: item.state for item in status.items}
    assert states == {
        "-x": "done",
        "pair": "done",
        "playlist": "failed",
        "concat": "failed",
        "empty": "failed",
        "text": "failed",
        "half": "failed",
        "absent": "failed",
        "bomb": "failed",
    }
    for item in status.items:
        if item.state == "failed":
            assert item.error and item.input in item.error, item
            assert "\n" not in item.error and str(cluster.folder) not in item.error
    out = tmp_path / "out"
    got, _ = cluster.client.download(job, out, frozenset())
    assert all(path.resolve().is_relative_to(out.resolve()) for path in got)
    assert (out / "-x" / "timeline.csv").exists() and odd.exists()
    assert (out / "pair" / "timeline.csv").read_bytes() == (
        expected / "pair" / "timeline.csv"
    ).read_bytes()
    cluster.check_settled(job)


def test_full_disk_heals(cluster: Cluster, clip: Path, expected: Path) -> None:
    cluster.worker(fault("claimed", "disk", stage="render", times=2))
    job = cluster.submit(clip)
    cluster.check(job, expected)
    assert any("tried again" in event.text for event in cluster.client.log(job))
