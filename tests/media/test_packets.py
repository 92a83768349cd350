"""Packets that hold no picture to be shown are no frames."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from fer_batch.config import Limits
from fer_batch.media.source import open_source, probe
from fer_batch.types import SourceInfo
from tests.footage import oracle, pictures, videos
from tests.footage.videos import Recipe

FRAMES = 20
HIDDEN = (5, 12)


def probed(path: Path) -> SourceInfo:
    return probe(path, path.stem, 25.0, Limits())


def seen(info: SourceInfo) -> list[int]:
    """Numbers of the pictures; a frame without one fails."""
    frames = open_source(info, Limits(), threads=1).frames(0, len(info))
    return [pictures.number_of(frame.luma) for frame in frames]


def changed(path: Path, source: Path, packets: dict[int, bytes]) -> Path:
    """A copy of ``source`` with other content in packets of those numbers."""
    with av.open(str(source)) as given, av.open(str(path), "w") as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for number, packet in enumerate(p for p in given.demux(video=0) if p.size):
            other = av.Packet(packets.get(number, bytes(packet)))
            other.pts, other.dts, other.duration = packet.pts, packet.dts, packet.duration
            other.time_base, other.is_keyframe = packet.time_base, packet.is_keyframe
            other.stream = stream
            made.mux(other)
    return path


@pytest.mark.parametrize("suffix", ["ivf", "nut", "webm"])
def test_hidden_frames_of_vp8_are_none(suffix: str, tmp_path: Path) -> None:
    """Only others are coded from them; encoders of two passes make them."""
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    whole = videos.write(tmp_path / "whole.webm", frames, Recipe(codec="vp8"))
    with av.open(str(whole)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    hidden = {i: bytes([packets[i][0] & ~16]) + packets[i][1:] for i in HIDDEN}
    info = probed(changed(tmp_path / f"hidden.{suffix}", whole, hidden))
    assert seen(info) == [i for i in range(FRAMES) if i not in HIDDEN]
    assert info.warnings == ()


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_pictures_that_stay_as_they_were_are_not_coded(suffix: str, tmp_path: Path) -> None:
    """MPEG-4 says with some bytes that nothing changed: decoders show nothing new then."""
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    whole = videos.write(tmp_path / "whole.mp4", frames, Recipe(codec="mpeg4", gop=1))
    # A picture predicted from the one before: no second more, its part of a second in 5 bits.
    empty = {
        i: bytes([0, 0, 1, 0xB6, 0b01011000 | i >> 2, (i & 3) << 6 | 0b00100111]) for i in HIDDEN
    }
    path = changed(tmp_path / f"still.{suffix}", whole, empty)
    info = probed(path)
    assert len(info) == len(oracle.decoded(path)) == FRAMES - len(HIDDEN)
    assert seen(info) == [i for i in range(FRAMES) if i not in HIDDEN]
    times = [round(info.time_s(i) * 25) for i in range(len(info))]
    assert times == seen(info)


def test_an_ivf_that_counts_ticks_is_not_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "ticks.ivf"
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    videos.write(path, frames, Recipe(codec="vp9"))
    content = bytearray(path.read_bytes())
    content[24:28] = (FRAMES * 40).to_bytes(4, "little")
    path.write_bytes(content)
    info = probed(path)
    assert len(info) == FRAMES and info.warnings == ()


@pytest.mark.parametrize(("start_s", "length_s"), [(0.4, 0.4), (0.5, 0.21), (0.13, 0.55)])
def test_what_was_trimmed_on_a_phone_is_not_cut_off(
    start_s: float, length_s: float, tmp_path: Path
) -> None:
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    whole = videos.write(tmp_path / "whole.mp4", frames, Recipe(b_frames=2, gop=5))
    info = probed(videos.trimmed(tmp_path / "trim.mp4", whole, start_s, length_s))
    shown = seen(info)
    assert shown == list(range(shown[0], shown[-1] + 1))
    assert abs(shown[0] - start_s * 25) <= 1 and abs(len(shown) - length_s * 25) <= 1
    assert info.warnings == ()


def test_pictures_that_begin_after_the_sound_and_are_trimmed_are_not_cut_off(
    tmp_path: Path,
) -> None:
    frames = [pictures.numbered(i % 32) for i in range(100)]
    whole = videos.write(tmp_path / "whole.mp4", frames, Recipe(b_frames=2, gop=5))
    late = tmp_path / "late.mp4"
    inputs = ("-itsoffset", "3", "-i", whole, "-f", "lavfi", "-i", "sine=d=9")
    oracle.ffmpeg(*inputs, "-map", "0", "-map", "1", "-c:v", "copy", late)
    assert probed(late).warnings == () and len(probed(late)) == 100
    info = probed(videos.trimmed(tmp_path / "trim.mp4", late, 0.4, 2.8))
    assert info.warnings == () and seen(info) == [i % 32 for i in range(10, 80)]


def test_a_film_without_its_end_is_cut_off(tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    whole = videos.write(tmp_path / "whole.mp4", frames, Recipe(b_frames=2))
    path = tmp_path / "cut.mp4"
    oracle.ffmpeg("-i", whole, "-c", "copy", "-movflags", "faststart", path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    (warning,) = probed(path).warnings
    assert warning.startswith("the file announces 20 frames and holds 1")
    assert warning.endswith("; it is cut off")
