"""The sound goes along, whatever its rate and layout, and never holds up the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import Limits, RenderSettings
from fer_batch.media.encode import PartWriter
from fer_batch.media.sound import coded_rate
from fer_batch.media.sound_times import in_order
from fer_batch.media.source import open_source, probe
from fer_batch.types import Segment
from tests.footage import broken, oracle, pictures, videos
from tests.footage.videos import Recipe

FRAMES = 50
QUICK = RenderSettings(preset="ultrafast")
ODD = {
    "telephone.avi": Recipe(sound=True, sound_codec="pcm_s16le", rate=4_000),
    "no usual rate.avi": Recipe(sound=True, sound_codec="pcm_s16le", rate=22_222),
    "studio.mkv": Recipe(sound=True, sound_codec="pcm_s16le", rate=192_000, layout="stereo"),
    "camcorder.ts": Recipe(sound=True, sound_codec="ac3", layout="stereo"),
    "broadcast.mkv": Recipe(sound=True, sound_codec="eac3", layout="5.1"),
    "lossless.mov": Recipe(sound=True, sound_codec="alac"),
    "surround.mkv": Recipe(sound=True, sound_codec="pcm_s16le", layout="5.1"),
}


def film(source: Path, target: Path) -> list[str]:
    """The whole film from the source's own pictures; its warnings."""
    info = probe(source, source.stem, 25.0, Limits())
    with PartWriter(target, info, Segment(0, 0, len(info)), QUICK, threads=1) as writer:
        for frame in open_source(info, Limits(), threads=1).frames(0, len(info)):
            assert frame.image is not None
            writer.write(frame.index, frame.image)
    return [*info.warnings, *writer.warnings]


def heard(path: Path) -> np.ndarray:
    """Samples of the sound, mono at 48 kHz."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", 48_000)
        decoded = [r for f in container.decode(audio=0) for r in resampler.resample(f)]
    return np.concatenate([frame.to_ndarray()[0] for frame in decoded])


def pictures_in(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("kind", ODD)
def test_sound_of_any_rate_and_layout(kind: str, tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    source = videos.write(tmp_path / kind, frames, ODD[kind])
    assert film(source, tmp_path / "film.mp4") == []
    assert pictures_in(tmp_path / "film.mp4") == FRAMES
    with av.open(str(tmp_path / "film.mp4")) as made:  # other kinds are silent in browsers
        assert made.streams.audio[0].codec_context.name == "aac"
    samples = heard(tmp_path / "film.mp4")
    assert len(samples) / 48_000 == pytest.approx(FRAMES / 25, abs=0.3)
    assert samples.std() > 0.02


def levels(path: Path) -> list[float]:
    """How loud each channel is."""
    with av.open(str(path)) as container:
        kind = container.streams.audio[0].codec_context.layout.nb_channels
        resampler = av.AudioResampler("fltp", {1: "mono", 2: "stereo"}.get(kind, "5.1"), 48_000)
        decoded = [r for f in container.decode(audio=0) for r in resampler.resample(f)]
    samples = np.concatenate([frame.to_ndarray() for frame in decoded], axis=1)
    return [float(channel[4800:-9600].std()) for channel in samples]


@pytest.mark.parametrize(
    "suffix", ["alac.mov", "ac3.ts", "pcm_s16le.avi", "libopus.mkv", "flac.mkv"]
)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_channels_and_their_levels_stay(suffix: str, channels: int, tmp_path: Path) -> None:
    """One that is coded as two is 3 dB quieter in each."""
    codec, ending = suffix.split(".")
    tones = "|".join(f"{0.1 + 0.02 * i}*sin(2*PI*60*t)" for i in range(channels))
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    source = tmp_path / f"x.{ending}"
    picture = ("-f", "lavfi", "-i", "color=s=96x64:d=2")
    sound = ("-f", "lavfi", "-i", f"aevalsrc='{tones}':s=48000:d=2:c={layout}")
    oracle.ffmpeg(*picture, *sound, "-c:v", "mpeg4", "-c:a", codec, source)
    assert film(source, tmp_path / "film.mp4") == []
    given, made = levels(source), levels(tmp_path / "film.mp4")
    assert len(made) == len(given) == channels
    assert made == pytest.approx(given, rel=0.06)  # half a decibel


def test_a_broadcast_that_goes_on_in_mono_is_as_loud(tmp_path: Path) -> None:
    for name, channels in (("one", 2), ("two", 1)):
        tones = "|".join(["0.1*sin(2*PI*200*t)"] * channels)
        picture = ("-f", "lavfi", "-i", "color=s=96x64:d=2")
        sound = ("-f", "lavfi", "-i", f"aevalsrc='{tones}':s=48000:d=2")
        coded = ("-c:v", "mpeg2video", "-c:a", "mp2")
        oracle.ffmpeg(*picture, *sound, *coded, tmp_path / f"{name}.ts")
    parts = (tmp_path / "one.ts", tmp_path / "two.ts")
    film(videos.end_to_end(tmp_path / "both.ts", *parts), tmp_path / "film.mp4")
    with av.open(str(tmp_path / "film.mp4")) as container:
        samples = np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)
    half = samples.shape[1] // 2
    first, second = samples[:, 4800 : half - 9600].std(1), samples[:, half + 9600 : -9600].std(1)
    assert len(first) == 2
    assert second == pytest.approx(first, rel=0.06)


@pytest.mark.parametrize("second", [Recipe(layout="stereo"), Recipe(rate=44_100), Recipe()])
def test_sound_that_changes_on_the_way(second: Recipe, tmp_path: Path) -> None:
    """Recordings joined end to end, the second in another layout or at another rate."""
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    parts = []
    for name, recipe in (("one.ts", Recipe()), ("two.ts", second)):
        kind = Recipe(sound=True, rate=recipe.rate, layout=recipe.layout)
        parts.append(videos.write(tmp_path / name, frames, kind))
    source = videos.end_to_end(tmp_path / "both.ts", *parts)
    (warning,) = film(source, tmp_path / "film.mp4")
    assert "start again once" in warning
    assert pictures_in(tmp_path / "film.mp4") == 2 * FRAMES
    samples = heard(tmp_path / "film.mp4")
    assert len(samples) / 48_000 == pytest.approx(2 * FRAMES / 25, abs=0.3)
    assert samples[: len(samples) // 2].std() > 0.02 < samples[len(samples) // 2 :].std()


@given(st.integers(1_000, 400_000))
def test_a_rate_that_aac_knows_and_no_lower(rate: int) -> None:
    known = av.Codec("aac", "w").audio_rates
    assert known is not None
    found = coded_rate(rate)
    assert found in known
    assert found == max(known) if rate > max(known) else rate <= found
    assert not [one for one in known if rate <= one < found]


@dataclass
class Packet:
    pts: int
    time_base: Fraction = Fraction(1, 8)
    duration: int = 0
    dts: int = 0


@given(st.lists(st.integers(0, 7)))
def test_packets_out_of_order_are_left_out_and_counted(times: list[int]) -> None:
    warnings: list[str] = []
    kept = list(in_order(iter([Packet(t) for t in times]), warnings))
    seconds = [time for time, _ in kept]
    assert seconds == sorted(set(seconds)) == [p.pts / 8 for _, p in kept]
    lost = len(times) - len(kept)
    assert len(warnings) == (lost > 0) and (not lost or warnings[0].startswith(f"{lost} packet"))
    assert not times or (seconds[0] == times[0] / 8 and max(seconds) == max(times) / 8)


@given(st.integers(2, 20), st.integers(20, 10**6), st.data())
def test_one_damaged_time_costs_one_packet(count: int, far: int, data: st.DataObject) -> None:
    """A packet that leaps ahead by hours must take neither the rest nor the film's length."""
    times = list(range(count))
    times.insert(data.draw(st.integers(1, count - 1)), count + far)
    warnings: list[str] = []
    kept = [time for time, _ in in_order(iter([Packet(t) for t in times]), warnings)]
    assert kept == [t / 8 for t in range(count)]
    assert warnings == ["1 packet of sound was out of order and is left out"]


def test_two_packets_with_one_time_follow_each_other() -> None:
    """As some live recordings (MP4 with a fragment a frame) have them; half the sound was lost."""
    warnings: list[str] = []
    times = [0, 8, 8, 24, 24, 40, 41, 56]
    packets = [Packet(time, Fraction(1, 100), 8) for time in times]
    kept = list(in_order(iter(packets), warnings))
    assert [packet.pts for _, packet in kept] == [0, 8, 16, 24, 32, 40, 41, 56]
    assert [round(time * 100) for time, _ in kept] == [0, 8, 16, 24, 32, 40, 41, 56]
    assert not warnings


def test_packets_that_stand_there_twice_do_not_push_the_sound_back() -> None:
    warnings: list[str] = []
    packets = [Packet(8 * (i // 2), Fraction(1, 100), 8) for i in range(40)]
    kept = list(in_order(iter(packets), warnings))
    late = [round(time * 100) - 8 * max(0, number - 1) for number, (time, _) in enumerate(kept)]
    assert min(late) >= 0 and max(late) <= 8
    assert 20 <= len(kept) <= 22 and len(warnings) == 1


def test_a_pause_is_no_damage() -> None:
    warnings: list[str] = []
    times = [0, 1, 2, 90, 91, 92, 400]
    kept = [time for time, _ in in_order(iter([Packet(t) for t in times]), warnings)]
    assert kept == [t / 8 for t in times] and not warnings


@pytest.mark.parametrize("kind", ["windows.wmv", "plain.avi", "plain.mkv", "plain.ts"])
def test_all_of_the_sound_of_usual_files(kind: str, tmp_path: Path) -> None:
    """No packet is lost to a container's coarse clock, none without a time stops the film."""
    codec = "mpeg4" if kind.endswith("wmv") else "h264"
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    recipe = Recipe(codec=codec, sound=True, rate=44_100)
    source = videos.write(tmp_path / kind, frames, recipe)
    assert film(source, tmp_path / "film.mp4") == []
    samples = heard(tmp_path / "film.mp4")
    assert len(samples) / 48_000 == pytest.approx(FRAMES / 25, abs=0.12)
    # A tone without gaps is as loud in each tenth of a second.
    loud = [part.std() for part in np.array_split(samples[4800:-9600], 15)]
    assert min(loud) > 0.9 * max(loud)


def test_of_several_languages_the_first_is_kept_and_this_is_said(tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    one = videos.write(tmp_path / "one.mkv", frames, Recipe(sound=True))
    source = tmp_path / "two.mkv"
    oracle.ffmpeg("-i", one, "-f", "lavfi", "-i", "anullsrc=d=2", "-map", "0", "-map", "1:a",
                  "-c:v", "copy", "-c:a", "aac", source)  # fmt: skip
    (warning,) = film(source, tmp_path / "film.mp4")
    assert warning == "of 2 sound tracks only number 1 is kept"
    assert heard(tmp_path / "film.mp4").max() > 0.05


def test_sound_of_unknown_kind_costs_the_sound_only(tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    source = videos.write(tmp_path / "sound.mkv", frames, Recipe(sound=True))
    source.write_bytes(source.read_bytes().replace(b"A_AAC", b"A_XYZ"))
    (warning,) = film(source, tmp_path / "film.mp4")
    assert "unsupported sound codec" in warning
    assert pictures_in(tmp_path / "film.mp4") == FRAMES


def test_sound_that_is_announced_and_not_there(tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    source = videos.write(tmp_path / "s.ts", frames, Recipe(sound=True, sound_codec="aac"))
    source.write_bytes(b"".join(p for p in ts_packets(source) if ts_stream(p) != SOUND_STREAM))
    (warning,) = film(source, tmp_path / "film.mp4")
    assert "holds none" in warning
    assert pictures_in(tmp_path / "film.mp4") == FRAMES


def test_a_broadcast_that_lost_a_packet_of_sound(tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    source = videos.write(tmp_path / "s.ts", frames, Recipe(sound=True, sound_codec="aac"))
    packets = ts_packets(source)
    sound = [n for n, p in enumerate(packets) if ts_stream(p) == SOUND_STREAM]
    for lost in sound[3:-3]:
        cut = tmp_path / "cut.ts"
        cut.write_bytes(b"".join(p for n, p in enumerate(packets) if n != lost))
        film(cut, tmp_path / "film.mp4")
        assert pictures_in(tmp_path / "film.mp4") == FRAMES


def test_sound_stays_with_its_pictures_where_recordings_are_joined(tmp_path: Path) -> None:
    """Each recording begins with a beep, and its sound goes on after its pictures."""
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    silent = videos.write(tmp_path / "silent.ts", frames)
    beep = "aevalsrc=0.5*sin(5000*t)*lt(t\\,0.2):d=2.6:s=48000"
    one = tmp_path / "one.ts"
    oracle.ffmpeg("-i", silent, "-f", "lavfi", "-i", beep, "-map", "0:v", "-map", "1:a",
                  "-c:v", "copy", "-c:a", "mp2", one)  # fmt: skip
    source = videos.end_to_end(tmp_path / "joined.ts", one, one, one, one)
    film(source, tmp_path / "film.mp4")
    samples = heard(tmp_path / "film.mp4")
    loud = (
        np.abs(samples).reshape(-1)[: len(samples) // 480 * 480].reshape(-1, 480).max(axis=1) > 0.2
    )
    begins = np.flatnonzero(loud & ~np.concatenate([[False], loud[:-1]])) / 100
    assert begins.tolist() == pytest.approx([0, 2, 4, 6], abs=0.1)


@pytest.mark.parametrize("first", [1000.0, 10.0])
def test_recordings_whose_clocks_are_far_apart(first: float, tmp_path: Path) -> None:
    """A clock that falls back by minutes is no overflow after 26 hours."""
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    plain = videos.write(tmp_path / "plain.ts", frames, Recipe(sound=True))
    late = videos.started_at(tmp_path / "late.ts", plain, first)
    early = videos.started_at(tmp_path / "early.ts", plain, 5.0)
    source = videos.end_to_end(tmp_path / "joined.ts", late, early)
    info = probe(source, "joined", 25.0, Limits())
    assert len(info) == 2 * FRAMES
    assert info.duration_s == pytest.approx(2 * FRAMES / 25, abs=0.1)


SOUND_STREAM = 0x101  # the second elementary stream that FFmpeg writes


def ts_packets(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return [data[n : n + 188] for n in range(0, len(data), 188)]


def ts_stream(packet: bytes) -> int:
    return (packet[1] & 31) << 8 | packet[2]


def test_a_packet_that_no_filter_takes_costs_that_packet(tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    source = videos.write(tmp_path / "s.ts", frames, Recipe(sound=True, sound_codec="aac"))
    bad = broken.bad_sound(tmp_path / "bad.ts", source)
    warnings = film(bad, tmp_path / "film.mp4")
    assert "1 packet of sound was damaged and is left out" in warnings, warnings
    assert pictures_in(tmp_path / "film.mp4") == FRAMES
    assert len(heard(tmp_path / "film.mp4")) / 48_000 > FRAMES / 25 - 0.3
