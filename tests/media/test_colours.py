"""Colours, light and fields: pictures look as the video says."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import Limits, RenderSettings
from fer_batch.i420 import BT601, BT709, BT2020, coefficients, to_rgb_rows, usual_matrix
from fer_batch.i420 import planes as split
from fer_batch.media import hdr, interlace, planes, transfer
from fer_batch.media.encode import PartWriter
from fer_batch.media.pictures import jpeg
from fer_batch.media.source import open_source, probe
from fer_batch.types import Frame, Image, Segment, SourceInfo
from tests.footage import oracle, pictures

RED, SKIN = (255, 0, 0), (224, 172, 140)
values = st.integers(0, 255)


def first(path: Path) -> tuple[SourceInfo, Frame]:
    info = probe(path, path.stem, 25.0, Limits())
    (frame,) = open_source(info, Limits(), threads=1).frames(0, 1)
    assert frame.image is not None
    return info, frame


def shown(frame: Frame) -> list[int]:
    """Red, green and blue in the middle of the frame's JPEG."""
    bgr = cv2.imdecode(np.frombuffer(jpeg(frame), np.uint8), cv2.IMREAD_COLOR)
    height, width = bgr.shape[:2]
    middle = bgr[height // 4 : height // 2, width // 4 : width // 2].reshape(-1, 3)
    return [round(float(v)) for v in middle.mean(0)[::-1]]


def film(
    path: Path, rgb: tuple[int, int, int], size: str, matrix: str, tag: str, full: bool = False
) -> Path:
    """Two frames of one colour, made with ``matrix`` and tagged as ``tag`` ("" for nothing)."""
    colour = "0x" + bytes(rgb).hex()
    span = "full" if full else "limited"
    graph = f"format=gbrp,scale=out_color_matrix={matrix}:out_range={span},format=yuv420p"
    tags = ("-colorspace", tag) if tag else ("-bsf:v", "h264_metadata=matrix_coefficients=2")
    graph += ",setparams=colorspace=unknown" if not tag else f",setparams=colorspace={tag}"
    oracle.ffmpeg(
        *("-f", "lavfi", "-i", f"color={colour}:s={size}:d=0.08:r=25", "-vf", graph),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "4", *tags),
        *("-color_range", "pc" if full else "tv", path),
    )
    return path


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("rgb", [RED, SKIN])
@pytest.mark.parametrize(
    ("size", "matrix", "tag"),
    [
        ("64x48", "bt601", "smpte170m"),
        ("64x48", "bt709", "bt709"),
        ("64x48", "bt2020", "bt2020nc"),
        ("64x48", "bt601", ""),
        ("1280x720", "bt709", ""),
        ("720x1280", "bt709", ""),
        ("1280x720", "bt601", "smpte170m"),
    ],
)
def test_colours_are_those_of_the_matrix_that_the_video_names(
    size: str, matrix: str, tag: str, rgb: tuple[int, int, int], full: bool, tmp_path: Path
) -> None:
    info, frame = first(film(tmp_path / "x.mp4", rgb, size, matrix, tag, full))
    assert coefficients(info.colour[3]) == coefficients(frame.matrix)
    assert frame.full_range == full
    assert np.abs(np.array(shown(frame)) - rgb).max() <= 4


@pytest.mark.parametrize("form", ["gbrp", "yuv444p", "yuv422p10le", "yuv420p10le"])
def test_other_forms_keep_their_colours(form: str, tmp_path: Path) -> None:
    graph = f"format=gbrp,scale=out_color_matrix=bt709,format={form}"
    graph += "" if form == "gbrp" else ",setparams=colorspace=bt709"
    oracle.ffmpeg("-f", "lavfi", "-i", "color=red:s=64x48:d=0.08:r=25", "-vf", graph,
                  "-c:v", "ffv1", tmp_path / "x.mkv")  # fmt: skip
    _, frame = first(tmp_path / "x.mkv")
    assert np.abs(np.array(shown(frame)) - RED).max() <= 4


def test_a_gif_keeps_its_colours(tmp_path: Path) -> None:
    oracle.ffmpeg("-f", "lavfi", "-i", "color=red:s=1280x720:d=0.2:r=10", tmp_path / "x.gif")
    _, frame = first(tmp_path / "x.gif")
    assert np.abs(np.array(shown(frame)) - RED).max() <= 4


@given(values, values, values, st.sampled_from([BT601, BT709, BT2020]), st.booleans())
def test_the_matrix_is_the_inverse_of_its_own(
    red: int, green: int, blue: int, matrix: int, full: bool
) -> None:
    kr, kb = coefficients(matrix)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    scale = (1.0, 1.0, 0) if full else (219 / 255, 224 / 255, 16)
    coded = (luma * scale[0] + scale[2], cb * scale[1] + 128, cr * scale[1] + 128, 1)
    back = np.array(to_rgb_rows(matrix, full)) @ coded
    assert back == pytest.approx((red, green, blue), abs=1e-6)


def test_what_players_take_for_granted() -> None:
    assert usual_matrix(1280, 720) == usual_matrix(720, 1280) == BT709
    assert usual_matrix(720, 576) == BT601


def wide(path: Path, trc: str, codes: tuple[float, float, float], size: str = "64x48") -> Path:
    """Two frames of one colour of 10 bits, given as non-linear R, G, B in BT.2020."""
    red, green, blue = codes
    luma = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    cb, cr = (blue - luma) / 1.8814, (red - luma) / 1.4746
    y, u, v = (round(x) for x in (64 + 876 * luma, 512 + 896 * cb, 512 + 896 * cr))
    graph = f"format=yuv420p10le,geq=lum={y}:cb={u}:cr={v},setparams=colorspace=bt2020nc:"
    graph += f"color_primaries=bt2020:color_trc={trc}"
    oracle.ffmpeg("-f", "lavfi", "-i", f"color=gray:s={size}:d=0.08:r=25", "-vf", graph,
                  "-c:v", "libx265", "-x265-params", "log-level=none:lossless=1", path)  # fmt: skip
    return path


WHITE = {"smpte2084": 0.5807, "arib-std-b67": 0.75}  # codes of 203 cd/m2 (ITU-R BT.2408)


@pytest.mark.parametrize("trc", WHITE)
def test_white_of_a_phones_hdr_is_white(trc: str, tmp_path: Path) -> None:
    info, frame = first(wide(tmp_path / "x.mp4", trc, (WHITE[trc],) * 3))
    assert info.colour == (1, BT709, BT709, BT709)
    assert frame.matrix == BT709 and not frame.full_range
    white = shown(frame)
    assert min(white) >= 230 and max(white) - min(white) <= 2
    _, black = first(wide(tmp_path / "black.mp4", trc, (0, 0, 0)))
    assert max(shown(black)) <= 3
    _, light = first(wide(tmp_path / "light.mp4", trc, (1, 1, 1)))
    assert min(shown(light)) >= 250


@pytest.mark.parametrize("trc", WHITE)
def test_hues_of_a_phones_hdr_stay(trc: str, tmp_path: Path) -> None:
    """BT.709's red in BT.2020, at half of reference white: linear 0.627, 0.069, 0.016."""
    light = np.array([[0.6274, 0.0691, 0.0164]]) * 0.5
    grid = np.linspace(0, 1, 20_000, dtype=np.float32)
    number = transfer.PQ if trc == "smpte2084" else transfer.HLG
    curve = transfer.light_of(number, np.repeat(grid[:, None, None], 3, 2))[:, 0, 0]
    codes = tuple(float(grid[np.searchsorted(curve, v)]) for v in light[0])
    _, frame = first(wide(tmp_path / "x.mp4", trc, codes))
    red, green, blue = shown(frame)
    assert red > 150 and green < 40 and blue < 40


def test_wide_colours_without_hdr_are_brought_down_too(tmp_path: Path) -> None:
    _, grey = first(wide(tmp_path / "x.mp4", "bt2020-10", (0.5, 0.5, 0.5)))
    assert shown(grey) == pytest.approx([128] * 3, abs=2)


def test_every_size_and_every_form_of_hdr(tmp_path: Path) -> None:
    for size in ("64x48", "66x50", "65x49"):
        path = tmp_path / f"{size}.mkv"
        graph = "format=yuv422p10le,geq=lum=573:cb=512:cr=512,setparams=color_trc=smpte2084:"
        graph += "colorspace=bt2020nc:color_primaries=bt2020"
        oracle.ffmpeg("-f", "lavfi", "-i", f"color=gray:s={size}:d=0.04:r=25", "-vf", graph,
                      "-c:v", "ffv1", path)  # fmt: skip
        _, frame = first(path)
        assert (frame.width, frame.height) == tuple(map(int, size.split("x")))
        assert min(shown(frame)) >= 230


@pytest.mark.parametrize("form", ["yuv420p10le", "yuv422p10le", "yuv444p10le"])
@pytest.mark.parametrize(("width", "height"), [(65, 48), (64, 47), (65, 49)])
def test_lines_of_hdr_of_odd_size_stay_sharp(form: str, width: int, height: int) -> None:
    """Lines a pixel wide, as fine as they are in pictures of even size."""
    frame = av.VideoFrame(width, height, form)
    for number, plane in enumerate(frame.planes):
        rows = np.frombuffer(plane, np.uint16).reshape(-1, plane.line_size // 2)
        rows[:] = 512
        if number == 0:
            rows[:, ::2] = 300
            rows[:, 1::2] = 560
    frame.color_trc, frame.color_primaries, frame.colorspace = transfer.PQ, hdr.WIDE, BT2020
    image, full_range = planes.from_video_frame(frame, width, height)
    luma, *chroma = split(image)
    curve = hdr.curve(transfer.PQ, False, coefficients(BT2020))
    found = luma[:height, :width].astype(int)
    assert not full_range and image.shape[1] % 2 == 0
    assert np.abs(found[:, ::2] - curve[300]).max() <= 2
    assert np.abs(found[:, 1::2] - curve[560]).max() <= 2
    assert all(np.abs(one.astype(int) - 128).max() <= 1 for one in chroma)


@pytest.mark.parametrize("form", ["yuv422p10le", "yuv420p10le", "yuv444p"])
def test_a_picture_is_converted_to_the_same_one_each_time(form: str) -> None:
    """Threads of the converter wrote over each other's rows: a few pixels, in some of the times."""
    frame, deep = av.VideoFrame(66, 50, form), form.endswith("10le")
    for number, plane in enumerate(frame.planes):
        rows = np.frombuffer(plane, np.uint16 if deep else np.uint8)
        rows[:] = 512 if deep else 128
        if number == 0:
            rows[::2] = 300 if deep else 75
    frame.color_trc, frame.color_primaries, frame.colorspace = transfer.PQ, hdr.WIDE, BT2020
    first, _ = planes.from_video_frame(frame, 66, 50)
    for _ in range(400):
        assert np.array_equal(planes.from_video_frame(frame, 66, 50)[0], first)


@pytest.mark.parametrize("light", [0.02, 0.214, 0.5, 1.0])
@pytest.mark.parametrize("depth", ["yuv420p", "yuv422p10le"])
def test_linear_light_is_as_bright_as_it_is_on_screens(
    light: float, depth: str, tmp_path: Path
) -> None:
    """A grey of a fifth of the light of white is the grey in the middle."""
    scale = 4 if depth.endswith("10le") else 1
    grey, path = round((16 + 219 * light) * scale), tmp_path / "x.mkv"
    graph = f"format={depth},geq=lum={grey}:cb={128 * scale}:cr={128 * scale},"
    graph += "setparams=color_trc=linear:color_primaries=bt709:colorspace=bt709:range=limited"
    oracle.ffmpeg("-f", "lavfi", "-i", "color=gray:s=64x48:d=0.04:r=25", "-vf", graph,
                  "-c:v", "ffv1", path)  # fmt: skip
    info, frame = first(path)
    assert info.colour == (1, BT709, BT709, BT709)
    assert shown(frame) == pytest.approx([255 * light ** (1 / 2.2)] * 3, abs=4 if scale > 1 else 7)


def test_hues_of_linear_light_stay() -> None:
    frame = av.VideoFrame(64, 48, "yuv444p")
    red = [16 + 219 * 0.2126 * 0.5, 128 - 224 * 0.2126 * 0.5 / 1.8556, 128 + 224 * 0.25]
    for plane, value in zip(frame.planes, red, strict=True):
        np.frombuffer(plane, np.uint8)[:] = round(value)
    frame.color_trc, frame.color_primaries, frame.colorspace = transfer.LINEAR, BT709, BT709
    image, full_range = planes.from_video_frame(frame, 64, 48)
    found = planes.to_rgb(image, full_range, BT709)[24, 32]
    assert found[0] == pytest.approx(255 * 0.5 ** (1 / 2.2), abs=5) and found[1:].max() <= 25


def test_light_rises_without_a_jump() -> None:
    for trc in (transfer.PQ, transfer.HLG):
        curve = hdr.curve(trc, False, coefficients(BT2020))
        assert (np.diff(curve) >= -1e-3).all() and np.diff(curve).max() <= 3
        assert curve[64] == pytest.approx(16, abs=0.5)
        assert curve[940] == pytest.approx(235, abs=0.5)


def woven(image: Image) -> Image:
    copy = image.copy()
    interlace.woven(copy)
    return copy


def test_what_moves_between_two_fields_is_shown_once() -> None:
    """A square that jumps by a third of its width between the fields."""
    fields = []
    for left in (40, 52):
        luma = np.full((64, 128), 60, np.uint8)
        luma[16:48, left : left + 36] = 200
        fields.append(luma)
    combed = fields[0].copy()
    combed[1::2] = fields[1][1::2]
    grey = np.full((32, 64), 128, np.uint8)
    image = woven(planes.join(combed, grey, grey))
    assert (split(image).luma[::2] == combed[::2]).all()
    inner = np.abs(split(image).luma.astype(int) - fields[0])[17:47]
    assert (inner > 30).mean() < 0.02
    assert (split(image).cb == 128).all()


def test_pictures_that_are_only_marked_as_interlaced_stay() -> None:
    picture = pictures.two_faces(1)[0]
    image = planes.from_bgr(picture)
    assert (woven(image) != image).mean() < 0.01
    noise = np.random.default_rng(1).integers(100, 140, (72, 64), np.uint8)
    assert (woven(noise) != noise).mean() < 0.3


def test_interlaced_films_are_read_as_whole_pictures(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    graph = "color=gray:s=160x96:r=50:d=0.4[a];color=white:s=40x48:r=50:d=0.4[b];"
    graph += "[a][b]overlay=x=20+8*n:y=24,tinterlace=interleave_top,fieldorder=tff"
    oracle.ffmpeg("-f", "lavfi", "-i", graph, "-c:v", "libx264", "-flags", "+ildct+ilme",
                  "-crf", "8", path)  # fmt: skip
    _, frame = first(path)
    luma = frame.luma.astype(int)
    combed = np.minimum(luma[1:-1:2] - luma[0:-2:2], luma[1:-1:2] - luma[2::2]) > 30
    assert combed.mean() < 0.002
    with av.open(str(path)) as container:
        raw = next(container.decode(video=0)).to_ndarray()[:96].astype(int)
    stands = np.minimum(raw[1:-1:2] - raw[0:-2:2], raw[1:-1:2] - raw[2::2]) > 30
    assert stands.mean() > 0.01  # as it is stored


def test_annotated_videos_name_the_matrix_of_their_colours(tmp_path: Path) -> None:
    info, frame = first(film(tmp_path / "hd.mp4", RED, "1280x720", "bt709", ""))
    small = SourceInfo("x", "x", "video", 1280, 720, 0, Fraction(1, 25), info.pts[:1],
                       colour=info.colour)  # fmt: skip
    with PartWriter(tmp_path / "y.mp4", small, Segment(0, 0, 1), RenderSettings(crf=4), 1) as part:
        assert frame.image is not None
        part.write(0, frame.image)
    again, written = first(tmp_path / "y.mp4")
    assert again.colour[3] == BT709
    assert np.abs(np.array(shown(written)) - RED).max() <= 5
