"""The result of one check of `fer-batch doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``note``: works, but worth knowing. ``advice`` says what to do."""

    name: str
    state: State
    found: str
    advice: str = ""
