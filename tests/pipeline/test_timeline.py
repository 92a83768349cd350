"""Shards become a timeline; how the source was cut cannot be seen in it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.config import AnalyzeSettings
from fer_batch.errors import FerBatchError
from fer_batch.pipeline.photos import largest_first
from fer_batch.pipeline.timeline import build_timeline, merge
from fer_batch.tracking.smooth import smooth
from fer_batch.types import Faces, FrameStatus, SourceInfo, Timeline
from tests.pipeline.stand_ins import (
    LABELS,
    cut,
    nobody_known,
    same_faces,
    same_timelines,
    some_faces,
)

FRAMES = 60
KEEP_ALL = AnalyzeSettings(ghost_s=0, smooth_s=0)
seeds = st.integers(0, 2**32 - 1)
cuts = st.sets(st.integers(1, FRAMES - 1), max_size=8).map(sorted)
quick = settings(max_examples=25)


def source(frames: int = FRAMES, kind: str = "video") -> SourceInfo:
    pts = 7000 + np.arange(frames, dtype=np.int64) * 40
    return SourceInfo("x", "x", kind, 320, 240, 0, Fraction(1, 1000), pts)  # type: ignore[arg-type]


def person(
    frames: list[int], x: float = 50, confidence: float = 0.9, look: int = 0, of: int = FRAMES
) -> Faces:
    """One face in ``frames`` that slowly moves right; its probabilities change with time."""
    frame = np.array(frames, np.int64)
    n = len(frame)
    status = np.full(of, FrameStatus.NO_FACE, np.int64)
    status[frame] = FrameStatus.OK
    share = (frame / of)[:, None]
    return Faces(
        start=0,
        status=status,
        frame=frame,
        box=np.array([[x + f, 40, 50, 60] for f in frames], np.float32).reshape(n, 4),
        confidence=np.full(n, confidence, np.float32),
        landmarks=np.zeros((n, 5, 2), np.float32),
        appearance=np.eye(8, dtype=np.float16)[np.full(n, look)],
        probabilities=np.hstack([share, 1 - share, 0 * share]).astype(np.float32),
    )


def together(*people: Faces) -> Faces:
    columns = ("frame", "box", "confidence", "landmarks", "appearance", "probabilities")
    joined = {c: np.concatenate([getattr(p, c) for p in people]) for c in columns}
    order = np.argsort(joined["frame"], kind="stable")
    status = np.min([p.status for p in people], axis=0)
    return Faces(start=0, status=status, **{c: v[order] for c, v in joined.items()})


def built(faces: Faces, settings: AnalyzeSettings = KEEP_ALL, kind: str = "video") -> Timeline:
    return build_timeline(source(len(faces.status), kind), [faces], LABELS, settings, nobody_known)


@quick
@given(seeds, cuts)
def test_any_cut_merges_to_the_same(seed: int, places: list[int]) -> None:
    faces = some_faces(seed, FRAMES)
    assert same_faces(merge(cut(faces, places), FRAMES), faces)


@quick
@given(seeds, cuts)
def test_any_cut_gives_the_same_timeline(seed: int, places: list[int]) -> None:
    faces = some_faces(seed, FRAMES)
    one, many = (
        build_timeline(source(), shards, LABELS, AnalyzeSettings(ghost_s=0.1), nobody_known)
        for shards in ([faces], cut(faces, places))
    )
    assert same_timelines(one, many)


def test_what_a_second_network_adds_lies_between_the_frames_it_was_asked_about() -> None:
    faces = person(list(range(FRAMES)))
    added = np.full((FRAMES, 3), np.nan, np.float32)
    added[0], added[40] = (0, 1, -1), (0, 3, -3)
    found = built(replace(faces, added=added)).raw
    logits = np.log(np.maximum(faces.probabilities, np.finfo("f4").tiny))
    for frame, more in ((0, 1), (20, 2), (40, 3), (59, 3)):
        parts = np.exp(logits[frame] + np.array([0, more, -more]))
        assert np.allclose(found[frame], parts / parts.sum(), atol=1e-5)
    # In photos each is asked about; where one is not, it is as the model says.
    one, *others = built(replace(faces, added=added), kind="photos").raw
    assert not np.allclose(one, faces.probabilities[0], atol=1e-3) or faces.probabilities[0, 1] == 1
    assert np.allclose(others[0], faces.probabilities[1], atol=1e-6)


@given(seeds, st.integers(0, 3))
@quick
def test_shards_that_are_missing_doubled_or_out_of_order_are_refused(seed: int, which: int) -> None:
    shards = cut(some_faces(seed, FRAMES), [8, 20, 40])
    wrong = [
        shards[:which] + shards[which + 1 :],
        shards[: which + 1] + shards[which:],
        shards[which:] + shards[:which] if which else shards[::-1],
    ]
    for found in wrong:
        with pytest.raises(FerBatchError, match="shards"):
            merge(found, FRAMES)
    with pytest.raises(FerBatchError, match="60 of 61"):
        merge(shards, FRAMES + 1)


@quick
@given(seeds)
def test_every_frame_keeps_its_place_and_rows_are_in_order(seed: int) -> None:
    faces = some_faces(seed, FRAMES)
    found = built(faces, AnalyzeSettings(ghost_s=0.2))
    assert len(found) == FRAMES and set(found.table()["frame"].tolist()) == set(range(FRAMES))
    assert found.time_s.tolist() == pytest.approx([i * 0.04 for i in range(FRAMES)])
    rows = list(zip(found.frame.tolist(), found.face_id.tolist(), strict=True))
    assert rows == sorted(set(rows))
    for values in (found.raw, found.smoothed):
        assert values.sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)
    # Skipped and damaged frames stay so and have no faces; the others say whether they have.
    kept = np.isin(faces.status, (FrameStatus.SKIPPED, FrameStatus.DECODE_ERROR))
    assert (found.status[kept] == faces.status[kept]).all()
    assert not np.isin(found.frame, np.flatnonzero(kept)).any()
    with_face = np.isin(np.arange(FRAMES), found.frame)
    assert (found.status[~kept] == np.where(with_face, 0, 1)[~kept]).all()


@quick
@given(seeds)
def test_people_are_numbered_from_1_in_order_of_appearance(seed: int) -> None:
    found = built(some_faces(seed, FRAMES), AnalyzeSettings(ghost_s=0.2, ghost_confidence=0.85))
    people = sorted(set(found.face_id.tolist()))
    assert people == list(range(1, len(people) + 1))
    first = [int(found.frame[found.face_id == p].min()) for p in people]
    assert first == sorted(first)


def test_people_who_appear_together_are_numbered_from_left_to_right() -> None:
    # Rows of a frame come by falling confidence: the one on the right first.
    every = list(range(FRAMES))
    faces = together(
        person(every, 200, 0.95, look=1), person(every, 20, 0.9), person(every, 110, 0.8, look=2)
    )
    found = built(faces, AnalyzeSettings())
    assert found.face_id[:3].tolist() == [1, 2, 3]
    assert found.box[:3, 0].tolist() == [20, 110, 200]


def test_nothing_is_lost_or_made_up_without_ghosts_and_bridges() -> None:
    faces = some_faces(5, FRAMES)
    found = built(faces, AnalyzeSettings(ghost_s=0, bridge_s=0, smooth_s=0))
    assert len(found.frame) == len(faces.frame)
    boxes = [sorted(map(tuple, of.box.tolist())) for of in (found, faces)]
    assert boxes[0] == [pytest.approx(box, abs=0.0051) for box in boxes[1]]
    assert (found.smoothed == found.raw).all()


def test_short_misses_are_bridged_at_confidence_0() -> None:
    seen = [f for f in range(FRAMES) if not 10 < f < 20 and not 25 < f < 45]
    found = built(person(seen))
    # The first gap lasts 0.4 s, the second 0.8.
    assert found.frame.tolist() == [f for f in range(FRAMES) if not 25 < f < 45]
    bridged = np.isin(found.frame, range(11, 20))
    assert (found.confidence[bridged] == 0).all() and (found.confidence[~bridged] > 0).all()
    assert found.box[:, 0] == pytest.approx(50 + found.frame)
    assert found.raw[:, 0] == pytest.approx(found.frame / FRAMES, abs=1e-6)
    assert set(found.face_id.tolist()) == {1}
    assert (found.status[11:20] == FrameStatus.OK).all()
    assert (found.status[26:45] == FrameStatus.NO_FACE).all()


def test_nothing_is_bridged_into_skipped_or_damaged_frames() -> None:
    faces = person([f for f in range(FRAMES) if f % 3 == 0])
    status = np.where(np.arange(FRAMES) % 3, FrameStatus.SKIPPED, faces.status)
    status[31] = FrameStatus.DECODE_ERROR
    found = built(replace(faces, status=status))
    assert found.frame.tolist() == list(range(0, FRAMES, 3))
    assert (found.status == status).all()


def test_ghosts_leave_frames_without_a_face() -> None:
    ghost = person([30, 31, 32], x=150, confidence=0.65, look=1)
    found = built(together(person(list(range(20))), ghost), AnalyzeSettings())
    assert set(found.frame.tolist()) == set(range(20))
    assert (found.status[20:] == FrameStatus.NO_FACE).all()
    sure = replace(ghost, confidence=np.full(3, 0.9, np.float32))
    assert set(built(sure, AnalyzeSettings()).frame.tolist()) == {30, 31, 32}


def test_photos_have_no_ghosts() -> None:
    alone = person([30], confidence=0.65)
    assert len(built(alone, AnalyzeSettings()).frame) == 0
    assert built(alone, AnalyzeSettings(), kind="photos").frame.tolist() == [30]
    assert len(built(alone, AnalyzeSettings(), kind="frames").frame) == 0


def test_nothing_is_put_into_photos() -> None:
    seen = person([0, 2, 5, 6])
    assert built(seen, kind="photos").frame.tolist() == [0, 2, 5, 6]
    assert built(seen, kind="frames").frame.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert built(seen).frame.tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_photos_are_not_smoothed_and_have_no_time() -> None:
    rng = np.random.default_rng(2)
    raw = rng.dirichlet([1, 1, 1], FRAMES).astype(np.float32)
    faces = replace(person(list(range(FRAMES))), probabilities=raw)
    found = built(faces, AnalyzeSettings(smooth_s=5.0), kind="photos")
    assert np.array_equal(found.smoothed, found.raw)
    assert np.isnan(found.time_s).all()
    assert set(found.face_id.tolist()) == {1}


def test_faces_of_a_photo_count_from_the_largest() -> None:
    """Whoever they are, and in each photo anew."""
    small, large = person([3, 4], x=20, look=0), person([4, 5], x=150, look=1)
    large = replace(large, box=large.box * np.array([1, 1, 2, 2], np.float32))
    found = built(together(small, large), kind="photos")
    assert found.frame.tolist() == [3, 4, 4, 5]
    assert found.face_id.tolist() == [1, 1, 2, 1]
    assert found.box[1, 2] > found.box[2, 2]


@quick
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9), st.integers(0, 50)), max_size=30))
def test_numbers_of_a_photo_are_whole_and_fall_with_size(
    faces: list[tuple[int, int, int]],
) -> None:
    faces.sort(key=lambda face: face[0])
    frame = np.array([f for f, _, _ in faces], np.int64)
    box = np.array([[x, 0, side, side] for _, side, x in faces], np.float32).reshape(-1, 4)
    numbers = largest_first(frame, box)
    for photo in set(frame.tolist()):
        mine = numbers[frame == photo]
        assert sorted(mine.tolist()) == list(range(1, len(mine) + 1))
        sides = box[frame == photo, 2][np.argsort(mine)]
        assert (np.diff(sides) <= 0).all()


def test_each_person_is_smoothed_alone_over_time() -> None:
    rng = np.random.default_rng(1)
    every = list(range(FRAMES))
    people = []
    for i in range(2):
        raw = rng.dirichlet([1, 1, 1], FRAMES).astype(np.float32)
        people.append(replace(person(every, 20 + 150 * i, look=i), probabilities=raw))
    found = built(together(*people), AnalyzeSettings(smooth_s=0.3))
    for number, one in enumerate(people, 1):
        mine = found.face_id == number
        assert found.raw[mine] == pytest.approx(one.probabilities, abs=1e-6)
        expected = smooth(one.probabilities, found.time_s, 0.3)
        assert found.smoothed[mine] == pytest.approx(expected, abs=2e-6)


def test_one_who_comes_back_keeps_the_number_by_looks_alone_where_nobody_is_recognised() -> None:
    frames = [*range(15), *range(130, 150)]
    found = built(person(frames, of=150), AnalyzeSettings(identity="off"))
    assert set(found.face_id.tolist()) == {1}
    other = replace(person(frames, of=150))
    other.appearance[15:] = np.eye(8)[3]
    assert set(built(other, AnalyzeSettings()).face_id.tolist()) == {1, 2}


def test_a_timeline_of_nobody() -> None:
    found = built(person([]))
    assert found.raw.shape == (0, 3) and (found.status == FrameStatus.NO_FACE).all()


def cut_at(faces: Faces, place: int) -> Faces:
    """The same faces in a film of two still pictures."""
    glimpse = np.full((len(faces.status), 288), 60, np.uint8)
    glimpse[:, ::2] = 90
    glimpse[place:, :150] = 200
    return replace(faces, glimpse=glimpse)


def test_nothing_is_carried_across_a_cut() -> None:
    frames = [*range(30), *range(33, FRAMES)]
    settings = AnalyzeSettings(ghost_s=0, smooth_s=2, bridge_s=1, identity="off")
    plain, found = built(person(frames), settings), built(cut_at(person(frames), 31), settings)
    assert np.flatnonzero(found.cut).tolist() == [31] and not plain.cut.any()
    assert set(plain.frame.tolist()) == set(range(FRAMES))  # bridged
    assert found.frame.tolist() == frames
    assert set(found.face_id.tolist()) == {1} and set(found.track.tolist()) == {0, 1}
    for shot in (found.frame < 31, found.frame >= 31):
        first, last = found.raw[shot, 0].min(), found.raw[shot, 0].max()
        assert (found.smoothed[shot, 0] >= first).all() and (found.smoothed[shot, 0] <= last).all()


def test_a_cut_to_another_who_looks_alike_begins_another() -> None:
    faces = cut_at(person([*range(FRAMES)]), 30)
    assert [built(faces).face_id[built(faces).frame == f].tolist() for f in (29, 30)] == [[1], [2]]
