"""What the arrays of all types are called, and how they are checked at construction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from fer_batch.columns import Columns, checked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# As strings, so that numpy is not imported here.
IntArray: TypeAlias = "NDArray[np.int64]"
FloatArray: TypeAlias = "NDArray[np.float32]"
DoubleArray: TypeAlias = "NDArray[np.float64]"
HalfArray: TypeAlias = "NDArray[np.float16]"
Image: TypeAlias = "NDArray[np.uint8]"
BoolArray: TypeAlias = "NDArray[np.bool_]"
LEFT_OUT: Any = None  # an optional array that construction fills with what stands for "unknown"
NAN = float("nan")


def check(found: object, columns: Columns, frames: int, **known: int) -> None:
    """Check the arrays of a frozen type, and put in those that were left out."""
    given = {name: getattr(found, name) for name in columns}
    whole = checked(type(found).__name__, columns, given, frames, known)
    for name, array in whole.items():
        if given[name] is None:
            object.__setattr__(found, name, array)
