"""People are named by photos: the surest first, and never two in one frame by one name."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.tracking.named import SAME_AS_PHOTO, named_people
from tests.tracking.test_people import person

quick = settings(max_examples=40)
PHOTOS = {"Ann": np.stack([person(0, 900), person(0, 901)]), "Ben": person(1, 902)[None]}


def never(a: int, b: int) -> bool:
    return False


def test_those_who_are_near_are_named_and_strangers_are_not() -> None:
    points = [person(1, 0)[None], person(2, 1)[None], person(0, 2)[None]]
    assert named_people(points, np.zeros(3, np.int64), PHOTOS, never) == ["Ben", "", "Ann"]
    assert named_people(points, np.zeros(3, np.int64), {}, never) == ["", "", ""]
    assert named_people(points[:0], np.zeros(0, np.int64), PHOTOS, never) == []


def test_the_limit_is_the_stated_one() -> None:
    line = np.zeros((1, 128))
    for far, name in ((SAME_AS_PHOTO - 0.01, "Ann"), (SAME_AS_PHOTO + 0.01, "")):
        point = np.full((1, 128), far / np.sqrt(128))
        assert named_people([point], np.zeros(1, np.int64), {"Ann": line}, never) == [name]


@quick
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=10), st.randoms())
def test_the_order_of_people_does_not_matter(
    who: list[tuple[int, int]], random: np.random.Generator
) -> None:
    points = [person(p, i)[None] for i, (p, _) in enumerate(who)]
    points = points or [np.zeros((1, 128), np.float32)]
    owner = np.array([o for _, o in who] or [0], np.int64)
    order = list(range(len(points)))
    random.shuffle(order)

    def apart(a: int, b: int) -> bool:
        return (a + b) % 3 == 0

    plain = named_people(points, owner, PHOTOS, apart)
    other = named_people(
        [points[i] for i in order],
        owner[order],
        PHOTOS,
        lambda a, b: apart(order[a], order[b]),
    )
    assert [plain[place] for place in order] == other
    for a in range(len(points)):
        for b in range(a):
            same = plain[a] and plain[a] == plain[b] and owner[a] == owner[b]
            assert not (same and apart(a, b))


def test_a_stranger_who_is_seen_often_is_nobody() -> None:
    """Each sight lies 0.65 from the photo, their mean 0.51."""
    random = np.random.default_rng(1)
    sights = random.normal(size=(12, 128))
    sights *= 0.42 / np.linalg.norm(sights, axis=1, keepdims=True)
    sights[:, 0] += 0.5
    some = sights.astype(np.float32)
    photo = {"Ann": np.zeros((1, 128))}
    owner = np.zeros(1, np.int64)
    assert named_people([some], owner, photo, never) == [""]
    assert named_people([some.mean(axis=0, keepdims=True)], owner, photo, never) == ["Ann"]
