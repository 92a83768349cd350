"""As many at once as a device's memory holds: halved when it is full, and said so."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from fer_batch.errors import DeviceError

logger = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")

# What TensorFlow and PyTorch raise; JAX's errors carry the word.
_NAMES = frozenset({"ResourceExhaustedError", "OutOfMemoryError"})
_WORD = "RESOURCE_EXHAUSTED"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a backend of Keras says with ``error`` that the device's memory is full."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & _NAMES) or _WORD in str(error)


class AtOnce:
    """Hands on at most ``size`` things at once; fewer from the first time on that the device's
    memory was full."""

    def __init__(self, size: int, things: str) -> None:
        """``things``: what they are called, for the message."""
        self.size, self._things = size, things

    def run(self, things: Sequence[T], work: Callable[[Sequence[T], int], R]) -> Iterator[R]:
        """What ``work(part, size)`` gives for each part of ``things``, in order; ``size`` is the
        shape that a part is filled up to.

        Raises:
            DeviceError: the device's memory does not hold one.
        """
        place = 0
        while place < len(things):
            size = self.size
            try:
                result = work(things[place : place + size], size)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._halve(size, error)
                continue
            yield result
            place += size

    def _halve(self, size: int, error: Exception) -> None:
        if size == 1:
            raise DeviceError(
                f"the device's memory does not hold one of the {self._things}; "
                "analyse with --device cpu, or end what else uses the device"
            ) from error
        self.size = size // 2
        logger.warning(
            "the device's memory is full: %d %s at once from now on, not %d",
            self.size,
            self._things,
            size,
        )
