"""Decoding by a GPU: refused here for real, and with a stand-in for what comes out of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.media import container, hardware, planes, video
from fer_batch.media.formats import FAULTS
from fer_batch.media.source import open_source, probe
from fer_batch.types import Frame
from tests.footage import broken
from tests.media.conftest import FRAMES, KINDS

VideoOf = Callable[[str], Path]
BY_GPU = [kind for kind in KINDS if kind.partition(".")[0] in ("h264", "hevc", "vp9")]
OTHERS = ["b-frames.mp4", "variable rate.mkv", "10 bit.mkv", "full range.mp4", "turned 90.mp4"]


def frames(path: Path, by_gpu: bool, start: int = 0) -> list[Frame]:
    info = probe(path, path.stem, 25.0, Limits())
    return list(open_source(info, Limits(), threads=1, by_gpu=by_gpu).frames(start, len(info)))


def same(one: list[Frame], other: list[Frame]) -> bool:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert (a.index, a.pts, a.width, a.height) == (b.index, b.pts, b.width, b.height)
        assert a.full_range == b.full_range and a.matrix == b.matrix
        assert np.array_equal(a.image, b.image)  # type: ignore[arg-type]
    return True


def from_gpu(picture: Any) -> Any:
    """What a GPU gives for a picture of FFmpeg's: luma, then both planes of colour interleaved."""
    deep = picture.format.name == "yuv420p10le"
    if not deep and picture.format.name not in ("yuv420p", "yuvj420p"):
        return picture  # a kind that GPUs do not know
    image = picture.to_ndarray() << (6 if deep else 0)
    rows = picture.height
    colour = np.stack(np.split(image[rows:].reshape(2, -1), 2), axis=-1)
    array = np.concatenate([image[:rows], colour.reshape(-1, picture.width)])
    # Only for the pixels: whatever else is known of the picture is kept.
    made = picture.reformat(format="p010le" if deep else "nv12")
    made.color_range = picture.color_range
    for plane, part in zip(made.planes, (array[:rows], array[rows:]), strict=True):
        lines = np.zeros((part.shape[0], plane.line_size), np.uint8)
        wide = np.ascontiguousarray(part).view(np.uint8)
        lines[:, : wide.shape[1]] = wide
        plane.update(lines.tobytes())
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each opening of a video, whether a GPU was asked for; FFmpeg decodes in its place."""
    seen: list[bool] = []

    def opened(path: Path, limits: Limits, by_gpu: bool = False) -> AbstractContextManager[Any]:
        seen.append(by_gpu)
        return container.open_container(path, limits, by_gpu=by_gpu)

    monkeypatch.setattr(container, "accelerator", lambda: None)
    monkeypatch.setattr(video, "open_container", opened)
    gpu_gives(monkeypatch, seen, lambda number, picture: from_gpu(picture))
    return seen


def gpu_gives(
    monkeypatch: pytest.MonkeyPatch, seen: list[bool], change: Callable[[int, Any], Any]
) -> None:
    """Let the stand-in give ``change(number, picture)``, nothing where that is None."""
    decoded = video.__dict__["decoded_frames"]
    decoded = getattr(decoded, "real", decoded)

    def pictures(*given: Any) -> Iterator[Any]:
        by_gpu = seen[-1]
        for number, picture in enumerate(decoded(*given)):
            shown = change(number, picture) if by_gpu else picture
            if shown is not None:
                yield shown

    pictures.real = decoded  # type: ignore[attr-defined]
    monkeypatch.setattr(video, "decoded_frames", pictures)


@pytest.mark.skipif(not hardware.refusal(), reason="a GPU decodes here")
def test_a_machine_without_a_gpu_says_so() -> None:
    assert "GPU" in hardware.refusal() or "FFmpeg" in hardware.refusal()
    with pytest.raises(FAULTS):
        hardware.accelerator().create(av.Codec("h264", "r"))


@pytest.mark.parametrize("kind", [*BY_GPU, *OTHERS, "mpeg4.mp4", "av1.mkv"])
def test_the_cpu_decodes_what_a_gpu_was_asked_for(kind: str, video_of: VideoOf) -> None:
    path = video_of(kind)
    assert same(frames(path, by_gpu=True), frames(path, by_gpu=False))


@pytest.mark.parametrize("kind", [*BY_GPU, *OTHERS])
def test_pictures_of_a_gpu_are_the_same(kind: str, video_of: VideoOf, asked: list[bool]) -> None:
    path = video_of(kind)
    expected = frames(path, by_gpu=False, start=7)
    asked.clear()
    assert same(frames(path, by_gpu=True, start=7), expected)
    assert asked and all(asked)


@pytest.mark.parametrize(
    ("kind", "deepest", "full"),
    [("yuv420p", 1 << 8, 1), ("yuvj420p", 1 << 8, 2), ("yuv420p10le", 1 << 10, 1)],
)
def test_each_value_of_a_gpus_planes_is_kept(kind: str, deepest: int, full: int) -> None:
    values = np.random.default_rng(3).integers(0, deepest, (72 * 3 // 2, 64))
    array = values.astype(np.uint16 if deepest > 256 else np.uint8)
    picture = av.VideoFrame.from_ndarray(array, format=kind)
    picture.color_range = full
    picture.color_trc, picture.pts = 16, 5
    back = hardware.as_decoded(from_gpu(picture))
    assert np.array_equal(back.to_ndarray(), array)
    assert (back.color_range, back.color_trc, back.pts) == (full, 16, 5)
    eight = [planes.from_video_frame(one, 64, 72) for one in (back, picture)]
    assert np.array_equal(eight[0][0], eight[1][0]) and eight[0][1] == eight[1][1]


@pytest.mark.parametrize("kind", ["mpeg4.mp4", "av1.mkv", "mjpeg-like grey.mkv", "4:4:4.mp4"])
def test_what_gpus_do_not_decode_bit_by_bit_is_left_to_the_cpu(
    kind: str, video_of: VideoOf, asked: list[bool]
) -> None:
    path = video_of(kind)
    assert same(frames(path, by_gpu=True), frames(path, by_gpu=False))
    assert not asked[-1]


def lost(number: int, picture: Any) -> Any:
    return None if number == 20 else from_gpu(picture)


def smaller(number: int, picture: Any) -> Any:
    made = from_gpu(picture)
    return made if number < 20 else made.reformat(width=160, height=90)


def decoded_by_ffmpeg(number: int, picture: Any) -> Any:
    return from_gpu(picture) if number < 20 else picture


@pytest.mark.parametrize("change", [lost, smaller, decoded_by_ffmpeg])
def test_from_what_a_gpu_gets_wrong_on_the_cpu_decodes(
    change: Callable[[int, Any], Any],
    video_of: VideoOf,
    asked: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = video_of("h264.mp4")
    expected = frames(path, by_gpu=False)
    gpu_gives(monkeypatch, asked, change)
    asked.clear()
    assert same(frames(path, by_gpu=True), expected)
    assert len(expected) == FRAMES
    assert asked[0] and not asked[-1]


def test_what_is_damaged_is_what_the_cpu_cannot_decode(
    video_of: VideoOf, asked: list[bool], tmp_path: Path
) -> None:
    path = broken.damaged(tmp_path / "damaged.mkv", video_of("h264.mkv"), 7)
    expected = frames(path, by_gpu=False)
    assert any(frame.image is None for frame in expected)
    by_gpu = frames(path, by_gpu=True)
    assert [frame.image is None for frame in by_gpu] == [frame.image is None for frame in expected]
    assert same(
        [frame for frame in by_gpu if frame.image is not None],
        [frame for frame in expected if frame.image is not None],
    )
