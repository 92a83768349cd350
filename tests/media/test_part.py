"""A part of a film: its frames at the film's own times, its sound, a piece of the picture."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, Limits, RenderSettings
from fer_batch.errors import NoVideoError
from fer_batch.media.encode import PartWriter
from fer_batch.media.part import Part
from fer_batch.media.source import open_source, probe
from fer_batch.pipeline.plan import analysed_frames, plan
from fer_batch.types import Frame, Segment, SourceInfo
from tests.footage import oracle, pictures, videos
from tests.footage.videos import Recipe

FRAMES = 75


def read(info: SourceInfo, start: int = 0, stop: int | None = None) -> list[Frame]:
    source = open_source(info, Limits(), threads=1)
    return list(source.frames(start, len(info) if stop is None else stop))


def numbers(frames: list[Frame]) -> list[int]:
    return [pictures.number_of(f.luma) for f in frames]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("films_of_tests")
    frames = [pictures.numbered(i) for i in range(FRAMES)]

    def make(kind: str) -> Path:
        path = folder / kind
        if not path.exists():
            recipe = Recipe(b_frames=2, sound=True)
            if kind == "late.mkv":
                videos.started_at(path, make("plain.mkv"), 5.0)
            elif kind == "joined.ts":
                videos.end_to_end(path, make("one.ts"), make("one.ts"))
            else:
                videos.write(path, frames, recipe)
        return path

    return make


@pytest.mark.parametrize("kind", ["plain.mp4", "plain.mkv", "plain.avi", "late.mkv", "joined.ts"])
def test_a_part_has_the_frames_and_times_of_the_film(
    kind: str, films: Callable[[str], Path]
) -> None:
    whole = probe(films(kind), "x", 25.0, Limits())
    info = probe(films(kind), "x", 25.0, Limits(), part=Part(start_s=1.0, stop_s=2.2))
    assert len(info) == 30
    assert [info.time_s(i) for i in range(30)] == pytest.approx(
        [whole.time_s(i) for i in range(25, 55)], abs=1e-6
    )
    assert info.duration_s == pytest.approx(1.2, abs=1e-3)
    assert numbers(read(info)) == list(range(25, 55))
    assert numbers(read(info, 3, 5)) == [28, 29]


def test_an_open_end_and_nothing(films: Callable[[str], Path]) -> None:
    path = films("plain.mp4")
    assert len(probe(path, "x", 25.0, Limits(), part=Part(start_s=2.0))) == 25
    assert len(probe(path, "x", 25.0, Limits(), part=Part(stop_s=1.0))) == 25
    with pytest.raises(NoVideoError, match=r"no frame from 9 s on; it lasts 3\.00 s"):
        probe(path, "x", 25.0, Limits(), part=Part(start_s=9.0))
    with pytest.raises(NoVideoError, match="from 2 s on and before 1 s"):
        probe(path, "x", 25.0, Limits(), part=Part(start_s=2.0, stop_s=1.0))


def test_the_sound_of_a_part_is_heard_with_its_pictures(tmp_path: Path) -> None:
    """A beep and a white picture at 2 s, in a part that begins at 1 s."""
    silent = tmp_path / "silent.mp4"
    frames = [np.full((120, 160, 3), 235 if i == 50 else 16, np.uint8) for i in range(FRAMES)]
    videos.write(silent, frames)
    beep = "aevalsrc=0.5*sin(5000*t)*between(t\\,2\\,2.04):d=3:s=48000"
    path = tmp_path / "beep.mp4"
    oracle.ffmpeg("-i", silent, "-f", "lavfi", "-i", beep, "-map", "0:v", "-map", "1:a",
                  "-c:v", "copy", "-c:a", "aac", path)  # fmt: skip
    info = probe(path, "x", 25.0, Limits(), part=Part(start_s=1.0, stop_s=2.6))
    with PartWriter(tmp_path / "y.mp4", info, Segment(0, 0, len(info)), RenderSettings(), 1) as w:
        for frame in read(info):
            assert frame.image is not None
            w.write(frame.index, frame.image)
    assert w.warnings == []
    again = probe(tmp_path / "y.mp4", "y", 25.0, Limits())
    assert len(again) == 40 and again.start_s == 0
    bright = [f.index for f in read(again) if f.luma.mean() > 120]
    assert [again.time_s(i) for i in bright] == pytest.approx([1.0])
    raw = tmp_path / "sound.raw"
    oracle.ffmpeg("-i", tmp_path / "y.mp4", "-map", "0:a", "-f", "f32le", "-ac", "1", raw)
    samples = np.abs(np.fromfile(raw, np.float32))
    assert len(samples) / 48_000 == pytest.approx(1.6, abs=0.05)
    loud = np.flatnonzero(samples > 0.2)
    assert loud[0] / 48_000 == pytest.approx(1.0, abs=0.02)
    # What a player shows at a time of the film.
    assert info.start_s + 2.0 == pytest.approx(1.0)


@pytest.mark.parametrize("turned", [0, 90])
def test_a_piece_of_the_picture(turned: int, films: Callable[[str], Path], tmp_path: Path) -> None:
    path = films("plain.mp4")
    if turned:
        path = videos.turned(tmp_path / "turned.mp4", path, turned)
    whole = read(probe(path, "x", 25.0, Limits()), 9, 10)[0].luma
    info = probe(path, "x", 25.0, Limits(), part=Part(crop=(33, 20, 63, 41)))
    assert (info.width, info.height) == (64, 41)  # the left side on an even pixel
    frame = read(info, 9, 10)[0]
    assert (frame.width, frame.height) == (64, 41)
    assert (frame.luma[:41, :64] == whole[20:61, 32:96]).all()
    edge = probe(path, "x", 25.0, Limits(), part=Part(crop=(100, 100, 500, 500)))
    assert edge.width + 100 == (120 if turned else 160)
    assert edge.warnings == (
        f"--crop 100,100,500,500 ends outside of its pictures of {whole.shape[1]}x{whole.shape[0]} "
        f"pixels; 100,100,{edge.width},{edge.height} is used",
    )
    assert info.warnings == ()
    with pytest.raises(NoVideoError, match="--crop lies outside"):
        probe(path, "x", 25.0, Limits(), part=Part(crop=(200, 0, 10, 10)))


@pytest.mark.parametrize("rate", [24, 25, 30, 50, 240])
@pytest.mark.parametrize("fps", [0.5, 1, 5, 10, 25])
def test_so_many_frames_a_second_whatever_the_films_rate(rate: int, fps: float) -> None:
    pts = np.arange(rate * 20, dtype=np.int64)
    info = SourceInfo("x", "x", "video", 64, 48, 0, Fraction(1, rate), pts)
    chosen = analysed_frames(info, AnalyzeSettings(fps=fps))
    assert len(chosen) == min(fps, rate) * 20
    assert chosen[0] == 0
    steps = np.diff(chosen) / rate
    assert np.abs(steps - 1 / min(fps, rate)).max() <= 1 / rate + 1e-9
    starts = [s.start for s in plan(info, AnalyzeSettings(fps=fps), 100)]
    assert set(starts) <= set(chosen.tolist())


def test_all_frames_without_a_wish_and_milliseconds_miss_none() -> None:
    pts = np.round(np.arange(300) * 1000 / 29.97).astype(np.int64)
    info = SourceInfo("x", "x", "video", 64, 48, 0, Fraction(1, 1000), pts)
    assert analysed_frames(info, AnalyzeSettings()).tolist() == list(range(300))
    assert len(analysed_frames(info, AnalyzeSettings(fps=10))) == 100
    assert analysed_frames(info, AnalyzeSettings(every=7)).tolist() == list(range(0, 300, 7))


def test_when_it_was_recorded(films: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "x.mov"
    told = ("-metadata", "creation_time=2026-03-01T10:20:30Z", "-timecode", "10:20:30:05")
    oracle.ffmpeg("-i", films("plain.mp4"), "-c", "copy", *told, path)
    info = probe(path, "x", 25.0, Limits())
    assert (info.recorded, info.timecode) == ("2026-03-01T10:20:30+00:00", "10:20:30:05")
    other = probe(films("plain.mkv"), "x", 25.0, Limits())
    assert (other.recorded, other.timecode) == ("", "")
