"""Films that may be transparent show what lies under nothing over white, as photos do."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.media import planes
from fer_batch.media.image_decode import read_picture
from fer_batch.media.see_through import over_white
from fer_batch.media.source import open_source, probe
from tests.footage.oracle import ffmpeg

# Blue that hides what is behind, half transparent red, green that nobody sees.
PARTS = "geq=r='255*gte(X,32)*lt(X,64)':g='255*gte(X,64)':b='255*lt(X,32)'"
PICTURE = f"color=s=96x64:d=0.3:r=10,format=rgba,{PARTS}:a='255*lt(X,32)+128*gte(X,32)*lt(X,64)'"
SHOWN = ((0, 0, 255), (255, 127, 127), (255, 255, 255))
KINDS = {
    "prores 4444.mov": ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"),
    "animation.mov": ("-c:v", "qtrle", "-pix_fmt", "argb"),
    "png.mov": ("-c:v", "png", "-pix_fmt", "rgba"),
    "deep png.mov": ("-c:v", "png", "-pix_fmt", "rgba64be"),
    "vp8.webm": ("-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-b:v", "1M"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p"),
    "ffv1.mkv": ("-c:v", "ffv1", "-pix_fmt", "yuva420p"),
    "full range.mkv": ("-c:v", "ffv1", "-pix_fmt", "yuva444p", "-color_range", "pc"),
    "utvideo.avi": ("-c:v", "utvideo", "-pix_fmt", "gbrap"),
}


def shown(path: Path) -> np.ndarray:
    """Red, green and blue in the middle of each of the three parts, of the last frame."""
    info = probe(path, path.stem, 25.0, Limits())
    *_, frame = open_source(info, Limits(), threads=2).frames(0, len(info))
    assert frame.image is not None
    return planes.to_rgb(frame.image, frame.full_range)[32, [16, 48, 80]].astype(int)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_seen_through(kind: str, tmp_path: Path) -> None:
    path = tmp_path / kind
    scale = ("-vf", "scale=out_range=full") if kind.startswith("full") else ()
    ffmpeg("-f", "lavfi", "-i", PICTURE, *scale, *KINDS[kind], path)
    assert np.abs(shown(path) - np.array(SHOWN)).max() <= 6


@pytest.mark.parametrize("kind", [*KINDS, "raw.avi"])
def test_what_is_transparent_all_over_is_opaque(kind: str, tmp_path: Path) -> None:
    """Programs that know no transparency leave it at 0; of one colour alone nothing is hidden."""
    kinds = {**KINDS, "raw.avi": ("-c:v", "rawvideo", "-pix_fmt", "bgra")}
    colours = np.array([(0, 0, 255), (255, 0, 0), (0, 255, 0)])
    for picture, wanted in ((PARTS, colours), ("geq=r=0:g=0:b=0", np.full((3, 3), 255))):
        path = tmp_path / kind
        scale = ",scale=out_range=full" if kind.startswith("full") else ""
        source = f"color=s=96x64:d=0.3:r=10,format=rgba,{picture}:a=0{scale}"
        ffmpeg("-f", "lavfi", "-i", source, *kinds[kind], path)
        assert np.abs(shown(path) - wanted).max() <= 8


@pytest.mark.parametrize("trc", ["smpte2084", "arib-std-b67", "bt2020-10", "linear"])
@pytest.mark.parametrize("size", ["96x64", "95x63"])
def test_nor_through_hdr(trc: str, size: str, tmp_path: Path) -> None:
    path = tmp_path / "hdr.mov"
    named = f"setparams=color_trc={trc}:color_primaries=bt2020:colorspace=bt2020nc"
    ffmpeg("-f", "lavfi", "-i", f"{PICTURE},scale={size},format=yuva444p10le,{named}",
           *KINDS["prores 4444.mov"], path)  # fmt: skip
    blue, red, white = shown(path)
    assert white.min() >= 249
    assert blue[2] > 200 and blue[0] < 60
    assert red[0] > 240 and 100 < red[1] < 160


def test_as_a_photo(tmp_path: Path) -> None:
    photo, film = tmp_path / "x.png", tmp_path / "x.mov"
    ffmpeg("-f", "lavfi", "-i", PICTURE, "-frames:v", "1", "-pix_fmt", "rgba", photo)
    ffmpeg("-f", "lavfi", "-i", PICTURE, *KINDS["animation.mov"], film)
    still = read_picture(photo, Limits()).bgr[32, [16, 48, 80], ::-1].astype(int)
    assert np.abs(shown(film) - still).max() <= 3


def test_pictures_without_transparency_are_not_copied() -> None:
    for form in ("yuv420p", "rgb24", "nv12", "yuv422p10le"):
        frame = av.VideoFrame(64, 48, form)
        assert over_white(frame) is frame
