from __future__ import annotations

import pytest

from fer_batch.output.draw.text import can_set, fitted, path_that_can_be_set, text_width


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("plain $x$.mp4", "plain $x$.mp4"),
        ("P01/смех.mp4", "P01/смех.mp4"),
        ("研究/part 1.mp4", "…/part 1.mp4"),
        ("P01/مقابلة.mp4", "P01/….mp4"),
        ("研究/笑\n.mp4", ""),
        ("笑", ""),
    ],
)
def test_of_a_path_the_parts_that_can_be_set_are_shown(path: str, shown: str) -> None:
    """No boxes, and nothing that stands backwards."""
    assert path_that_can_be_set(path) == shown


@pytest.mark.parametrize("name", ["Anna", "Zoë O\u2019Neill", "Łukasz 2", "Дарья", "Ελένη", ""])
def test_names_that_can_be_set(name: str) -> None:
    assert can_set(name)


@pytest.mark.parametrize("name", ["山田", "김철수", "محمد", "שלום", "अनिल", "Zoë \n"])
def test_names_that_cannot_be_set(name: str) -> None:
    assert not can_set(name)


def test_text_is_cut_to_its_room() -> None:
    assert fitted("short", 500, 15) == "short"
    for room in (40, 100, 333):
        cut = fitted("Wolkenstein" * 20, room, 15, bold=True)
        assert cut.endswith("…") and text_width(cut, 15, bold=True) <= room
        longer = "Wolkenstein" * 20
        assert text_width(longer[: len(cut)] + "…", 15, bold=True) > room
    assert fitted("W", 1, 15) == "…"
