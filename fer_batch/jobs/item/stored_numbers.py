"""Numbers that are there and stay, whatever would make other ones now.

A newer fer-batch has better weights. What an older one has analysed can still be drawn again and
corrected: nothing is inferred, and the record goes on saying what made the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fer_batch.config import AnalyzeSettings
from fer_batch.errors import UsageError
from fer_batch.jobs.item.result_keys import render_key, same_numbers
from fer_batch.jobs.item.work import ItemPlan, ItemSpec

# What a record says of those who made its numbers.
MAKERS = ("model", "detector", "versions")


def with_stored_numbers(
    plan: ItemPlan, item: ItemSpec, previous: Mapping[str, Any], engine: Mapping[str, str]
) -> ItemPlan:
    """``plan`` for drawing the numbers of the record ``previous``, which ``engine`` has made, where
    they are of the same content and settings; else as it is."""
    if same_numbers(plan, previous, engine) or not _same_work(plan, item, previous):
        return plan
    stored = str(previous["analysis_key"])
    return replace(
        plan,
        analysis_key=stored,
        render_key=render_key(stored, item),
        made_by={name: previous[name] for name in MAKERS if name in previous},
    )


def _same_work(plan: ItemPlan, item: ItemSpec, previous: Mapping[str, Any]) -> bool:
    try:
        about, settings = previous["input"], previous["settings"]["analyze"]
        return bool(
            previous["analysis_key"]
            and previous["model"]
            and about["sha256"] == plan.input_sha256
            and about["kind"] == plan.info.kind
            and about["frames"] == len(plan.info)
            and AnalyzeSettings.from_json(settings) == item.analyze
        )
    except (KeyError, TypeError, ValueError, UsageError):
        return False
