"""What the front of a packet says: sizes that change, fields that may be coded apart."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.media import headers
from tests.footage import fields, pictures, videos
from tests.footage.videos import Recipe


@given(st.lists(st.integers(0, 2**16), max_size=20))
def test_numbers_in_exp_golomb_code_are_read(values: list[int]) -> None:
    bits = headers.Bits(fields.Writer().ue(*values).end())
    assert [bits.ue() for _ in values] == values


@given(st.binary(max_size=200), st.integers(0, 4))
def test_no_bytes_stop_it(data: bytes, prefix: int) -> None:
    for codec in ("h264", "hevc", "vp8", "vp9", "av1", "mjpeg", "mpeg2video", "rv40"):
        assert isinstance(headers.size_mark(codec, data, prefix), bytes)
    assert headers.fields_apart(data) in (True, False)
    headers.first_parameter_set(data)
    headers.nal_prefix("hevc", data)


@pytest.mark.parametrize("profile", ["baseline", "high", "high10", "high444"])
@pytest.mark.parametrize("interlaced", [False, True])
def test_x264_says_whether_fields_may_be_apart(
    profile: str, interlaced: bool, tmp_path: Path
) -> None:
    if profile == "baseline" and interlaced:
        pytest.skip("baseline has no fields")
    pix_fmt = {"high10": "yuv420p10le", "high444": "yuv444p"}.get(profile, "yuv420p")
    options = {"profile": profile} | ({"flags": "+ildct+ilme"} if interlaced else {})
    path = tmp_path / "x.mp4"
    videos.write(path, [pictures.numbered(0)], Recipe(pix_fmt=pix_fmt, options=options))
    with av.open(str(path)) as container:
        extradata = container.streams.video[0].codec_context.extradata
    assert headers.nal_prefix("h264", extradata) == 4
    assert headers.fields_apart(headers.first_parameter_set(extradata)) == interlaced


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("h264", "mp4"), ("h264", "ts"), ("hevc", "ts"), ("vp9", "webm"), ("av1", "mkv")],
)
def test_marks_differ_with_the_size_alone(codec: str, suffix: str, tmp_path: Path) -> None:
    marks = []
    for number, width in enumerate((64, 64, 96)):
        path = tmp_path / f"{number}.{suffix}"
        videos.write(path, [pictures.numbered(number, width, 64)], Recipe(codec=codec))
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            name, extradata = stream.codec_context.codec.canonical_name, None
            if suffix == "mp4":
                extradata = stream.codec_context.extradata
            packet = next(p for p in container.demux(stream) if p.size)
            prefix = headers.nal_prefix(name, extradata)
            mark = headers.size_mark(name, bytes(packet)[: headers.FRONT], prefix)
            marks.append(mark or headers.first_parameter_set(extradata))
    assert marks[0] == marks[1] != marks[2] != b""
