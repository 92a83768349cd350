"""People of several inputs brought together from summaries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fer_batch.output.gathered import gathered
from fer_batch.output.stored import Stored


def film(name: str, *people: dict[str, Any]) -> Stored:
    listed = [{"face_id": at, "seconds": 2.0, **one} for at, one in enumerate(people, 1)]
    return Stored(name, Path(name), {"people": listed})


def photos(name: str, *persons: dict[str, Any]) -> Stored:
    return Stored(
        name, Path(name), {"photos": {}, "persons": [{"photos": 3, **p} for p in persons]}
    )


def shown(*results: Stored) -> list[tuple[str, int, list[str]]]:
    return [(o.name, o.person, [a.input for a in o.appearances]) for o in gathered(results)]


def test_equal_numbers_and_equal_names_are_one_person() -> None:
    found = shown(
        film("a", {"person": 1}, {"person": 2, "name": "Ben"}),
        film("b", {"person": 2}, {"name": "ben"}, {"person": 3}),
        photos("p", {"person": 1}, {"person": 3, "name": "Cleo"}),
    )
    assert found == [
        ("Ben", 2, ["a", "b", "b"]),
        ("", 1, ["a", "p"]),
        ("Cleo", 3, ["b", "p"]),
    ]


def test_a_number_with_two_names_stays_two_people_and_the_rest() -> None:
    found = shown(
        film("a", {"person": 1, "name": "Ann"}),
        film("b", {"person": 1, "name": "Bea"}),
        film("c", {"person": 1}),
    )
    assert {(name, tuple(where)) for name, _, where in found} == {
        ("Ann", ("a",)), ("Bea", ("b",)), ("", ("c",)),
    }  # fmt: skip


def test_who_has_neither_is_left_out_and_strangers_values_do_no_harm() -> None:
    assert shown(film("a", {}, {"person": "x"}, {"person": -4}, {"person": True})) == []
    (one,) = gathered([film("a", {"person": 2, "seconds": "long", "first_s": -1})])
    assert (one.seconds, one.called) == (0.0, "Person 2")
