"""The children that there are, and the chair of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fer_batch.jobs.item.children.process import Child


@dataclass
class Place:
    """One child, the input it works on (-1: none), and when it last moved."""

    child: Child
    chair: int  # the least number that no other child has; its GPU goes by it
    number: int = -1
    stage: str = "probe"
    moved: float = 0.0
    begun: float = 0.0


class Places:
    """Starts children and ends them. ``hello``: what each is told first, beside its chair."""

    def __init__(self, hello: dict[str, Any]) -> None:
        self._hello = hello
        self._places: list[Place] = []

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places)

    def busy(self) -> list[Place]:
        """Those that work on an input."""
        return [place for place in self._places if place.number >= 0]

    def idle(self) -> Place | None:
        """One that works on nothing."""
        return next((place for place in self._places if place.number < 0), None)

    def hire(self) -> Place:
        """Start another child."""
        others = tuple(place.child.pipe for place in self._places)
        chair = min(set(range(len(self._places) + 1)) - {place.chair for place in self._places})
        child = Child(others, {**self._hello, "chair": chair})
        self._places.append(Place(child, chair))
        return self._places[-1]

    def dismiss(self, place: Place) -> None:
        """End a child at once."""
        place.child.kill()
        place.child.close()
        self._places.remove(place)

    @contextmanager
    def ended_at_last(self) -> Iterator[None]:
        """Children are gone when this is left, however it is left."""
        try:
            yield
        except BaseException:
            for place in self._places:
                place.child.kill()
            raise
        finally:
            for place in self._places:
                place.child.close()
