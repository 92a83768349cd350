"""What became of a frame."""

from __future__ import annotations

from fer_batch.types import FrameStatus


def test_statuses_are_called_as_in_the_table() -> None:
    assert [s.text for s in FrameStatus] == ["ok", "no_face", "skipped", "decode_error"]
