"""``emotions.vtt``, read back by a strict little reader of the format's grammar."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fer_batch.output.formats.webvtt import timestamp, webvtt_text
from fer_batch.output.people import episodes
from fer_batch.types import Timeline
from tests.output.timelines import timeline, timelines

TIMING = re.compile(r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})")


def seconds(text: str) -> float:
    match = TIMING.fullmatch(text)
    assert match, text
    hours, minutes, rest, ms = (int(part) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest + ms / 1000


def cues(text: str) -> list[tuple[float, float, str]]:
    """Start, end and text of each cue; raises where the file breaks WebVTT's grammar."""
    head, *blocks = text.split("\n\n")
    assert head == "WEBVTT"
    found = []
    for number, block in enumerate(blocks, start=1):
        identifier, timing, *words = block.rstrip("\n").split("\n")
        assert identifier == str(number)
        start, arrow, end = timing.split(" ")
        assert arrow == "-->"
        (caption,) = words
        assert "-->" not in caption
        assert not re.search(r"<|&(?!amp;|lt;|gt;)", caption)
        found.append((seconds(start), seconds(end), html.unescape(caption)))
    return found


def test_a_caption_for_each_episode_in_order_of_time() -> None:
    assert cues(webvtt_text(timeline("hhs", "nnn"))) == [
        (0.0, 0.2, "Person 1: happy (80 %)"),
        (0.0, 0.3, "Person 2: neutral (80 %)"),
        (0.2, 0.3, "Person 1: sad (80 %)"),
    ]


def test_captions_are_in_the_players_time() -> None:
    (caption,) = cues(webvtt_text(timeline("hh"), start_s=3599.95))
    assert caption[:2] == (3599.95, 3600.15)


def test_labels_are_text_never_markup() -> None:
    made = replace(timeline("hh"), labels=("<b onload=x>&\n\n-->", "sad", "neutral"))
    (caption,) = cues(webvtt_text(made))
    assert caption[2].startswith("Person 1: <b onload=x>&")


def test_nobody_leaves_a_valid_empty_file() -> None:
    assert cues(webvtt_text(timeline("...")).rstrip("\n")) == []


@given(timelines(), st.floats(0, 90_000))
def test_captions_are_ordered_and_never_empty(made: Timeline, start_s: float) -> None:
    found = cues(webvtt_text(made, start_s).rstrip("\n"))
    assert [one[0] for one in found] == sorted(one[0] for one in found)
    assert all(start < end for start, end, _ in found)
    assert len(found) <= len(episodes(made))


@given(st.floats(0, 1e6))
def test_timestamps_are_right_to_the_millisecond(value: float) -> None:
    assert abs(seconds(timestamp(value)) - value) <= 0.00051
