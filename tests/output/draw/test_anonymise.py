from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fer_batch.config import RenderSettings
from fer_batch.errors import InputError, UsageError
from fer_batch.output.draw.anonymise import covered_faces, unseen_boxes
from fer_batch.output.draw.overlay import Overlay
from fer_batch.types import Timeline
from tests.output.timelines import FER3, timeline


def made(*people: str, **changes: object) -> Timeline:
    """A timeline whose boxes tell the frame (x) and the person (y)."""
    plain = timeline(*people, **changes)
    plain.box[:, 0], plain.box[:, 1] = plain.frame, plain.face_id
    return plain


def places(boxes: np.ndarray) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in boxes[:, :2]]


def test_who_is_found_is_not_unseen() -> None:
    assert places(unseen_boxes(made("hhhhh"), 2)) == []


def test_a_short_miss_is_covered_from_both_sides() -> None:
    assert places(unseen_boxes(made("hh.hh"), 2)) == [(1, 1), (3, 1)]


def test_each_person_counts_alone() -> None:
    assert places(unseen_boxes(made("hh.hh", "hhhhh"), 2)) == [(1, 1), (3, 1)]
    assert places(unseen_boxes(made("hh...", "...hh"), 2)) == [(1, 1), (3, 2)]


def test_who_is_long_gone_is_not_blurred() -> None:
    assert places(unseen_boxes(made("h......"), 2)) == [(0, 1)]
    assert places(unseen_boxes(made("h......"), 3)) == []


def test_skipped_frames_reach_to_the_analysed_ones() -> None:
    far = made("h.........h", status=".---------")
    assert [places(unseen_boxes(far, i)) for i in (1, 5, 9)] == [[(0, 1), (10, 1)]] * 3
    end = made("h....", status=".----")
    assert places(unseen_boxes(end, 4)) == [(0, 1)]


def blurred(timeline: Timeline, *who: str, photos: bool = False) -> set[int]:
    """Who is blurred; each of their faces is."""
    covered = covered_faces(timeline, RenderSettings(blur=who), photos)
    assert covered is not None
    found = set(timeline.face_id[covered].tolist())
    assert np.array_equal(covered, np.isin(timeline.face_id, sorted(found)))
    return found


def test_everyone_the_others_or_those_who_are_named() -> None:
    three = made("hh..", "hhhh", "hhh.", names={3: "Anna"})
    assert covered_faces(three, RenderSettings()) is None
    assert blurred(three, "all") == {1, 2, 3}
    assert blurred(three, "others") == {1, 3}  # who is seen longest is the main person
    assert blurred(replace(three, main=1), "others") == {2, 3}
    assert blurred(three, "anna") == {3}
    assert blurred(three, "1", "Anna") == {1, 3}
    assert blurred(made("..."), "others") == set()


@pytest.mark.parametrize("who", [("Ben",), ("1", "9")])
def test_a_name_that_nobody_has_is_refused(who: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=f"there is no person {who[-1]} here"):
        covered_faces(made("hh"), RenderSettings(blur=who))


def test_photos_of_people_who_were_not_compared_have_all_or_none() -> None:
    photos = made("h.", ".h")
    assert blurred(photos, "all", photos=True) == {1, 2}
    with pytest.raises(InputError, match="nobody is recognised in these photos"):
        covered_faces(photos, RenderSettings(blur=("1",)), photos=True)


def test_people_in_photos_are_meant_by_name_and_by_their_number_across_photos() -> None:
    """Whoever shows too little to be recognised is blurred too."""
    photos = made("hhh", ".hh", names={7: "Anna"})
    person = np.array([7, 4, 7, 7, -1])  # by frame, then by face
    photos = replace(photos, person=person)

    def covered(*who: str) -> list[bool]:
        found = covered_faces(photos, RenderSettings(blur=who), photos=True)
        assert found is not None
        return found.tolist()

    assert covered("anna") == [True, False, True, True, True]
    assert covered("4") == [False, True, False, False, True]
    assert covered("4", "Anna") == covered("all") == [True] * 5
    for missing in ("1", "-1", "Ben"):
        with pytest.raises(InputError, match=f"there is no person {missing} here"):
            covered(missing)
    with pytest.raises(InputError, match="photos have no main person"):
        covered("others")


def test_two_answers_are_refused() -> None:
    with pytest.raises(UsageError, match="not both"):
        RenderSettings(blur_faces=True, blur=("others",))
    with pytest.raises(UsageError, match="has 'others' beside others"):
        RenderSettings(blur=("1", "others"))


def test_only_who_is_meant_is_covered_where_nobody_was_found() -> None:
    two = made("hh.hh", "hh.hh")
    covered = covered_faces(two, RenderSettings(blur=("2",)))
    assert places(unseen_boxes(two, 2, covered=covered)) == [(1, 2), (3, 2)]


def test_nobody() -> None:
    assert unseen_boxes(made("..."), 1).shape == (0, 4)


@pytest.mark.parametrize("blur", [False, True])
def test_the_overlay_blurs_them_where_faces_are_blurred(blur: bool) -> None:
    image = np.random.default_rng(0).integers(16, 236, (540, 640), dtype=np.uint8)
    drawn = image.copy()
    Overlay(FER3, 640, 360, RenderSettings(blur_faces=blur)).draw(
        drawn, np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros((0, 3), np.float32),
        np.float32([[200, 100, 80, 90]]),
    )  # fmt: skip
    assert (drawn != image).any() == blur
