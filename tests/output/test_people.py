from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from fer_batch.output.people import coverage, episodes, frame_seconds, people, portrait
from fer_batch.types import FrameStatus, Timeline
from tests.output.timelines import timeline, timelines


def words(made: Timeline) -> list[tuple[int, str, int, int]]:
    return [(s.face_id, s.emotion, s.start_frame, s.stop_frame) for s in episodes(made)]


def test_an_episode_lasts_while_the_label_does() -> None:
    assert words(timeline("hhssh")) == [
        (1, "happy", 0, 2), (1, "sad", 2, 4), (1, "happy", 4, 5),
    ]  # fmt: skip


def test_a_gap_ends_an_episode_even_if_the_label_stays() -> None:
    assert words(timeline("hh.hh")) == [(1, "happy", 0, 2), (1, "happy", 3, 5)]
    assert people(timeline("hh.hh"))[0].changes == 0
    assert people(timeline("hh.ss"))[0].changes == 1


def test_skipped_frames_do_not_end_an_episode() -> None:
    made = timeline("h..h..h..", status=".--.--.--")
    assert words(made) == [(1, "happy", 0, 7)]
    person = people(made)[0]
    assert person.frames == 3
    assert person.seconds == pytest.approx(0.9)
    assert coverage(made) == 1


def test_each_person_has_episodes_of_their_own() -> None:
    assert words(timeline("hhs", ".ss")) == [(1, "happy", 0, 2), (1, "sad", 2, 3), (2, "sad", 1, 3)]


def test_times_probability_and_peak() -> None:
    made = timeline("hhh")
    made.smoothed[1] = [0.9, 0.05, 0.05]
    (episode,) = episodes(made)
    assert (episode.start_s, episode.stop_s) == (0, pytest.approx(0.3))
    assert episode.probability == pytest.approx((0.8 + 0.9 + 0.8) / 3)
    assert (episode.peak, episode.peak_frame) == (pytest.approx(0.9), 1)


def test_shares_are_of_time_not_of_frames() -> None:
    made = timeline("hsss", time_s=np.array([0, 3.0, 3.1, 3.2]))
    share = people(made)[0].share
    assert share["happy"] == pytest.approx(3 / 3.3)
    assert people(made)[0].dominant == "happy"


def test_coverage_counts_frames_with_a_face() -> None:
    assert coverage(timeline("h.h.", status="...x")) == 0.5
    assert coverage(timeline("....")) == 0
    assert coverage(timeline("")) == 0


def test_longest_episode_of_each_label() -> None:
    person = people(timeline("hshhhss"))[0]
    assert person.longest["happy"].start_frame == 2
    assert person.longest["sad"].start_frame == 5
    assert "neutral" not in person.longest
    assert (person.first_s, person.last_s) == (0, pytest.approx(0.7))


def test_bridged_boxes_do_not_lower_the_confidence() -> None:
    made = timeline("hhh", confidence=np.float32([0.8, 0, 0.6]))
    assert people(made)[0].confidence == pytest.approx(0.7)


def test_nobody_and_nothing() -> None:
    empty = timeline("...")
    assert episodes(empty) == []
    assert people(empty) == []


@given(timelines())
def test_episodes_tile_the_faces(made: Timeline) -> None:
    rows = {(int(f), int(p)) for f, p in zip(made.frame, made.face_id, strict=True)}
    skipped = set(np.flatnonzero(made.status == FrameStatus.SKIPPED).tolist())
    covered = []
    for episode in episodes(made):
        frames = [i for i in range(episode.start_frame, episode.stop_frame) if i not in skipped]
        assert len(frames) == episode.frames
        covered += [(i, episode.face_id) for i in frames]
        assert episode.stop_s >= episode.start_s
        assert episode.probability <= episode.peak + 1e-6
        assert episode.start_frame <= episode.peak_frame < episode.stop_frame
    assert len(covered) == len(rows)
    assert set(covered) == rows


@given(timelines())
def test_people_add_up(made: Timeline) -> None:
    persons = people(made)
    assert [p.face_id for p in persons] == sorted(set(made.face_id.tolist()))
    assert sum(p.frames for p in persons) == len(made.frame)
    for person in persons:
        assert sum(person.share.values()) == pytest.approx(1)
        assert person.changes < person.episodes
        assert person.seconds <= frame_seconds(made).sum() + 1e-9
        own = made.frame[made.face_id == person.face_id]
        rows = np.flatnonzero(made.face_id == person.face_id)
        best = portrait(made, rows)
        assert best in rows and made.frame[best] == person.thumbnail_frame
        # Nobody surer by a tenth, and of those as sure nobody larger.
        sure, size = made.confidence.round(1), made.box[:, 2] * made.box[:, 3]
        assert sure[best] == sure[rows].max()
        assert size[best] == size[rows][sure[rows] == sure[best]].max()
        assert person.first_s == made.time_s[own[0]]
        assert person.to_json()["face_id"] == person.face_id
    assert 0 <= coverage(made) <= 1


def test_faces_that_cannot_be_read_count_in_nothing_but_presence() -> None:
    made = timeline("hhsshh", "nn....", unusable=np.array([0, 1, 0, 1, 1, 1, 0, 0], bool))
    assert made.frame.tolist() == [0, 0, 1, 1, 2, 3, 4, 5]
    (first,) = people(made)  # all that is seen of the second cannot be read
    assert (first.frames, first.seconds) == (6, pytest.approx(0.6))
    assert (first.valid_s, first.unusable_s) == (pytest.approx(0.4), pytest.approx(0.2))
    assert first.share["happy"] == pytest.approx(1) and first.changes == 0
    found = episodes(made)
    assert [(e.face_id, e.start_frame, e.stop_frame) for e in found] == [(1, 0, 2), (1, 4, 6)]


def test_what_can_be_read_is_all_where_nothing_is_unusable() -> None:
    made = timeline("hs", "n.")
    assert made.readable() is made
    left = timeline("hs", "n.", unusable=np.array([0, 1, 0], bool)).readable()
    assert left.face_id.tolist() == [1, 1] and len(left) == 2
    np.testing.assert_array_equal(left.smoothed, made.smoothed[[0, 2]])
