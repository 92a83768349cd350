"""Who is who in a folder of results: people of several inputs brought together, from summaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer_batch.same_name import folded

if TYPE_CHECKING:
    from fer_batch.output.stored import Stored


@dataclass(frozen=True, slots=True)
class Appearance:
    """One person in one input. ``number``: what their picture there is called by; ``frame``: where
    they are seen best (of photos: which photo); ``seconds`` they are seen, 0 in photos; ``photos``
    they are in, 0 in films; ``first_s``: when they are seen first."""

    input: str
    number: int
    frame: int
    seconds: float = 0.0
    first_s: float = 0.0
    photos: int = 0


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of the folder: their number across inputs (0: has none) and name ("" where unknown),
    and where they appear, in the order of inputs."""

    person: int
    name: str
    appearances: tuple[Appearance, ...]

    @property
    def called(self) -> str:
        """What the person is called."""
        return self.name or f"Person {self.person}"

    @property
    def seconds(self) -> float:
        """How long they are seen in films."""
        return sum(one.seconds for one in self.appearances)

    @property
    def photos(self) -> int:
        """In how many photos they are."""
        return sum(one.photos for one in self.appearances)


def gathered(results: Sequence[Stored]) -> list[Somebody]:
    """The people of all inputs whose people have numbers across inputs or names; who is seen
    longest comes first. Equal names are one person; so are equal numbers, where they do not bear
    different names."""
    entries = [entry for result in results for entry in _entries(result)]
    names: dict[int, set[str]] = {}
    for person, name, _ in entries:
        if person and name:
            names.setdefault(person, set()).add(folded(name))
    groups: dict[tuple[str, int], list[tuple[int, str, Appearance]]] = {}
    for person, name, seen in entries:
        known = names.get(person, set())
        own = folded(name) or (next(iter(known)) if len(known) == 1 else "")
        groups.setdefault((own, 0) if own else ("", person), []).append((person, name, seen))
    found = [
        Somebody(
            person=min((p for p, _, _ in group if p), default=0),
            name=next((name for _, name, _ in group if name), ""),
            appearances=tuple(seen for _, _, seen in group),
        )
        for group in groups.values()
    ]
    return sorted(found, key=lambda one: (-one.seconds, -one.photos, one.person, one.name))


def _entries(result: Stored) -> Iterator[tuple[int, str, Appearance]]:
    """Number across inputs, name and appearance of each person of one input who has either."""
    photos = result.of_photos
    for one in result.summary.get("persons" if photos else "people", ()):
        person, name = _whole(one, "person"), str(one.get("name", ""))
        if not person and not name:
            continue
        if photos:
            seen = Appearance(
                result.name, person, _whole(one, "frame"), photos=_whole(one, "photos")
            )
        else:
            seen = Appearance(
                result.name,
                _whole(one, "face_id"),
                _whole(one, "thumbnail_frame"),
                seconds=_number(one, "seconds"),
                first_s=_number(one, "first_s"),
            )
        yield person, name, seen


def _whole(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name, 0)
    return value if type(value) is int and 0 <= value < 1 << 53 else 0


def _number(data: Mapping[str, Any], name: str) -> float:
    value = data.get(name, 0.0)
    return float(value) if isinstance(value, (int, float)) and 0 <= value < 1e9 else 0.0
