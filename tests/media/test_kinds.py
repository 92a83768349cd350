"""Videos from phones, cameras, screens and meetings: each is read as players show it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.errors import InputError, LimitError, NoVideoError
from fer_batch.media.probe import probe_video
from fer_batch.media.source import open_source, probe
from fer_batch.types import Frame, SourceInfo
from tests.footage import broken, fields, oracle, pictures, videos
from tests.footage.videos import Recipe

VideoOf = Callable[[str], Path]
FRAMES = 12


def probed(path: Path) -> SourceInfo:
    return probe(path, path.stem, 25.0, Limits())


def read(info: SourceInfo, start: int = 0, stop: int | None = None) -> list[Frame]:
    source = open_source(info, Limits(), threads=1)
    return list(source.frames(start, len(info) if stop is None else stop))


def numbers(frames: list[Frame]) -> list[int]:
    return [pictures.number_of(f.luma) if f.image is not None else -1 for f in frames]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve numbered frames, 160x120, B-frames."""
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    path = tmp_path_factory.mktemp("clip_of_tests") / "clip.mp4"
    return videos.write(path, frames, Recipe(b_frames=2))


@pytest.mark.parametrize("suffix", ["ts", "mp4", "mkv"])
def test_fields_that_are_coded_apart_are_frames(suffix: str, tmp_path: Path) -> None:
    frames = [pictures.numbered(i, 160, 128)[..., 0] for i in range(FRAMES)]
    path = fields.write(tmp_path / f"paff.{suffix}", frames)
    info, expected = probed(path), oracle.decoded(path)
    assert len(info) == len(expected) == FRAMES and info.seekable
    assert [info.time_s(i) for i in range(FRAMES)] == pytest.approx(expected.times, abs=1e-6)
    assert numbers(read(info)) == list(range(FRAMES))
    assert numbers(read(info, 7, 9)) == [7, 8]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], list[Path]]:
    """Three recordings of different shape, whose pictures are numbered through."""
    folder = tmp_path_factory.mktemp("parts")

    def make(codec: str, suffix: str) -> list[Path]:
        made = []
        for part, (width, height) in enumerate(((96, 64), (320, 180), (64, 96))):
            path = folder / f"{codec} {part}.{suffix}"
            numbered = range(FRAMES * part, FRAMES * (part + 1))
            frames = [pictures.numbered(i, width, height) for i in numbered]
            made.append(path if path.exists() else videos.write(path, frames, Recipe(codec=codec)))
        return made

    return make


@pytest.mark.parametrize(
    ("codec", "suffix"), [("h264", "ts"), ("hevc", "ts"), ("vp9", "webm"), ("av1", "mkv")]
)
def test_a_size_that_changes_keeps_its_shape(
    codec: str, suffix: str, parts: Callable[[str, str], list[Path]], tmp_path: Path
) -> None:
    path = videos.appended(tmp_path / f"call.{suffix}", *parts(codec, suffix))
    info = probed(path)
    assert (len(info), info.width, info.height) == (3 * FRAMES, 320, 180)
    (warning,) = info.warnings
    assert "from 96x64 to 320x180, 64x96" in warning and "320x180, with bars" in warning
    frames = read(info)
    assert {(f.width, f.height) for f in frames} == {(320, 180)}
    # 96x64 is 270 wide in it, 64x96 is 120.
    for part, width in ((0, 270), (1, 320), (2, 120)):
        luma = frames[part * FRAMES + 5].luma
        left = (320 - width) // 2
        assert pictures.number_of(luma[:, left : left + width]) == part * FRAMES + 5
        assert (luma[:, : max(0, left - 4)] == 16).all()


def test_a_single_large_picture_does_not_blow_up_the_film(
    parts: Callable[[str, str], list[Path]], tmp_path: Path
) -> None:
    small = [parts("h264", "ts")[0]] * 10
    large = videos.write(tmp_path / "one.ts", [pictures.numbered(1, 640, 360)])
    info = probed(videos.appended(tmp_path / "film.ts", *small, large))
    assert (info.width, info.height) == (96, 64)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("a.MTS", ("-c", "copy", "-f", "mpegts")),
        ("a.m2ts", ("-c", "copy", "-f", "mpegts", "-mpegts_m2ts_mode", "1")),
        ("a.3gp", ("-c:v", "mpeg4")),
        ("a.flv", ("-c:v", "flv1")),
        ("a.VOB", ("-c:v", "mpeg2video", "-f", "vob")),
        ("a.gif", ()),
        ("a.mxf", ("-c:v", "mpeg2video")),
        ("a.dv", ("-c:v", "dvvideo", "-s", "720x576", "-pix_fmt", "yuv420p")),
        ("a.y4m", ("-pix_fmt", "yuv420p")),
        ("a.nut", ("-c", "copy")),
        ("a.ogv", ("-c:v", "libtheora")),
        ("a.asf", ("-c:v", "msmpeg4")),
        ("a.ivf", ("-c:v", "libvpx")),
        ("a.h264", ("-c", "copy")),
        ("a.hevc", ("-c:v", "libx265", "-x265-params", "log-level=none")),
        ("a.m2v", ("-c:v", "mpeg2video")),
        ("a.mjpeg", ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p")),
        ("a.obu", ("-c:v", "libaom-av1", "-cpu-used", "8")),
    ],
)
def test_every_container_is_read(
    name: str, arguments: tuple[str, ...], clip: Path, tmp_path: Path
) -> None:
    path = tmp_path / name
    oracle.ffmpeg("-i", clip, *arguments, path)
    info = probed(path)
    assert len(info) == FRAMES
    assert numbers(read(info)) == list(range(FRAMES))
    steps = [info.time_s(i + 1) - info.time_s(i) for i in range(FRAMES - 1)]
    assert steps == pytest.approx([0.04] * (FRAMES - 1), abs=1e-3)
    bare = path.suffix in (".h264", ".hevc", ".mjpeg")
    assert bare == any("without times" in w for w in info.warnings), info.warnings


def test_other_containers_are_named_with_the_way_out(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.swf"
    oracle.ffmpeg("-i", clip, "-c:v", "flv1", path)
    with pytest.raises(InputError, match=r"not supported; convert it: ffmpeg -i 'a.swf' out.mp4"):
        probed(path)
    path = tmp_path / "a.braw"
    path.write_bytes(bytes(range(7, 200)) * 50)
    with pytest.raises(InputError, match=r"\(.braw\) is not supported; .*ffmpeg -i") as caught:
        probed(path)
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("track", [0, 1, 2])
def test_the_default_track_is_shown_unless_another_is_wanted(track: int, tmp_path: Path) -> None:
    one = videos.write(tmp_path / "1.mkv", [pictures.numbered(i) for i in range(6)])
    two = videos.write(tmp_path / "2.mkv", [pictures.numbered(500 + i) for i in range(6)])
    path = videos.tracks(tmp_path / "both.mkv", one, two, default=1)
    info = probe_video(path, "both", Limits(), track)
    begin = 0 if track == 1 else 500
    assert numbers(read(info)) == [begin + i for i in range(6)]
    assert bool(info.warnings) == (track == 0)
    assert track or "2 video tracks; number 2 is used" in info.warnings[0]


def test_a_track_that_is_not_there_is_said(clip: Path) -> None:
    with pytest.raises(NoVideoError, match="has 1 video track, no track 3"):
        probe_video(clip, "clip", Limits(), 3)


def test_frames_that_share_a_tick_keep_their_speed(tmp_path: Path) -> None:
    """Matroska counts in milliseconds, high-speed cameras do not."""
    frames = [pictures.numbered(i) for i in range(40)]
    recipe = Recipe(fps=2000, time_base=Fraction(1, 2000))
    info = probed(videos.write(tmp_path / "fast.mkv", frames, recipe))
    assert len(info) == 40
    times = [info.time_s(i) for i in range(40)]
    assert times == pytest.approx([i / 2000 for i in range(40)], abs=0.0006)
    assert all(a < b for a, b in pairwise(times))
    assert numbers(read(info)) == list(range(40))


def test_two_pictures_in_a_chunk_are_shown_in_their_time(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "packed.avi"
    oracle.ffmpeg("-i", clip, "-c:v", "libxvid", "-bf", "2", path)
    info, expected = probed(path), oracle.decoded(path)
    assert b"p\0" in path.read_bytes()  # the mark of a packed bitstream
    assert len(info) == len(expected)
    assert [info.time_s(i) for i in range(len(info))] == pytest.approx(expected.times, abs=1e-6)
    assert numbers(read(info)) == list(range(len(info)))


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts"])
def test_times_of_decoding_are_not_taken_for_those_of_showing(suffix: str, tmp_path: Path) -> None:
    """As an AVI with B-frames leaves them that was copied into another container."""
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    whole = videos.write(tmp_path / "whole.mp4", frames, Recipe(b_frames=2))
    path = tmp_path / f"copied.{suffix}"
    from_zero = "setts=pts=DTS-STARTDTS:dts=DTS-STARTDTS"
    oracle.ffmpeg("-i", whole, "-c", "copy", "-bsf:v", from_zero, path)
    info = probed(path)
    assert len(info) == FRAMES
    assert numbers(read(info)) == list(range(FRAMES))
    assert numbers(read(info, 5, 8)) == [5, 6, 7]
    steps = [info.time_s(i + 1) - info.time_s(i) for i in range(FRAMES - 1)]
    assert steps == pytest.approx([0.04] * len(steps), abs=1e-3)


def test_copy_protection_is_told_as_such(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is encrypted") as caught:
        probed(broken.encrypted(tmp_path / "rented.mp4", clip))
    assert "damaged" not in str(caught.value)


def test_an_index_that_promises_millions_is_refused_before_it_is_built(
    clip: Path, tmp_path: Path
) -> None:
    path = broken.promising(tmp_path / "index.mp4", clip)
    with pytest.raises(LimitError, match="announces 88000000 frames"):
        probed(path)


def test_a_picture_that_grows_beyond_all_limits_is_a_lost_frame(tmp_path: Path) -> None:
    small = videos.write(tmp_path / "small.ts", [pictures.numbered(i) for i in range(FRAMES)])
    large = tmp_path / "large.ts"
    oracle.ffmpeg("-f", "lavfi", "-i", "color=gray:s=6400x6400:r=25:d=0.08", "-c:v", "libx264",
                  "-preset", "ultrafast", large)  # fmt: skip
    later = videos.started_at(tmp_path / "later.ts", large, FRAMES / 25 + 0.05)
    info = probed(videos.end_to_end(tmp_path / "jump.ts", small, later))
    assert (info.width, info.height) == (160, 120)
    frames = read(info)
    assert numbers(frames)[:FRAMES] == list(range(FRAMES))
    assert all(f.image is None for f in frames[FRAMES:])
    assert np.all(np.diff(info.pts) > 0)
