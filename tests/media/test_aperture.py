"""What a container names as the part of its pictures to be shown is what is seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.media import planes
from fer_batch.media.aperture import named_part
from fer_batch.media.part import Part
from fer_batch.media.source import open_source, probe
from fer_batch.types import SourceInfo
from tests.footage import videos
from tests.footage.oracle import ffmpeg

# White, with red from 16, 8 to 80, 56: the part that is to be shown.
PICTURE = "color=white:s=96x64:d=0.4:r=10,drawbox=x=16:y=8:w=64:h=48:color=red:t=fill"
PART = (16, 8, 64, 48)
CODED = ("-c:v", "libx264", "-crf", "1", "-pix_fmt", "yuv420p")
Make = Callable[..., Path]


def probed(path: Path, part: Part = Part()) -> SourceInfo:  # noqa: B008
    return probe(path, path.stem, 25.0, Limits(), part=part)


def shown(info: SourceInfo) -> np.ndarray:
    """``int[h, w, 3]``: the last frame."""
    *_, frame = open_source(info, Limits(), threads=2).frames(0, len(info))
    assert frame.image is not None
    assert (frame.width, frame.height) == (info.width, info.height)
    image = planes.to_rgb(frame.image, frame.full_range)
    return image[: info.height, : info.width].astype(int)


@pytest.fixture(params=["x.mp4", "x.mov", "x.mkv"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    def written(part: tuple[int, int, int, int] = PART, *options: str) -> Path:
        path, plain = tmp_path / request.param, tmp_path / f"plain {request.param}"
        live = ("-live", "1") if path.suffix == ".mkv" else ()
        ffmpeg("-f", "lavfi", "-i", PICTURE, *CODED, *options, *live, plain)
        if path.suffix == ".mkv":
            return videos.with_pixel_crop(path, plain, part)
        return videos.with_clean_aperture(path, plain, part)

    return written


def test_only_that_part_is_seen(make: Make) -> None:
    info = probed(make())
    assert (info.width, info.height, len(info)) == (64, 48, 4)
    assert np.abs(shown(info) - (254, 0, 0)).max() <= 12


def test_pixels_that_are_not_square(make: Make) -> None:
    info = probed(make(PART, "-vf", "setsar=2"))
    # Matroska's size for display, 192 by 64, is that of what is left.
    wide = 144 if info.path.endswith("mkv") else 128
    assert (info.width, info.height) == (wide, 48)
    assert np.abs(shown(info) - (254, 0, 0)).max() <= 12


def test_odd_places_and_sizes(make: Make) -> None:
    info = probed(make((17, 9, 61, 45)))
    assert (info.width, info.height) == (61, 45)
    assert np.abs(shown(info) - (254, 0, 0)).max() <= 12


def test_crop_counts_in_what_is_shown(make: Make) -> None:
    info = probed(make((8, 0, 88, 64)), Part(crop=(8, 8, 64, 48)))
    assert (info.width, info.height) == (64, 48)
    assert np.abs(shown(info) - (254, 0, 0)).max() <= 12


def test_turned_afterwards(tmp_path: Path) -> None:
    plain = tmp_path / "plain.mov"
    ffmpeg("-f", "lavfi", "-i", PICTURE, *CODED, plain)
    source = videos.turned(tmp_path / "turned.mov", plain, 90)
    info = probed(videos.with_clean_aperture(tmp_path / "both.mov", source, (16, 8, 80, 48)))
    assert (info.width, info.height) == (48, 80)
    seen = shown(info)
    assert np.abs(seen[:60] - (254, 0, 0)).max() <= 12 and seen[66:].min() >= 240


@pytest.mark.parametrize("part", [(0, 0, 96, 64), (0, 0, 96, 1)])
def test_what_cannot_be_names_nothing(make: Make, part: tuple[int, int, int, int]) -> None:
    info = probed(make(part))
    assert (info.width, info.height, info.aperture) == (96, 64, ())


def test_cut_off_and_broken_headers_name_nothing(make: Make, tmp_path: Path) -> None:
    source = make()
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        picture = next(container.decode(stream))
        assert named_part(source, container, stream, picture) == PART
        assert named_part(source, container, stream, None) is None
        content, broken = source.read_bytes(), tmp_path / "broken"
        for seed in range(200):
            random = np.random.default_rng(seed)
            data = bytearray(content[: random.integers(1, len(content))])
            for place in random.integers(0, len(data), 8).tolist():
                data[place] = int(random.integers(0, 256))
            broken.write_bytes(data)
            found = named_part(broken, container, stream, picture)
            assert found is None or (found[0] + found[2] <= 96 and found[1] + found[3] <= 64)
