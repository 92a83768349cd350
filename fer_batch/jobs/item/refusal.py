"""What is said where results of other work lie in an input's place, and are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_batch.jobs.item.work import ItemPlan, ItemSpec
from fer_batch.printable import one_line

MOST_TOLD = 4
LONGEST_VALUE = 40  # characters


def refusal(
    folder: Path,
    item: ItemSpec,
    plan: ItemPlan,
    previous: Mapping[str, Any],
    engine: Mapping[str, str],
    same_numbers: bool,
) -> str:
    """What lies in ``folder``, in which it differs, and the ways on, as one line.

    ``previous``: the record (``summary.json``) of what lies there. ``engine``: what would make the
    numbers now, see ``Engine.facts``. ``same_numbers``: nothing but drawings and outputs differ.
    """
    before, now = previous.get("model", {}).get("name", ""), item.analyze.model
    if previous["input"].get("sha256") != plan.input_sha256:
        what = "holds results of another input"
    elif previous.get("asked_key") == plan.render_key:
        differences = _differences(previous.get("engine", {}), engine)
        what = f"holds results of another engine ({', '.join(differences)})"
    elif before != now:
        what = f"holds results of model {before}, this run uses {now}"
    else:
        what = "holds results of other settings"
        if changed := _changed_settings(previous, item):
            what += f" ({', '.join(changed)})"
    out = folder
    for _ in item.name.split("/"):
        out = out.parent
    again = "draw them again with --resume, " if same_numbers else ""
    return (
        f"{folder}: {what}; {again}write to another folder (-o {out.name}-{Path(now).stem}), "
        "or replace them with --overwrite"
    )


def _changed_settings(previous: Mapping[str, Any], item: ItemSpec) -> list[str]:
    """The settings that both know and that differ; the first of them."""
    found: list[str] = []
    recorded = previous.get("settings", {})
    for part, wanted in (("analyze", item.analyze), ("render", item.render)):
        before = recorded.get(part) if isinstance(recorded, Mapping) else None
        if isinstance(before, Mapping):
            now = json.loads(json.dumps(wanted.to_json()))
            found += _differences(
                {name: value for name, value in before.items() if name in now},
                {name: value for name, value in now.items() if name in before},
            )
    made = recorded.get("outputs") if isinstance(recorded, Mapping) else None
    if isinstance(made, list) and sorted(map(str, made)) != sorted(item.outputs):
        found += _differences(
            {"outputs": ",".join(map(str, made))}, {"outputs": ",".join(item.outputs)}
        )
    more = len(found) - MOST_TOLD
    return [*found[:MOST_TOLD], *([f"and {more} more"] if more > 0 else [])]


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """In what two records differ, a few words each."""
    return [
        f"{name}: {_short(before.get(name))}, now {_short(now.get(name))}"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]


def _short(value: object) -> str:
    text = one_line(str(value)) or "none"
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 2]} …"
