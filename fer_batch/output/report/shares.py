"""Shares of labels as a bar: the same on every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer_batch.output.report.html import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar of shares; ``x`` and ``width`` in thousandths of the bar."""

    label: str
    colour: str
    text: str
    x: float
    width: float
    longest: Mapping[str, Any] | None = None


def share_parts(share: Mapping[str, float], shown: Mapping[str, str]) -> list[Part]:
    """The pieces of a bar, in the order of ``share``."""
    parts, x = [], 0.0
    for label, value in share.items():
        width = round(1000 * value, 2)
        parts.append(Part(label, shown[label], percent(value), round(x, 2), width))
        x += 1000 * value
    return parts


def share_text(parts: Sequence[Part]) -> str:
    """The bar in words, for those who do not see it."""
    return ", ".join(f"{part.label} {part.text}" for part in parts if part.width > 0)
