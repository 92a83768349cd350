"""Sound and picture stay in step within 20 ms: flashes and beeps, in each kind of video."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, Limits, RenderSettings
from fer_batch.media.encode import PartWriter
from fer_batch.media.source import open_source, probe_wanted
from fer_batch.types import Segment
from tests.footage.oracle import ffmpeg

QUICK = RenderSettings(preset="ultrafast")
APART_S = 0.02
AT = (0.8, 1.6)  # each flash and beep begins here, and lasts for a fifth of a second
ON = "+".join(f"between(t,{at - 0.001},{at + 0.199})" for at in AT)
ONSETS = len(AT)

PICTURE = f"color=black:s=96x64:r=25:d=2.4,drawbox=color=white:t=fill:enable='{ON}'"
# Louder between, so that the beginning is sharp; never silent, as recordings are not.
SOUND = "+".join(f"0.8*between(t,{at},{at + 0.2})*sin(2*PI*1000*t)" for at in AT)
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10")
B_FRAMES = ("-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-pix_fmt", "yuv420p", "-g", "25")
AAC = ("-c:a", "aac", "-b:a", "96k")
Make = Callable[[Path], Path]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flashes and beeps at ``AT``, neither compressed with loss nor late."""
    path = tmp_path_factory.mktemp("scene_of_tests") / "scene.mkv"
    inputs = ("-f", "lavfi", "-i", PICTURE, "-f", "lavfi")
    sound = f"aevalsrc='{SOUND}':s=48000:d=2.4"
    ffmpeg(*inputs, "-i", sound, "-c:v", "ffv1", "-c:a", "pcm_s16le", path)
    return path


KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "b-frames and an edit list": ("x.mp4", (*B_FRAMES, *AAC)),
    "pcm in mov": ("x.mov", (*H264, "-c:a", "pcm_s16le")),
    "transport stream": ("x.ts", (*B_FRAMES, *AAC)),
    "transport stream far from 0": ("x.ts", (*H264, *AAC, "-output_ts_offset", "3600")),
    "program stream": ("x.mpg", ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2", "-f", "vob")),
    "packed b-frames in avi": ("x.avi", ("-c:v", "libxvid", "-bf", "2", "-c:a", "mp3")),
    "mpeg-4 with b-frames in avi": ("x.avi", ("-c:v", "mpeg4", "-bf", "2", "-c:a", "mp3")),
    "opus in webm": ("x.webm", ("-c:v", "libvpx", "-b:v", "200k", "-c:a", "libopus")),
    "flv": ("x.flv", ("-c:v", "flv1", *AAC, "-ar", "44100")),
    "uneven times": (
        "x.mkv",
        (*H264, "-vf", "select='not(mod(n,3))+not(mod(n,4))'", "-fps_mode", "vfr", *AAC),
    ),
    "30 to 1001": ("x.mp4", (*B_FRAMES, "-r", "30000/1001", *AAC)),
    "telephone": ("x.mov", (*H264, "-c:a", "pcm_s16le", "-ar", "8000")),
}


def onsets(path: Path) -> tuple[list[float], list[float]]:
    """When pictures turn white, and when it gets loud, in seconds as a player counts them."""
    with av.open(str(path)) as container:
        decoded = container.decode(video=0)
        seen = [(f.time or 0.0, f.to_ndarray(format="gray").mean()) for f in decoded]
    # Decoders give pictures in order of time; PTS that packets of two pictures bear need not be.
    shown, level = np.sort([time for time, _ in seen]), np.array([mean for _, mean in seen])
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", 48_000)
        times, levels = [], []
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                levels.append(np.abs(part.to_ndarray()[0]))
                times.append((part.time or 0.0) + np.arange(part.samples) / 48_000)
    loud = _rises(np.concatenate(times), np.concatenate(levels) > 0.25, quiet_s=0.3)
    white = _rises(shown, level > 128, quiet_s=0.3)
    return white, loud


def _rises(times: np.ndarray, on: np.ndarray, quiet_s: float) -> list[float]:
    """The times at which ``on`` begins after it has been off for ``quiet_s`` seconds."""
    found, last = [], -1.0
    for time in times[on].tolist():
        if time - last > quiet_s:
            found.append(time)
        last = time
    return found


def annotated(source: Path, target: Path, settings: AnalyzeSettings) -> Path:
    """The source's own pictures, as ``annotated.mp4`` is made of them."""
    info = probe_wanted(source, source.stem, settings, Limits())
    with PartWriter(target, info, Segment(0, 0, len(info)), QUICK, threads=1) as writer:
        for frame in open_source(info, Limits(), threads=1).frames(0, len(info)):
            assert frame.image is not None
            writer.write(frame.index, frame.image)
    return target


def check(source: Path, tmp_path: Path, count: int = ONSETS, **settings: float) -> None:
    """Flash and beep are as far apart in the annotated video as in the source."""
    given = [b - a for a, b in zip(*onsets(source), strict=True)]
    white, loud = onsets(annotated(source, tmp_path / "annotated.mp4", AnalyzeSettings(**settings)))
    assert len(white) == len(loud) == count
    for before, flash, beep in zip(given[-count:], white, loud, strict=True):
        assert abs((beep - flash) - before) <= APART_S, (given, white, loud)


@pytest.mark.parametrize("kind", KINDS)
def test_in_step(kind: str, scene: Path, tmp_path: Path) -> None:
    name, options = KINDS[kind]
    source = tmp_path / name
    ffmpeg("-i", scene, *options, source)
    check(source, tmp_path)


@pytest.mark.parametrize("late", ["-0.3", "0.3"])
@pytest.mark.parametrize("name", ["x.ts", "x.mkv", "x.mp4"])
def test_sound_that_starts_before_or_after_the_pictures(
    name: str, late: str, scene: Path, tmp_path: Path
) -> None:
    source = tmp_path / name
    mapped = ("-map", "0:v", "-map", "1:a")
    ffmpeg("-i", scene, "-itsoffset", late, "-i", scene, *mapped, *H264, *AAC, source)
    given = [b - a for a, b in zip(*onsets(source), strict=True)]
    assert all(abs(apart - float(late)) < 0.05 for apart in given)  # made as meant
    check(source, tmp_path)


def test_cut_between_key_frames_and_turned(scene: Path, tmp_path: Path) -> None:
    whole, cut, turned = (tmp_path / f"{n}.mp4" for n in ("whole", "cut", "turned"))
    ffmpeg("-i", scene, *B_FRAMES, *AAC, whole)
    ffmpeg("-ss", "0.5", "-i", whole, "-c", "copy", cut)  # an edit list hides what comes before
    ffmpeg("-display_rotation", "90", "-i", whole, "-c", "copy", turned)
    for source in (cut, turned):
        check(source, tmp_path)


@pytest.mark.parametrize("name", ["x.mp4", "x.mkv", "x.ts"])
def test_a_part_and_fewer_frames(name: str, scene: Path, tmp_path: Path) -> None:
    source = tmp_path / name
    ffmpeg("-i", scene, *B_FRAMES, *AAC, source)
    check(source, tmp_path, count=1, start_s=1.3, stop_s=2.2)
    check(source, tmp_path, fps=5.0)


def test_what_is_out_of_step_is_seen(scene: Path, tmp_path: Path) -> None:
    """The measurement itself: 60 ms are 60 ms."""
    white, loud = onsets(scene)
    assert white == pytest.approx(AT, abs=1e-3) and loud == pytest.approx(AT, abs=1e-3)
    late = tmp_path / "late.mkv"
    mapped = ("-map", "0:v", "-map", "1:a", "-c", "copy")
    ffmpeg("-i", scene, "-itsoffset", "0.06", "-i", scene, *mapped, late)
    white, loud = onsets(late)
    assert [b - a for a, b in zip(white, loud, strict=True)] == pytest.approx([0.06] * 2, abs=2e-3)
