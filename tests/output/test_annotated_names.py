"""Names of annotated images follow those of the photos."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from fer_batch import door
from fer_batch.output.annotated_names import annotated_names


def test_annotated_photos_are_called_as_photos_are() -> None:
    files = ["a.jpg", "a.png", "trip/a.webp", "b", ".c.jpg", "A.JPG"]
    assert annotated_names(files) == [
        "annotated/a.jpg",
        "annotated/a.png.jpg",
        "annotated/trip/a.jpg",
        "annotated/b.jpg",
        "annotated/.c.jpg",
        "annotated/A.JPG.jpg",
    ]
    assert annotated_names(["a\\b.jpg", "a_b.png"]) == [
        "annotated/a_b.jpg",
        "annotated/a_b.png.jpg",
    ]


NAMES = st.binary(min_size=1, max_size=255).filter(
    lambda name: not set(name) & set(b"/\0") and name.strip(b".")
)
LONG = st.tuples(NAMES, st.sampled_from([b"x", "😀".encode(), b"\\"]), st.integers(1, 255)).map(
    lambda parts: (parts[0][:4] + parts[1] * parts[2])[:251] + b".png"
)


@given(st.lists(st.one_of(NAMES, LONG), min_size=1, max_size=6, unique=True))
def test_every_name_of_a_photo_gives_one_that_can_be_written_and_read_again(
    names: list[bytes],
) -> None:
    made = annotated_names([os.fsdecode(name) for name in names])
    assert len({name.casefold() for name in made}) == len(names)
    for name in made:
        assert door.place(name) == name and name.count("/") == 1
        assert len(os.fsencode(name.rpartition("/")[2])) <= 255
