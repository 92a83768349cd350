"""Sound whose channels lie in another order than FFmpeg's is kept, each channel in its place."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from fer_batch.media.channels import set_in_order
from tests.footage import oracle
from tests.media.test_sound import film, levels

# QuickTime's tags: left, centre, right, left and right surround, LFE; with LFE after the centre,
# the surrounds before the one, or two, at the back.
FILM_5_1, SIDES_6_1, SIDES_7_1 = 123 << 16 | 6, 125 << 16 | 7, 128 << 16 | 8


def surround(path: Path, codec: str, layout: str, channels: int) -> Path:
    """Sound of which each channel has another level: 0.1, 0.13, 0.16 …"""
    tones = "|".join(f"{0.1 + 0.03 * i}*sin(2*PI*60*t)" for i in range(channels))
    picture = ("-f", "lavfi", "-i", "color=s=96x64:d=2")
    sound = ("-f", "lavfi", "-i", f"aevalsrc='{tones}':s=48000:d=2:c={layout}")
    oracle.ffmpeg(*picture, *sound, "-c:v", "mpeg4", "-c:a", codec, path)
    return path


def tagged(path: Path, tag: int) -> Path:
    """The same file, its channels said to lie as QuickTime's ``tag`` has them."""
    content = bytearray(path.read_bytes())
    begin = content.index(b"chan") + 8  # behind the name, version and flags
    content[begin : begin + 8] = tag.to_bytes(4, "big") + bytes(4)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_s24be", "pcm_f32le"])
def test_channels_in_the_order_of_films_keep_their_places(codec: str, tmp_path: Path) -> None:
    source = tagged(surround(tmp_path / "x.mov", codec, "5.1", 6), FILM_5_1)
    assert film(source, tmp_path / "film.mp4") == []
    made = levels(tmp_path / "film.mp4")
    written = [0.1 + 0.03 * place for place in (0, 2, 1, 5, 3, 4)]  # each a sine's amplitude
    assert made == pytest.approx([level / 2**0.5 for level in written], rel=0.06)


@pytest.mark.parametrize(
    ("layout", "channels", "tag"), [("6.1", 7, SIDES_6_1), ("7.1", 8, SIDES_7_1)]
)
def test_seven_and_eight_channels_of_quicktime_are_heard(
    layout: str, channels: int, tag: int, tmp_path: Path
) -> None:
    source = tagged(surround(tmp_path / "x.mov", "pcm_s16le", layout, channels), tag)
    assert film(source, tmp_path / "film.mp4") == []
    made = levels(tmp_path / "film.mp4")
    assert len(made) == 6
    assert min(made) > 0.04


@pytest.mark.parametrize(
    ("layout", "tag", "places"),
    [
        ("7.1", SIDES_7_1, [0, 1, 2, 3, 6, 7, 4, 5]),
        ("6.1", SIDES_6_1, [0, 1, 2, 3, 6, 4, 5]),
        ("5.1", FILM_5_1, [0, 2, 1, 5, 3, 4]),
        ("7.1", 0, []),
        ("stereo", 0, []),
    ],
)
def test_places_of_channels(layout: str, tag: int, places: list[int], tmp_path: Path) -> None:
    channels = av.AudioLayout(layout).nb_channels
    source = surround(tmp_path / "x.mov", "pcm_s16le", layout, channels)
    if tag:
        tagged(source, tag)
    with av.open(str(source)) as container:
        context = container.streams.audio[0].codec_context
        assert set_in_order(context) == places
        assert context.layout.name == ("5.1(side)" if tag == FILM_5_1 else layout)
