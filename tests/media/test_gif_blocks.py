"""Moving GIFs have all their pictures, at the times at which browsers show them."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import Limits
from fer_batch.media.gif_blocks import is_still_gif, with_delays
from fer_batch.media.source import open_source, probe
from tests.footage.images import gif

GREYS = (20, 80, 140, 200)


@pytest.mark.parametrize(
    ("delays", "times"),
    [
        ((None, None, None, None), (0, 10, 20, 30)),
        ((7, None, None, 5), (0, 7, 17, 27)),
        ((None, 4, 4, 4), (0, 10, 14, 18)),
        ((0, 0, 0, 0), (0, 10, 20, 30)),
        ((1, 1, 1, 1), (0, 10, 20, 30)),
        ((2, 2, 2, 2), (0, 2, 4, 6)),
    ],
)
@pytest.mark.parametrize("comment", [b"", b"made by hand, with ! and , in it"])
def test_every_picture_is_there_at_its_time(
    delays: tuple[int | None, ...], times: tuple[int, ...], comment: bytes, tmp_path: Path
) -> None:
    path = gif(tmp_path / "x.gif", GREYS, delays, comment)
    info = probe(path, "x", 25.0, Limits())
    assert [round(float(pts * info.time_base) * 100) for pts in info.pts] == list(times)
    assert info.warnings == ()
    shown = [frame.luma.mean() for frame in open_source(info, Limits()).frames(0, 4)]
    assert shown == pytest.approx([16 + grey * 219 / 255 for grey in GREYS], abs=2)


def test_any_part_of_it_is_read_alike(tmp_path: Path) -> None:
    path = gif(tmp_path / "x.gif", GREYS, (None,) * 4)
    info = probe(path, "x", 25.0, Limits())
    (third,) = open_source(info, Limits()).frames(2, 3)
    assert third.luma.mean() == pytest.approx(16 + 140 * 219 / 255, abs=2)


def test_what_says_its_times_is_left_as_it_is(tmp_path: Path) -> None:
    path = gif(tmp_path / "x.gif", GREYS, (5,) * 4)
    assert with_delays(path) is None


@pytest.mark.parametrize("delay", [None, 0, 10])
def test_a_gif_of_one_picture_is_a_photo(delay: int | None, tmp_path: Path) -> None:
    still = gif(tmp_path / "still.gif", GREYS[1:2], (delay,), b"a scan")
    assert is_still_gif(still) and with_delays(still) is None
    info = probe(still, "still", 25.0, Limits())
    (frame,) = open_source(info, Limits()).frames(0, 1)
    assert info.kind == "photos" and (frame.width, frame.height) == (64, 48)
    assert frame.luma.mean() == pytest.approx(16 + 80 * 219 / 255, abs=2)


def test_what_moves_or_is_none_is_no_still_gif(tmp_path: Path) -> None:
    assert not is_still_gif(gif(tmp_path / "moving.gif", GREYS, (None,) * 4))
    for content in (b"", b"GIF8", b"GIF89a", b"\0" * 40):
        (tmp_path / "none.gif").write_bytes(content)
        assert not is_still_gif(tmp_path / "none.gif")
    assert not is_still_gif(tmp_path / "gone.gif") and not is_still_gif(tmp_path)


def test_a_file_that_was_changed_is_looked_at_again(tmp_path: Path) -> None:
    path = gif(tmp_path / "x.gif", GREYS[:1], (None,))
    assert is_still_gif(path)
    gif(path, GREYS, (None,) * 4)
    assert not is_still_gif(path)


def test_it_is_known_after_two_pictures_and_without_their_content(tmp_path: Path) -> None:
    path = gif(tmp_path / "x.gif", GREYS, (None,) * 4)
    large = path.read_bytes()[:-1] + b"!\xfe" + 20_000 * (b"\xff" + bytes(255)) + b"\0;"
    path.write_bytes(large)
    tracemalloc.start()
    try:
        assert not is_still_gif(path)
        assert tracemalloc.get_traced_memory()[1] < len(large) / 20
    finally:
        tracemalloc.stop()


@given(cut=st.integers(0, 1000), change=st.integers(0, 1000), value=st.integers(0, 255))
def test_damage_does_no_harm(
    tmp_path_factory: pytest.TempPathFactory, cut: int, change: int, value: int
) -> None:
    path = gif(tmp_path_factory.getbasetemp() / "damaged.gif", GREYS, (None, 3, None, 1))
    content = bytearray(path.read_bytes())
    content[4 + change * (len(content) - 4) // 1001] = value
    path.write_bytes(content[: max(4, len(content) * cut // 1000)])
    mended = with_delays(path)
    assert is_still_gif(path) in (True, False)
    assert mended is None or len(mended) >= path.stat().st_size


def test_what_is_too_large_for_an_image_is_not_read_into_memory(tmp_path: Path) -> None:
    path = gif(tmp_path / "x.gif", GREYS, (None,) * 4)
    assert with_delays(path) is not None
    with path.open("r+b") as file:
        file.truncate(Limits().image_bytes + 1)
    assert with_delays(path) is None and not is_still_gif(path)
