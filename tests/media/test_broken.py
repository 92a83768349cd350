"""What strangers hand in: one clear line each, and nothing is opened that they point at."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from fer_batch.config import Limits
from fer_batch.errors import InputError, LimitError, NotFoundError, NotMediaError, NoVideoError
from fer_batch.media.source import open_source, probe
from tests.footage import broken, images, oracle, pictures, videos
from tests.footage.videos import Recipe

KIND_OF_ERROR = {
    "empty.mp4": "unreadable",
    "text.mp4": "not_media",
    "playlist.mp4": "not_media",
    "concat.mp4": "not_media",
    "no moov.mp4": "not_media",
    "no frames.mp4": "no_video",
    "only sound.mp4": "no_video",
    "huge.mkv": "limit",
}


def probed(path: Path):  # type: ignore[no-untyped-def]
    return probe(path, path.stem, 25.0, Limits())


@pytest.mark.parametrize("name", broken.REFUSED)
def test_each_is_refused_with_one_line_that_names_it(name: str, refused_files: list[Path]) -> None:
    path = next(p for p in refused_files if p.name == name)
    with pytest.raises(InputError) as caught:
        probed(path)
    line = str(caught.value)
    assert line.startswith(str(path)) and "\n" not in line
    assert caught.value.code == KIND_OF_ERROR[name]


def test_what_playlists_point_at_is_itself_fine(face_clip: Path) -> None:
    assert len(probed(face_clip)) == 50


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="gone"):
        probed(tmp_path / "gone.mp4")


def test_a_mkv_that_is_cut_off_keeps_what_decodes(tmp_path: Path) -> None:
    whole = videos.write(tmp_path / "whole.mkv", [pictures.numbered(i) for i in range(60)])
    cut = broken.truncated(tmp_path / "cut.mkv", whole, 0.5)
    info = probed(cut)
    frames = list(open_source(info, Limits()).frames(0, len(info)))
    decoded = [f for f in frames if f.image is not None]
    assert 10 < len(oracle.decoded(cut)) < 60
    assert len(decoded) == len(oracle.decoded(cut))
    assert [pictures.number_of(f.luma) for f in decoded] == list(range(len(decoded)))
    assert any("cut off" in w or "stopped" in w for w in info.warnings)


@pytest.mark.parametrize("share", [0.35, 0.5, 0.7])
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_threads_lose_nothing_where_a_file_is_cut_off_within_a_picture(
    suffix: str, share: float, tmp_path: Path
) -> None:
    recipe = Recipe(b_frames=2, gop=60)
    plain = videos.write(tmp_path / "plain.mp4", [pictures.numbered(i) for i in range(60)], recipe)
    whole = tmp_path / f"whole{suffix}"
    oracle.ffmpeg("-i", plain, "-c", "copy", "-movflags", "+faststart", whole)
    info = probed(broken.truncated(tmp_path / f"cut{suffix}", whole, share))
    found = [
        [
            None if frame.image is None else pictures.number_of(frame.luma)
            for frame in open_source(info, Limits(), threads=threads).frames(0, len(info))
        ]
        for threads in (1, 4)
    ]
    assert found[0] == found[1]
    assert sum(number is not None for number in found[0]) == len(oracle.decoded(Path(info.path)))


@pytest.mark.parametrize("codec", ["h264", "hevc", "mpeg4", "vp9"])
def test_one_damaged_frame_is_not_the_end(codec: str, tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(60)]
    whole = videos.write(tmp_path / "whole.mkv", frames, Recipe(codec=codec))
    damaged = broken.damaged(tmp_path / "damaged.mkv", whole, 17)
    info = probed(damaged)
    assert len(info) == 60
    read = list(open_source(info, Limits()).frames(0, 60))
    assert [f.index for f in read] == list(range(60))
    lost = [f.index for f in read if f.image is None]
    # At most until the next key frame; before the damage all is well.
    assert set(lost) <= set(range(16, 24)), lost
    assert [pictures.number_of(f.luma) for f in read[:16]] == list(range(16))
    assert [pictures.number_of(f.luma) for f in read[25:]] == list(range(25, 60))


def test_a_bad_image_among_good_ones_is_one_frame_lost(tmp_path: Path) -> None:
    images.folder(tmp_path, [pictures.numbered(i) for i in range(10)])
    (tmp_path / "face 3.webp").write_bytes(b"")
    images.huge_png(tmp_path / "face 20.png")
    broken.truncated(tmp_path / "face 21.png", tmp_path / "face 2.png", 0.3)
    info = probed(tmp_path)
    read = list(open_source(info, Limits()).frames(0, len(info)))
    assert [i for i, f in enumerate(read) if f.image is None][:2] == [2, 10]
    assert len(info) == 12
    assert sum("face 3.webp" in w for w in info.warnings) == 1
    assert sum("face 20.png" in w for w in info.warnings) == 1


def test_images_alone_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="20000x20000"):
        probed(images.huge_png(tmp_path / "wide.png"))
    (tmp_path / "none.jpg").touch()
    with pytest.raises(InputError, match=r"none\.jpg"):
        probed(tmp_path / "none.jpg")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(NotMediaError, match=r"text\.png"):
        probed(tmp_path / "text.png")
    (tmp_path / "folder").mkdir()
    with pytest.raises(NoVideoError, match="folder"):
        probed(tmp_path / "folder")


PICTURES = {
    "photo": ("JPEG", "is an image (JPEG) under another name; name it photo.jpg"),
    "IMG_1.jpg_original": ("JPEG", "is an image (JPEG) under another name; name it IMG_1.jpg"),
    "film.mp4": ("PNG", "is an image (PNG) under another name; name it film.png"),
    "scan.nef": ("TIFF", "is a camera's raw file, which is not read; export it as JPEG"),
    "a.jxl": (b"\xff\x0a" + bytes(40), "is a JPEG XL image, which is not read; export it as JPEG"),
    "a.psd": (b"8BPS\0\1" + bytes(40), "is a Photoshop document, which is not read"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_not_told_as_videos_to_convert(name: str, tmp_path: Path) -> None:
    content, words = PICTURES[name]
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        Image.new("RGB", (32, 24), "red").save(path, content)
    with pytest.raises(NotMediaError) as refused:
        probed(path)
    assert str(refused.value).startswith(f"{path}: {words}")
    assert "ffmpeg" not in str(refused.value)
