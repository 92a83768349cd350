"""Memory stays flat in long videos: garbage goes between segments."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from fer_batch.pipeline.native import COLLECT_EVERY, give_back_memory


class Decoder:
    """Refers to itself, as PyAV's containers and streams do."""

    def __init__(self) -> None:
        self.stream = self


@pytest.fixture
def no_collection_by_itself() -> Iterator[None]:
    give_back_memory(COLLECT_EVERY)  # whatever ran before, counting starts anew
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection_by_itself")
def test_closed_decoders_go_after_so_many_frames() -> None:
    decoder = weakref.ref(Decoder())
    give_back_memory()
    give_back_memory(COLLECT_EVERY - 1)
    assert decoder() is not None
    give_back_memory(1)
    assert decoder() is None
