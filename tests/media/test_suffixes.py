"""Files are read under each of the suffixes that programs give them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image as Pillow

from fer_batch.config import Limits
from fer_batch.media.discover import discover
from fer_batch.media.image_decode import read_picture
from fer_batch.media.source import probe
from tests.footage import pictures, videos
from tests.media.plain_pictures import save, upright

IMAGES = {
    "jpg": ".jpe .jfif .jif .jfi .pjpeg .pjp",
    "png": ".apng",
    "tiff": ".tif",
    "jp2": ".jpf .jpx .j2k .j2c .jpc",
    "avif": ".avifs",
    "heic": ".heif .hif .heics",
}
FILMS = {
    ".mp4": ".mp4v .mpg4 .mpeg4 .3gp2 .3gpp2 .ismv .360 .m4v .qt .f4v .lrv .insv",
    ".ts": ".tp .trp .m2t .m2ts .ssif .vdr .tod",
    ".mpg": ".mpeg1 .mpeg2 .mpe .m2p .evo .vro",
}


def pairs(kinds: dict[str, str]) -> list[tuple[str, str]]:
    return [(kind, suffix) for kind, suffixes in kinds.items() for suffix in suffixes.split()]


@pytest.mark.parametrize(("kind", "suffix"), pairs(IMAGES))
def test_images(kind: str, suffix: str, tmp_path: Path) -> None:
    plain = save(tmp_path / f"plain.{kind}", Pillow.fromarray(upright()))
    path = plain.rename(tmp_path / f"a{suffix.upper()}")
    (found,) = discover([tmp_path])
    assert found.path == tmp_path  # a set of one photo
    assert read_picture(path, Limits()).width == upright().shape[1]


@pytest.mark.parametrize(("kind", "suffix"), pairs(FILMS))
def test_films(kind: str, suffix: str, tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(5)]
    recipe = videos.Recipe(codec="mpeg4" if kind == ".mpg" else "h264")
    path = videos.write(tmp_path / f"plain{kind}", frames, recipe).rename(tmp_path / f"a{suffix}")
    (found,) = discover([tmp_path])
    assert (found.path, len(probe(path, "a", 25.0, Limits()))) == (path, 5)
