from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.media.kept import PHOTOS_TAKE, KeptFrames
from fer_batch.media.source import FrameSource, open_source, probe
from fer_batch.types import Frame
from tests.footage import pictures, videos

FRAMES = 12


class Counted:
    """A source that says which frames were decoded."""

    def __init__(self, source: FrameSource) -> None:
        self.info, self._source = source.info, source
        self.decoded: list[int] = []

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        for frame in self._source.frames(start, stop):
            self.decoded.append(frame.index)
            yield frame


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Four photos of different sizes, one of them damaged."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        picture = np.full((20 + 2 * number, 30, 3), 40 * number + 20, np.uint8)
        cv2.imwrite(str(folder / f"photo{number}.png"), picture)
    damaged = folder / "photo2.png"
    damaged.write_bytes(damaged.read_bytes()[:60])
    return folder


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film_of_tests") / "film.mp4"
    return videos.write(path, pictures.two_faces(FRAMES), videos.Recipe())


def source(path: Path) -> Counted:
    info = probe(path, "film", 25.0, Limits())
    return Counted(open_source(info, Limits(), 1))


def of(frames: Iterator[Frame]) -> list[tuple[int, bytes]]:
    return [(f.index, f.image.tobytes()) for f in frames if f.image is not None]


def read_by_analysis(kept: KeptFrames, path: Path) -> int:
    """As two segments are read, each with the frame after it; the size of a frame."""
    reading = kept.keep(source(path))
    first = [*reading.frames(0, 6), *reading.frames(5, FRAMES)]
    assert first[0].image is not None
    return first[0].image.nbytes


@pytest.mark.parametrize("fit", [0, 1, 5, FRAMES, 40])
def test_what_fits_is_not_decoded_again(film: Path, fit: int) -> None:
    size = read_by_analysis(KeptFrames(0), film)
    kept = KeptFrames(fit * size)
    read_by_analysis(kept, film)
    for start, stop in ((0, FRAMES), (3, FRAMES), (10, FRAMES), (2, 4)):
        plain, counted = source(film), source(film)
        again = kept.again(counted)
        assert of(again.frames(start, stop)) == of(plain.frames(start, stop))
        first_kept = max(FRAMES - fit, 0)
        # Frames are kept up to the last; a range that ends before they begin is decoded.
        decoded = range(start, max(min(first_kept, stop), start))
        assert counted.decoded == list(decoded)


def test_pictures_are_copies(film: Path) -> None:
    kept = KeptFrames(1 << 30)
    read_by_analysis(kept, film)
    before = of(source(film).frames(0, 2))
    for frame in kept.again(source(film)).frames(0, 2):
        assert frame.image is not None
        frame.image[:] = 0
    assert of(kept.again(source(film)).frames(0, 2)) == before


def test_a_file_that_has_changed_is_read_anew(film: Path, tmp_path: Path) -> None:
    kept = KeptFrames(1 << 30)
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(film.read_bytes())
    read_by_analysis(kept, copy)
    videos.write(copy, [np.full_like(p, 90) for p in pictures.two_faces(FRAMES)], videos.Recipe())
    counted = source(copy)
    assert of(kept.again(counted).frames(0, 3)) == of(source(copy).frames(0, 3))
    assert counted.decoded == [0, 1, 2]


def test_one_video_takes_the_place_of_another(film: Path, tmp_path: Path) -> None:
    kept, other = KeptFrames(1 << 30), tmp_path / "other.mp4"
    other.write_bytes(film.read_bytes())
    read_by_analysis(kept, film)
    read_by_analysis(kept, other)
    counted = source(film)
    list(kept.again(counted).frames(0, FRAMES))
    assert counted.decoded == list(range(FRAMES))
    kept.clear()
    counted = source(other)
    list(kept.again(counted).frames(0, FRAMES))
    assert counted.decoded == list(range(FRAMES))


def photos_of(folder: Path) -> Counted:
    info = probe(folder, "photos", 25.0, Limits(), images="photos")
    return Counted(open_source(info, Limits()))


@pytest.mark.parametrize("images", ["photos", "frames"])
def test_photos_are_decoded_once(photos: Path, images: str) -> None:
    kept, size = KeptFrames(1 << 30), 4
    info = probe(photos, "photos", 25.0, Limits(), images=images)
    first = list(kept.keep(open_source(info, Limits())).frames(0, size))
    assert [frame.image is None for frame in first] == [False, False, True, False]
    counted = Counted(open_source(info, Limits()))
    assert of(kept.again(counted).frames(0, size)) == of(iter(first))
    assert counted.decoded == []


def test_a_photo_that_has_changed_is_read_anew(photos: Path) -> None:
    kept = KeptFrames(1 << 30)
    list(kept.keep(photos_of(photos)).frames(0, 4))
    with (photos / "photo1.png").open("r+b") as file:  # the folder's own times stay
        file.write((photos / "photo3.png").read_bytes())
    counted = photos_of(photos)
    assert of(kept.again(counted).frames(0, 2)) == of(photos_of(photos).frames(0, 2))
    assert counted.decoded == [0, 1]
    assert len(of(kept.again(counted).frames(3, 4))) == 1
    assert counted.decoded == [0, 1]


def test_photos_of_another_choice_are_others(photos: Path) -> None:
    kept = KeptFrames(1 << 30)
    list(kept.keep(photos_of(photos)).frames(0, 4))
    chosen = ("photo3.png", "photo1.png")
    info = probe(photos, "photos", 25.0, Limits(), images="photos", files=chosen)
    counted = Counted(open_source(info, Limits()))
    list(kept.again(counted).frames(0, 2))
    assert counted.decoded == [0, 1]


def test_photos_wait_where_all_fit_into_their_part(photos: Path) -> None:
    need = 4 * 30 * 26 * 3 // 2 * PHOTOS_TAKE
    for budget, decoded in ((need, []), (need - 1, [0, 1, 2, 3])):
        kept = KeptFrames(budget)
        list(kept.keep(photos_of(photos)).frames(0, 4))
        counted = photos_of(photos)
        list(kept.again(counted).frames(0, 4))
        assert counted.decoded == decoded
