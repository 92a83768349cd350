"""Films that are damaged in the middle: how many threads decode them, and from where, must not
matter."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.media.container import open_container, open_decoder
from fer_batch.media.counted import count
from fer_batch.media.source import open_source, probe
from fer_batch.types import SourceInfo
from tests.footage import oracle

FRAMES = 80
SCENE = ("-f", "lavfi", "-i", f"testsrc2=s=320x240:d={FRAMES / 25},noise=c0s=10:c0f=t")
X265 = ("-x265-params",)
KINDS = {
    "x.mp4": ("-c:v", "libx264", "-bf", "2", "-g", "40"),
    "x.ts": ("-c:v", "libx264", "-bf", "2", "-g", "20"),
    "x.mkv": ("-c:v", "ffv1", "-slices", "4"),
    "x.webm": ("-c:v", "libvpx", "-b:v", "1M", "-g", "40"),
    "x.mpg": ("-c:v", "mpeg2video", "-bf", "2", "-b:v", "2M"),
    "x.avi": ("-c:v", "mpeg4", "-bf", "2", "-b:v", "1M"),
    "y.mp4": ("-c:v", "libx265", "-preset", "fast", *X265, "crf=16:keyint=20:log-level=error"),
    "y.mkv": (
        "-c:v",
        "libx265",
        "-preset",
        "fast",
        *X265,
        "crf=16:keyint=40:bframes=4:log-level=error",
    ),
    "z.mp4": ("-c:v", "libx265", "-preset", "ultrafast", *X265, "crf=16:wpp=0:log-level=error"),
}
# HEVC that ends in the middle of a picture, which its decoder does not say.
CUT_SHORT = {"z.mp4": (0, 3, 7), "y.mp4": (5, 9), "y.mkv": (10,)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    for name, options in KINDS.items():
        oracle.ffmpeg(*SCENE, *options, "-pix_fmt", "yuv420p", folder / name)
    return folder


def damaged(source: Path, target: Path, seed: int) -> Path:
    """A copy with four pieces of 200 bytes that say something else; never the index at an end."""
    data, random = bytearray(source.read_bytes()), np.random.default_rng(seed)
    for place in random.integers(len(data) // 4, len(data) * 3 // 4, 4).tolist():
        data[place : place + 200] = random.integers(0, 256, 200, np.uint8).tobytes()
    target.write_bytes(data)
    return target


def seen(info: SourceInfo, threads: int, start: int = 0, stop: int | None = None) -> list[str]:
    source = open_source(info, Limits(), threads)
    frames = source.frames(start, len(info) if stop is None else stop)
    images = [frame.image for frame in frames]
    return ["" if one is None else sha256(one.tobytes()).hexdigest()[:8] for one in images]


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_as_many_threads_as_one_likes(kind: str, seed: int, whole: Path, tmp_path: Path) -> None:
    path = damaged(whole / kind, tmp_path / kind, seed)
    info = probe(path, "x", 25.0, Limits())
    alone = seen(info, threads=1)
    assert alone == seen(info, threads=2) == seen(info, threads=5)
    healthy = seen(probe(whole / kind, "x", 25.0, Limits()), threads=1)
    assert alone != healthy  # damaged as meant
    assert len(set(alone) & set(healthy)) > len(healthy) // 4  # and not given up


@pytest.mark.parametrize(
    ("kind", "seed"), [(kind, seed) for kind, seeds in CUT_SHORT.items() for seed in seeds]
)
def test_what_a_decoder_leaves_undone_is_seen(
    kind: str, seed: int, whole: Path, tmp_path: Path
) -> None:
    path = damaged(whole / kind, tmp_path / kind, seed)
    info = probe(path, "x", 25.0, Limits())
    assert seen(info, threads=1) == seen(info, threads=2) == seen(info, threads=4)


@pytest.mark.parametrize("threads", [2, 5, 8])
def test_h264_waits_until_no_thread_can_still_mark_it(threads: int, whole: Path) -> None:
    """Else a picture that is concealed stands as healthy, now and then, on a busy machine."""
    with open_container(whole / "x.mp4") as container:
        stream = container.streams.video[0]
        decoder = open_decoder(stream, threads=threads, careful=True)
        decoder.thread_type = "AUTO"
        fed: dict[int, int] = {}
        waited = []
        for count, packet in enumerate(container.demux(stream)):
            fed[packet.pts] = count
            waited += [count - fed[frame.pts] for frame in decoder.decode(packet) if packet.size]
    # FFmpeg itself answers as many packets later as it has threads, but for one.
    assert min(waited) >= threads - 1 + threads
    assert len(fed) - 1 == FRAMES


def test_a_piece_of_it_is_as_in_the_whole(whole: Path, tmp_path: Path) -> None:
    path = damaged(whole / "x.mp4", tmp_path / "x.mp4", 0)
    info = probe(path, "x", 25.0, Limits())
    all_of_it = seen(info, threads=1)
    for start in range(1, len(info) - 9, 13):
        assert seen(info, 3, start, start + 9) == all_of_it[start : start + 9]


def test_what_is_not_damaged_is_read_once(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def noted(*given: Any, **more: Any) -> Any:
        opened.append(given)
        return open_container(*given, **more)

    monkeypatch.setattr("fer_batch.media.video.open_container", noted)
    for kind in KINDS:
        opened.clear()
        info = probe(whole / kind, "x", 25.0, Limits())
        assert all(seen(info, threads=3))
        assert len(opened) == 1, kind


def test_as_many_are_counted(whole: Path, tmp_path: Path) -> None:
    path = damaged(whole / "x.avi", tmp_path / "x.avi", 2)
    counts = {tuple(count(path, Limits(), restarts=False).pts) for _ in range(3)}
    assert len(counts) == 1
