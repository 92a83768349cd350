"""What commands share: lists, ranges, labels, and refusing what cannot be."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from fer_batch.cli import options as o
from fer_batch.errors import OutputPathError, UsageError


def test_labels() -> None:
    o.check_labels(("happy",), ("happy", "sad"), "fer3")
    with pytest.raises(UsageError, match=r"'angry'.*happy, sad"):
        o.check_labels(("angry",), ("happy", "sad"), "fer3")


def test_output_folders(tmp_path: Path) -> None:
    o.check_out(tmp_path / "new" / "folder")
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputPathError, match="file"):
            o.check_out(place)


def test_ctrl_c_sets_the_event_and_a_second_one_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), o.stop_on_signal() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.is_set()
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
