"""Structures of arrays: what each array of a type must be, written down once and checked.

A type lists its arrays as ``Column``s. Construction, merging, storing and reading go through such
a list, so that another column is one more line in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]
    Arrays = dict[str, Array]


@dataclass(frozen=True, slots=True)
class Column:
    """One array. ``row`` is the shape of one entry; a name in it stands for a length that all
    columns with that name share. ``per``: one entry a face or a frame.

    ``missing`` is the value of an entry that nothing is known of. An ``optional`` column may be
    left out: it is then filled with that value (and lengths that nobody names are 0). ``mixed``:
    a face that is put in between two others has a value between theirs, else ``missing``.
    """

    dtype: str
    row: tuple[int | str, ...] = ()
    per: Literal["face", "frame"] = "face"
    missing: float | bool = 0
    optional: bool = False
    mixed: bool = False


Columns = Mapping[str, Column]


def checked(
    owner: str, columns: Columns, given: Mapping[str, Any], frames: int, known: Mapping[str, int]
) -> Arrays:
    """``given`` with the optional columns that were left out (None).

    Args:
        owner: what people call the type, for errors.
        columns: what it must hold.
        given: the arrays by name; the first face column says how many faces there are.
        frames: how many frames there are.
        known: named lengths that are known beforehand.

    Raises:
        ValueError: a column is missing, of another type or of another shape.
    """
    lengths = dict(known)
    counts = {"frame": frames}
    found: Arrays = {}
    left_out = []
    for name, column in columns.items():
        array: Any = given.get(name)
        if array is None and column.optional:
            left_out.append(name)
            continue
        if not hasattr(array, "dtype"):
            raise ValueError(f"{owner}.{name}: is {type(array).__name__}, not an array")
        _check(owner, name, column, array, counts, lengths)
        found[name] = array
    for name in left_out:
        found[name] = unknown(columns[name], counts[columns[name].per], lengths)
    return found


def _check(
    owner: str,
    name: str,
    column: Column,
    array: Array,
    counts: dict[str, int],
    lengths: dict[str, int],
) -> None:
    shape = array.shape
    if array.dtype.name == column.dtype and len(shape) == 1 + len(column.row):
        wanted = (counts.setdefault(column.per, shape[0]), *_row(column, shape[1:], lengths))
        if shape == wanted:
            return
    first = str(counts.get(column.per, column.per))
    rest = [str(lengths.get(axis, axis) if isinstance(axis, str) else axis) for axis in column.row]
    axes = ", ".join([first, *rest])
    there = ", ".join(map(str, shape))
    raise ValueError(f"{owner}.{name}: is {array.dtype}[{there}], not {column.dtype}[{axes}]")


def _row(column: Column, shape: tuple[int, ...], lengths: dict[str, int]) -> tuple[int, ...]:
    """The shape that an entry must have; a name that is new takes the length it meets."""
    return tuple(
        lengths.setdefault(axis, found) if isinstance(axis, str) else axis
        for axis, found in zip(column.row, shape, strict=True)
    )


def unknown(column: Column, count: int, lengths: Mapping[str, int] | None = None) -> Array:
    """``count`` entries of which nothing is known."""
    import numpy as np

    row = [axis if isinstance(axis, int) else (lengths or {}).get(axis, 0) for axis in column.row]
    return np.full((count, *row), column.missing, column.dtype)


def named(columns: Columns, per: str) -> tuple[str, ...]:
    """The names of the columns with an entry for each face, or for each frame."""
    return tuple(name for name, column in columns.items() if column.per == per)


def arrays_of(owner: object, names: Iterable[str]) -> Arrays:
    """The arrays of ``owner`` by name."""
    return {name: getattr(owner, name) for name in names}
