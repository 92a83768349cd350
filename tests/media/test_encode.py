"""Encoding segments and joining them: the source's frames, times and sound, however it was cut."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from fer_batch.atomic import atomic_path
from fer_batch.config import Limits, RenderSettings
from fer_batch.errors import FerBatchError, NoSpaceError
from fer_batch.i420 import planes as split
from fer_batch.media import planes
from fer_batch.media.encode import PartWriter, output_size
from fer_batch.media.film import output_ticks
from fer_batch.media.join import join_parts
from fer_batch.media.shape import SMALLEST
from fer_batch.media.source import open_source, probe
from fer_batch.types import Segment, SourceInfo
from tests.footage import broken, oracle, pictures, videos
from tests.footage.videos import Recipe
from tests.media.conftest import FRAMES, JITTER, MILLI

QUICK = RenderSettings(preset="ultrafast")
ALL = Segment(0, 0, FRAMES)
CUTS = {"one part": (0, FRAMES), "three parts": (0, 16, 17, FRAMES)}
SOURCES = {
    "sound.mp4": Recipe(sound=True, b_frames=2),
    "sound.mkv": Recipe(sound=True),
    "sound.webm": Recipe(codec="vp9", sound=True),
    "sound.avi": Recipe(codec="mpeg4", sound=True),
    "no sound.mp4": Recipe(),
    "variable rate.mp4": Recipe(pts=JITTER, time_base=MILLI, b_frames=2, sound=True),
    "variable rate.mkv": Recipe(pts=JITTER, time_base=MILLI),
    "ntsc.mov": Recipe(fps=30, time_base=Fraction(1001, 30_000), sound=True),
    "full range.mp4": Recipe(pix_fmt="yuvj420p", full_range=True),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SourceInfo]:
    folder = tmp_path_factory.mktemp("sources")
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    paths = {k: videos.write(folder / k, frames, recipe) for k, recipe in SOURCES.items()}
    odd = [pictures.numbered(i, 161, 121) for i in range(FRAMES)]
    paths["odd.mp4"] = videos.write(folder / "odd.mp4", odd, Recipe(codec="mpeg4"))
    paths["late.mkv"] = videos.started_at(folder / "late.mkv", paths["sound.mkv"], 5.0)
    paths["turned.mp4"] = videos.turned(folder / "turned.mp4", paths["sound.mp4"], 90)
    return {k: probe(path, path.stem, 25.0, Limits()) for k, path in paths.items()}


KINDS = (*SOURCES, "odd.mp4", "late.mkv", "turned.mp4")


def encode(info: SourceInfo, cuts: tuple[int, ...], folder: Path) -> list[Path]:
    """Parts between ``cuts``, of the source's own pictures."""
    folder.mkdir(exist_ok=True)
    parts = []
    for start, stop in pairwise(cuts):
        parts.append(folder / f"{start}.mp4")
        with PartWriter(parts[-1], info, Segment(0, start, stop), QUICK, threads=1) as writer:
            for frame in open_source(info, Limits(), threads=1).frames(start, stop):
                width, height = output_size(info)
                black = np.full((height * 3 // 2, width), 128, np.uint8)
                writer.write(frame.index, black if frame.image is None else frame.image)
    return parts


@dataclass(frozen=True)
class Contents:
    """What packets say."""

    times: list[Fraction]
    last: Fraction
    keys: int
    sound: list[tuple[Fraction, str]]


def contents(path: Path) -> Contents:
    # Packets point into their container: all that is asked of them is asked while it is open.
    with av.open(str(path)) as container:
        packets = [p for p in container.demux() if p.size]
        shown = [p for p in packets if p.stream.type == "video"]
        heard = [p for p in packets if p.stream.type == "audio"]
        return Contents(
            [p.pts * p.time_base for p in shown],
            shown[-1].duration * shown[-1].time_base,
            sum(p.is_keyframe for p in shown),
            [(p.pts * p.time_base, hashlib.md5(bytes(p)).hexdigest()) for p in heard],
        )


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_frames_and_times_are_the_sources(
    kind: str, cuts: tuple[int, ...], sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    info = sources[kind]
    target = tmp_path / "annotated.mp4"
    assert join_parts(encode(info, cuts, tmp_path / "parts"), info, target) == []
    found = contents(target)
    assert found.times == [Fraction(int(pts)) * info.time_base for pts in info.pts]
    assert 0 < found.last <= Fraction(1, 5)
    decoded = oracle.decoded(target)
    assert decoded.times == pytest.approx(oracle.decoded(Path(info.path)).times, abs=1e-6)
    assert (decoded.width, decoded.height) == output_size(info)
    content = target.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert bool(found.sound) == info.has_audio


@pytest.mark.parametrize("kind", ["sound.mp4", "full range.mp4", "turned.mp4", "odd.mp4"])
def test_pictures_are_the_right_ones_in_any_cut(
    kind: str, sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    info = sources[kind]
    cuts = (0, 1, 3, 20, 37, FRAMES)
    join_parts(encode(info, cuts, tmp_path / "parts"), info, tmp_path / "x.mp4")
    again = probe(tmp_path / "x.mp4", "x", 25.0, Limits())
    # Each part begins with a key frame.
    assert contents(tmp_path / "x.mp4").keys >= len(cuts) - 1
    for one, other in zip(
        open_source(info, Limits()).frames(0, FRAMES),
        open_source(again, Limits()).frames(0, FRAMES),
        strict=True,
    ):
        assert one.image is not None and other.image is not None
        assert not other.full_range
        before = one.luma.astype(float)
        if one.full_range:
            before = 16 + before * 219 / 255
        assert np.abs(before - other.luma).mean() < 3


@pytest.mark.parametrize("width", [48, 62])
def test_colours_stay_where_they_are_at_every_height(width: int, tmp_path: Path) -> None:
    """A picture whose chroma says where it lies, through encoder and decoder."""
    for height in (*range(SMALLEST, 65), 270, 362):
        rows, columns = np.mgrid[: (height + 1) // 2, : width // 2]
        blue, red = 80 + 96 * rows / (height / 2), 80 + 96 * columns / (width / 2)
        image = planes.join(
            np.full((height, width), 120, np.uint8), blue.astype(np.uint8), red.astype(np.uint8)
        )
        pts = np.arange(1, dtype=np.int64)
        info = SourceInfo("x", "x", "video", width, height, 0, Fraction(1, 25), pts)
        path = tmp_path / f"{height}.mp4"
        with PartWriter(path, info, Segment(0, 0, 1), RenderSettings(crf=4), 1) as writer:
            writer.write(0, image)
        again = probe(path, "x", 25.0, Limits())
        (frame,) = open_source(again, Limits(), threads=1).frames(0, 1)
        assert (frame.width, frame.height) == (width, height + height % 2)
        assert frame.image is not None
        for plane, before in zip(split(frame.image), split(image), strict=True):
            assert np.abs(plane.astype(int) - before).mean() < 1.5, height


def test_one_part_and_many_hold_the_same_packets_of_sound(
    sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    info = sources["variable rate.mp4"]
    found = []
    for name, cuts in CUTS.items():
        parts = encode(info, cuts, tmp_path / name)
        join_parts(parts, info, tmp_path / f"{name}.mp4")
        found.append(contents(tmp_path / f"{name}.mp4"))
    assert found[0].times == found[1].times
    assert found[0].sound == found[1].sound


@pytest.mark.parametrize("kind", ["sound.mp4", "sound.mkv", "late.mkv", "ntsc.mov"])
def test_sound_is_copied_and_stays_with_the_picture(
    kind: str, sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    info = sources[kind]
    join_parts(encode(info, (0, FRAMES), tmp_path / "parts"), info, tmp_path / "x.mp4")
    before, after = contents(Path(info.path)), contents(tmp_path / "x.mp4")
    assert [digest for _, digest in after.sound] == [digest for _, digest in before.sound]
    apart = [float(c.sound[0][0] - min(c.times)) for c in (before, after)]
    assert apart[0] == pytest.approx(apart[1], abs=0.002)


@pytest.mark.parametrize("suffix", ["ts", "m2ts", "mpg", "flv"])
def test_where_clocks_begin_anywhere_the_first_frame_is_the_beginning(
    suffix: str, sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    """A camcorder's second file goes on at the time of the first: no player shows blank hours."""
    path = tmp_path / f"00002.{suffix}"
    codec = ("-c:v", "mpeg2video", "-c:a", "mp2") if suffix == "mpg" else ("-c", "copy")
    oracle.ffmpeg("-i", sources["sound.mp4"].path, *codec, "-output_ts_offset", "20000", path)
    info = probe(path, "x", 25.0, Limits())
    assert info.pts[0] * info.time_base > 5000 and info.start_s == 0
    join_parts(encode(info, (0, 20, len(info)), tmp_path / "parts"), info, tmp_path / "x.mp4")
    made = contents(tmp_path / "x.mp4")
    expected = [info.time_s(i) for i in range(len(info))]
    assert [float(time) for time in made.times] == pytest.approx(expected, abs=1e-4)
    assert abs(float(made.sound[0][0])) < 0.2


@pytest.mark.parametrize("kind", ["sound.webm", "sound.avi"])
def test_other_sound_is_as_long_and_as_loud(
    kind: str, sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    info = sources[kind]
    join_parts(encode(info, (0, FRAMES), tmp_path / "parts"), info, tmp_path / "x.mp4")

    def samples(path: Path) -> np.ndarray:
        with av.open(str(path)) as container:
            resampler = av.AudioResampler("flt", "mono", 48_000)
            decoded = [r for f in container.decode(audio=0) for r in resampler.resample(f)]
        return np.concatenate([frame.to_ndarray()[0] for frame in decoded])

    before, after = samples(Path(info.path)), samples(tmp_path / "x.mp4")
    assert len(after) == pytest.approx(len(before), abs=0.06 * 48_000)
    assert after.std() == pytest.approx(before.std(), rel=0.05)


def test_a_video_that_is_cut_off_keeps_what_it_has(tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(60)]
    whole = videos.write(tmp_path / "whole.mkv", frames, Recipe(sound=True))
    cut = broken.truncated(tmp_path / "cut.mkv", whole, 0.6)
    info = probe(cut, "cut", 25.0, Limits())
    assert 20 < len(info) < 50
    join_parts(encode(info, (0, len(info)), tmp_path / "parts"), info, tmp_path / "x.mp4")
    assert len(oracle.decoded(tmp_path / "x.mp4")) == len(info)
    before, after = contents(cut).sound, contents(tmp_path / "x.mp4").sound
    assert len(after) > 0 and len(before) - len(after) <= 1


def test_parts_that_do_not_hold_a_frame_each_are_refused(
    sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    info = sources["no sound.mp4"]
    parts = encode(info, (0, 20, 40, FRAMES), tmp_path / "parts")
    with pytest.raises(FerBatchError, match="40 encoded frames of 50"):
        join_parts(parts[:2], info, tmp_path / "x.mp4")
    with pytest.raises(FerBatchError, match="more encoded frames"):
        join_parts([*parts, parts[0]], info, tmp_path / "x.mp4")


@pytest.mark.parametrize("kind", KINDS)
def test_the_part_of_an_only_segment_is_the_whole_film(
    kind: str, sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    info = sources[kind]
    (part,) = encode(info, (0, FRAMES), tmp_path / "parts")
    join_parts([part], info, tmp_path / "joined.mp4")
    assert contents(part) == contents(tmp_path / "joined.mp4")
    content = part.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_parts_of_many_hold_no_sound(sources: dict[str, SourceInfo], tmp_path: Path) -> None:
    for part in encode(sources["sound.mp4"], CUTS["three parts"], tmp_path / "parts"):
        assert contents(part).sound == []


def test_a_part_holds_a_frame_for_each_of_its_segment(
    sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    info = sources["no sound.mp4"]
    picture = np.full((180, 160), 40, np.uint8)
    with (
        pytest.raises(FerBatchError, match="3 encoded frames of 5"),
        PartWriter(tmp_path / "p.mp4", info, Segment(0, 5, 10), QUICK) as writer,
    ):
        for i in range(5, 8):
            writer.write(i, picture)


def test_players_are_told_what_the_pictures_are(
    sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    for kind in ("sound.mp4", "full range.mp4"):
        (part,) = encode(sources[kind], (0, FRAMES), tmp_path / kind)
        with av.open(str(part)) as container:
            context = container.streams.video[0].codec_context
            assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
            assert context.color_range != 2 and not context.has_b_frames
            keys = [p.pts * p.time_base for p in container.demux(video=0) if p.is_keyframe]
        assert len(keys) == 1  # a key frame every two seconds: the clip is no longer


def test_ticks_keep_times_exactly(sources: dict[str, SourceInfo]) -> None:
    for info in sources.values():
        base, ticks = output_ticks(info)
        assert base.numerator == 1
        assert [int(t) * base for t in ticks] == [int(p) * info.time_base for p in info.pts]


@pytest.mark.parametrize("ticks", [1, 5, 90])
def test_frames_that_are_hardly_apart(ticks: int, tmp_path: Path) -> None:
    pts = np.arange(6, dtype=np.int64) * ticks
    info = SourceInfo("x", "x", "video", 160, 120, 0, Fraction(1, 1_000_000), pts)
    with PartWriter(tmp_path / "p.mp4", info, Segment(0, 0, 6), QUICK) as writer:
        for i in range(6):
            writer.write(i, np.full((180, 160), 40 * i, np.uint8))
    join_parts([tmp_path / "p.mp4"], info, tmp_path / "x.mp4")
    assert contents(tmp_path / "x.mp4").times == [Fraction(int(p), 1_000_000) for p in pts]


def test_an_error_while_encoding_comes_through(
    sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    info = sources["no sound.mp4"]
    with pytest.raises(KeyError, match="mine"), PartWriter(tmp_path / "p.mp4", info, ALL, QUICK):
        raise KeyError("mine")


@pytest.mark.parametrize("at", ["encoding", "joining"])
def test_a_full_disk_is_said_as_such(
    at: str, sources: dict[str, SourceInfo], tmp_path: Path
) -> None:
    info = sources["sound.mp4"]
    parts = encode(info, (0, FRAMES), tmp_path / "parts")
    target = tmp_path / "annotated.mp4"
    with (
        pytest.raises(NoSpaceError, match=r"annotated\.mp4: no space left"),
        atomic_path(target) as temporary,
    ):
        # The kernel's own refusal of every byte.
        temporary.symlink_to("/dev/full")
        if at == "joining":
            join_parts(parts, info, temporary)
        with PartWriter(temporary, info, ALL, QUICK, threads=1) as writer:
            for i in range(FRAMES):
                writer.write(i, np.full((180, 160), 40, np.uint8))
    assert [p.name for p in tmp_path.iterdir()] == ["parts"]
