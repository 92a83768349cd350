"""What becomes of inputs, and what a runner says on the way: the runners' common words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from fer_batch.jobs.item.work import ItemSpec

Existing = Literal["keep", "resume", "overwrite"]
# "analyzed" is on the way: the timeline is there, drawing waits for the other inputs.
State = Literal["done", "reused", "failed", "cancelled", "analyzed"]
Phase = Literal["all", "timeline", "draw"]


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one input. ``error`` is the one line for the user, ``code`` its kind."""

    item: ItemSpec
    out: Path
    state: State
    seconds: float = 0.0
    error: str = ""
    code: str = ""
    summary: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """All but what the receiver knows: the item and its folder."""
        kept = ("state", "seconds", "error", "code", "summary")
        return {name: getattr(self, name) for name in kept}

    @classmethod
    def from_json(cls, item: ItemSpec, out: Path, data: dict[str, Any]) -> ItemResult:
        return cls(item, out, **data)


def not_begun(item: ItemSpec, out: Path) -> ItemResult:
    """The result of an input that was not begun, since the user wished to stop."""
    return ItemResult(item, out, "cancelled")


class Observer(Protocol):
    """What a runner tells whoever shows progress."""

    def item_started(self, number: int, item: ItemSpec) -> None:
        """Work on input ``number`` (from 0) begins."""
        ...

    def stage(self, number: int, name: str, frames: int) -> None:
        """A stage of input ``number`` begins; it will report ``frames`` frames."""
        ...

    def advance(self, number: int, frames: int) -> None:
        """``frames`` more frames of the current stage of input ``number`` are done."""
        ...

    def item_ended(self, number: int, result: ItemResult) -> None:
        """The input is finished, or has failed."""
        ...
