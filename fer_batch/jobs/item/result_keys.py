"""What a finished result is known by: everything that it depends on, as hashes.

A plan says what was asked; a result also depends on the engine that made its numbers, and on what
the inputs of a batch had to do with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fer_batch.config import fingerprint
from fer_batch.jobs.item.work import ItemPlan


@dataclass(frozen=True, slots=True)
class ResultKeys:
    """``asked``: what was wanted of which input; ``analysis``: its numbers; ``render``: all."""

    asked: str
    analysis: str
    render: str

    def to_json(self) -> dict[str, str]:
        """As ``summary.json`` names them."""
        return {
            "asked_key": self.asked,
            "analysis_key": self.analysis,
            "render_key": self.render,
        }


def result_keys(plan: ItemPlan, engine: Mapping[str, str], related: str = "") -> ResultKeys:
    """The keys of a result of ``plan`` whose numbers ``engine`` made; ``related`` stands for what
    came of the other inputs, "" where nothing did."""
    analysis = fingerprint([plan.analysis_key, dict(engine)])
    return ResultKeys(plan.render_key, analysis, fingerprint([plan.render_key, analysis, related]))


def same_numbers(plan: ItemPlan, summary: Mapping[str, Any], engine: Mapping[str, str]) -> bool:
    """Whether the result that ``summary`` tells of has the numbers that ``engine`` would make."""
    return summary.get("analysis_key") == result_keys(plan, engine).analysis


def engine_line(engine: Mapping[str, str]) -> str:
    """An engine as one line: ``analyzer grid, classifier litert 2.1, …``."""
    return ", ".join(f"{name} {value}" for name, value in sorted(engine.items()))
