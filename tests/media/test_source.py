"""The contract of every source of frames, checked against FFmpeg's own count."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.errors import NoVideoError
from fer_batch.media.source import open_source, probe
from fer_batch.types import Frame, SourceInfo
from tests.footage import images, oracle, pictures, videos
from tests.media.conftest import FRAMES, KINDS, SPECIAL

VideoOf = Callable[[str], Path]


def probed(path: Path) -> SourceInfo:
    return probe(path, path.stem, 25.0, Limits())


def read(info: SourceInfo, start: int, stop: int) -> list[Frame]:
    return list(open_source(info, Limits(), threads=1).frames(start, stop))


def same(one: Frame, other: Frame) -> bool:
    assert one.image is not None and other.image is not None
    return (one.index, one.pts) == (other.index, other.pts) and np.array_equal(
        one.image, other.image
    )


@pytest.mark.parametrize("kind", [*KINDS, *SPECIAL])
def test_frames_and_times_are_ffmpegs(kind: str, video_of: VideoOf) -> None:
    path = video_of(kind)
    info, expected = probed(path), oracle.decoded(path)
    assert len(info) == len(expected) == FRAMES
    assert (info.width, info.height) == (expected.width, expected.height)
    times = [info.time_s(i) for i in range(len(info))]
    assert times == pytest.approx(expected.times, abs=1e-6)
    assert all(a < b for a, b in pairwise(times))


@pytest.mark.parametrize("kind", [k for k in KINDS if "full range" not in k])
def test_each_frame_is_the_right_picture(kind: str, video_of: VideoOf) -> None:
    info = probed(video_of(kind))
    frames = read(info, 0, len(info))
    assert [f.index for f in frames] == list(range(FRAMES))
    assert [pictures.number_of(f.luma) for f in frames] == list(range(FRAMES))


@pytest.mark.parametrize("kind", [*KINDS, *SPECIAL])
def test_any_range_gives_the_same_pictures(kind: str, video_of: VideoOf) -> None:
    info = probed(video_of(kind))
    whole = read(info, 0, len(info))
    for start, stop in ((0, 1), (1, 3), (11, 14), (12, 13), (25, 50), (49, 50), (7, 7)):
        part = read(info, start, stop)
        assert [f.index for f in part] == list(range(start, stop))
        assert all(same(a, b) for a, b in zip(part, whole[start:stop], strict=True))


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_phones_pictures_come_upright(degrees: int, video_of: VideoOf) -> None:
    info = probed(video_of(f"turned {degrees}.mp4"))
    assert info.rotation == degrees
    frame = read(info, 5, 6)[0]
    turned = np.rot90(frame.luma, degrees // 90)
    assert pictures.number_of(turned) == 5


@pytest.mark.parametrize("which", ["h", "v", "h90", "v90"])
def test_mirrored_pictures_come_as_players_show_them(
    which: str, video_of: VideoOf, tmp_path: Path
) -> None:
    path = video_of(f"mirrored {which}.mp4")
    info = probed(path)
    assert info.flipped
    frame = read(info, 5, 6)[0]
    shown = oracle.picture(path, 5, tmp_path)
    assert frame.luma.shape == shown.shape
    assert np.abs(frame.luma.astype(int) - shown).mean() < 3


@pytest.mark.parametrize(("aspect", "width"), [("64:45", 228), ("8:9", 142), ("404:405", 160)])
def test_pixels_come_square(aspect: str, width: int, video_of: VideoOf, tmp_path: Path) -> None:
    """As on a DVD; what is off by a rounding is left alone."""
    path = videos.shaped(tmp_path / "shaped.mp4", video_of("h264.mp4"), aspect)
    info = probed(path)
    assert (info.width, info.height) == (width, 120)
    frame = read(info, 5, 6)[0]
    assert (frame.width, frame.height) == (width, 120)
    plain = read(probed(video_of("h264.mp4")), 5, 6)[0].luma
    scaled = cv2.resize(plain, frame.luma.shape[::-1], interpolation=cv2.INTER_CUBIC)
    assert np.abs(frame.luma.astype(int) - scaled).mean() < 4


def test_a_clock_that_wraps_near_the_start_starts_at_zero(video_of: VideoOf) -> None:
    info = probed(video_of("early.ts"))
    assert info.start_s >= 0
    assert len(info) == FRAMES


def test_a_track_of_unknown_kind_is_said(video_of: VideoOf, tmp_path: Path) -> None:
    data = video_of("h264.mkv").read_bytes()
    path = tmp_path / "unknown.mkv"
    path.write_bytes(data.replace(b"V_MPEG4/ISO/AVC", b"V_UNKNOWN/CODEC"))
    with pytest.raises(NoVideoError, match="unsupported codec"):
        probed(path)


def test_files_that_hide_frames_or_sound_longer_than_the_pictures_are_whole(
    video_of: VideoOf, tmp_path: Path
) -> None:
    trimmed, longer = tmp_path / "trimmed.mp4", tmp_path / "longer.mp4"
    source = video_of("h264.mp4")
    oracle.ffmpeg("-ss", "0.6", "-i", source, "-c", "copy", trimmed)
    tone = ("-f", "lavfi", "-i", "sine=330:duration=9")
    oracle.ffmpeg("-i", source, *tone, "-map", "0:v", "-map", "1:a", "-c:v", "copy", longer)
    assert probed(trimmed).warnings == probed(longer).warnings == ()
    assert len(probed(trimmed)) < FRAMES


def test_full_range_is_known(video_of: VideoOf) -> None:
    frame = read(probed(video_of("full range.mp4")), 3, 4)[0]
    assert frame.full_range
    assert not read(probed(video_of("h264.mp4")), 3, 4)[0].full_range


def test_ten_bits_become_eight(video_of: VideoOf) -> None:
    deep = read(probed(video_of("10 bit.mkv")), 9, 10)[0]
    plain = read(probed(video_of("hevc.mkv")), 9, 10)[0]
    difference = deep.luma.astype(int) - plain.luma
    assert np.abs(difference).mean() < 2


def test_odd_sizes_are_padded_to_even(video_of: VideoOf) -> None:
    frame = read(probed(video_of("odd.mp4")), 2, 3)[0]
    assert frame.image is not None
    assert frame.image.shape == (242 * 3 // 2, 322)
    assert np.array_equal(frame.luma[:, 320], frame.luma[:, 321])


def test_a_folder_of_images_in_natural_order(tmp_path: Path) -> None:
    frames = [pictures.numbered(i, 320, 180) for i in range(12)]
    path = images.folder(tmp_path / "shots", frames)
    info = probe(path, "shots", 25.0, Limits(), images="frames")
    assert info.kind == "frames"
    assert [Path(f).stem for f in info.files] == [f"face {i + 1}" for i in range(12)]
    assert (info.width, info.height) == (321, 320)
    assert [info.time_s(i) for i in (0, 1, 11)] == pytest.approx([0, 0.04, 0.44])
    read_back = read(info, 0, 12)
    assert [f.index for f in read_back] == list(range(12))
    assert pictures.number_of(read_back[9].luma) == 9


def test_one_image_is_a_source_of_one_frame(tmp_path: Path) -> None:
    images.folder(tmp_path, [pictures.numbered(i) for i in range(10)])
    info = probed(tmp_path / "face 2.png")
    assert (len(info), info.files) == (1, ("face 2.png",))
    assert len(read(info, 0, 1)) == 1


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    from tests.footage import videos

    info = probed(videos.write(tmp_path / "one.mp4", [pictures.numbered(7)]))
    assert len(info) == 1
    assert info.duration_s > 0
    assert pictures.number_of(read(info, 0, 1)[0].luma) == 7


def test_real_clips_hold_what_ffmpeg_decodes(real_clips: Path) -> None:
    for clip in sorted(real_clips.iterdir()):
        expected = oracle.decoded(clip)
        info = probed(clip)
        assert len(info) == len(expected), clip.name
        times = [info.time_s(i) for i in range(len(info))]
        assert times == pytest.approx(expected.times, abs=1e-6), clip.name


@pytest.mark.parametrize(("codec", "form"), [("qtrle", "gray"), ("smc", "pal8")])
def test_a_part_of_a_film_with_a_palette_has_its_colours(
    codec: str, form: str, tmp_path: Path
) -> None:
    """The palette comes with the first packet alone."""
    path = tmp_path / "screen.mov"
    ramp = "gradients=s=96x64:c0=black:c1=white:x0=0:y0=0:x1=95:y1=0:n=2:r=10:d=2"
    given = ("-c:v", codec, "-pix_fmt", form, "-g", "5")
    oracle.ffmpeg("-f", "lavfi", "-i", ramp, *given, path)
    source = open_source(probe(path, "screen", 25.0, Limits()), Limits(), threads=1)
    whole = [frame.luma.copy() for frame in source.frames(0, len(source.info))]
    assert whole[12].max() > 180 and whole[12].min() < 60
    (part,) = source.frames(12, 13)
    assert np.array_equal(part.luma, whole[12])
