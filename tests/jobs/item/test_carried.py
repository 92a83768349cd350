"""Who is in the same place at the same time is the same person."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.jobs.item.carried import numbers_before, same_faces
from fer_batch.types import Timeline
from tests.output.report import made


def apart(people: int) -> Timeline:
    """Each has their own place, 60 pixels wide; neighbours overlap a little."""
    whole = made.timeline(20, people=people)
    left = np.outer(whole.face_id * 45, [1, 0, 0, 0]).astype(np.float32)
    return replace(whole, box=whole.box + left)


@given(st.integers(1, 5), st.permutations(range(5)), st.integers(0, 8))
def test_whatever_they_are_called_now(people: int, order: list[int], moved: int) -> None:
    before = apart(people)
    number = np.array(order)[before.face_id - 1] + 7
    box = before.box + np.array([moved, moved, 0, 0], np.float32)
    found = same_faces(before, replace(before, face_id=number.astype(np.int64), box=box))
    assert found == {order[n - 1] + 7: n for n in range(1, people + 1)}


def test_who_is_two_now_is_one_of_them_still() -> None:
    before = made.timeline(20, people=1)
    parted = np.where(before.frame < 8, 4, 9).astype(np.int64)
    assert same_faces(before, replace(before, face_id=parted)) == {9: 1}


def test_elsewhere_or_at_another_time_is_nobody() -> None:
    before = made.timeline(20, people=2)
    assert same_faces(before, replace(before, box=before.box + np.float32(1000))) == {}
    assert same_faces(before, replace(before, time_s=before.time_s + 1)) == {}
    assert same_faces(before, before.of_faces(before.frame < 0)) == {}


def test_another_content_tells_nothing() -> None:
    plan = SimpleNamespace(input_sha256="a" * 64)
    member: Any = SimpleNamespace(work=SimpleNamespace(read_plan=lambda: plan))
    told: list[dict[str, Any]] = [{}, {"input": []}, {"input": {"sha256": "b" * 64}}]
    assert [numbers_before(member, one, {1: 4}, {1}) for one in told] == [{}] * 3
