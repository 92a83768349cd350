"""Inputs of a folder of results that hold the same: what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_batch.output.stored import Stored
from fer_batch.plural import first_of, plural

MOST_NAMED = 3

# The path of an input, and its result.
Made = tuple[str, Stored]


def held_twice(made: Sequence[Made], stored: Sequence[Stored]) -> list[str]:
    """A line for each input just ``made`` that holds what another result among ``stored``, which
    are those that stand in the tables, does as well."""
    return [*_copies(made, stored), *_shared_photos(made, stored)]


def _copies(made: Sequence[Made], stored: Sequence[Stored]) -> list[str]:
    """Which inputs, each with its result, have content that lies there under another name."""
    names = {result.name for result in stored}
    known = {result.content: result.name for result in stored}
    return [
        f"{path}: the same file as {known.get(result.content, 'another')}; "
        "it stands once in the tables"
        for path, result in made
        if result.name not in names
    ]


def _shared_photos(made: Sequence[Made], stored: Sequence[Stored]) -> list[str]:
    """Which sets of photos have some in common with others: a folder that was run after a folder
    in it."""
    photos = {result.name: _photos(result) for result in stored if result.of_photos}
    others = {result.name: result for result in stored if result.of_photos}
    lines = []
    for path, result in made:
        if others.pop(result.name, None) is None:  # so that each pair is told once
            continue
        both = {
            name: photos[result.name] & photos[name]
            for name, other in others.items()
            if other.model == result.model and photos[result.name] & photos[name]
        }
        if both:
            count = len(set[str]().union(*both.values()))
            stand = "stands" if count == 1 else "stand"
            lines.append(
                f"{path}: {plural(count, 'photo')} of it {stand} in the tables as "
                f"{first_of(list(both), MOST_NAMED)}, too, and would be counted twice; "
                "remove the results that you do not want"
            )
    return lines


def _photos(result: Stored) -> set[str]:
    """Where the photos of a set lay."""
    names = result.summary["input"].get("files")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return set()
    # A photo that was named itself is its own input.
    if len(names) == 1 and Path(result.path).name == names[0]:
        return {result.path}
    return {f"{result.path}/{name}" for name in names}
