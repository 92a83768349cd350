"""What is said where results of other work lie in an input's place, and are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_batch.jobs.item.work import ItemPlan, ItemSpec
from fer_batch.output.foreign import drawn_with
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
        wanted = {"analyze": item.analyze.to_json(), "render": item.render.to_json()}
        asked = json.loads(json.dumps(wanted | {"outputs": item.outputs}))
        if changed := _changed_settings(previous, asked):
            what += f" ({', '.join(changed)})"
    again = "draw them again with --resume, " if same_numbers else ""
    return f"{folder}: {what}; {again}{_ways_on(folder, item.name, now)}"


def hidden_refusal(folder: Path, previous: Mapping[str, Any], item: ItemSpec) -> str:
    """What is said where faces that are unrecognisable in ``folder`` would be shown; "" where that
    is not so."""
    was = drawn_with(previous)
    if item.render.blurs or not (was.get("blur_faces") or was.get("blur")):
        return ""
    whose = was.get("blur")
    named = ",".join(map(str, whose)) if isinstance(whose, list) else whose
    said = "--blur-faces" if was.get("blur_faces") else f"--blur {_short(named)}"
    return (
        f"{folder}: faces are unrecognisable there ({said}); say so again, show them with "
        "`fer-batch render --show-faces`, or make everything anew with --overwrite"
    )


def download_refusal(
    folder: Path, name: str, previous: Mapping[str, Any], coming: Mapping[str, Any]
) -> str:
    """The same where the results called ``name`` of a job, with the record ``coming``, are not put
    over others."""
    before, now = (str(record.get("model", {}).get("name", "")) for record in (previous, coming))
    if previous["input"].get("sha256") != coming.get("input", {}).get("sha256"):
        what = "holds results of another input"
    elif before != now:
        what = f"holds results of model {before}, the job used {now}"
    else:
        what = "holds results of other settings"
        if changed := _changed_settings(previous, coming.get("settings", {})):
            what += f" ({', '.join(changed)})"
    return f"{folder}: {what}; {_ways_on(folder, name, now)}"


def _ways_on(folder: Path, name: str, model: str) -> str:
    out = folder
    for _ in name.split("/"):
        out = out.parent
    return (
        f"write to another folder (-o {out.resolve().name}-{Path(model).stem}), "
        "or replace them with --overwrite"
    )


def _changed_settings(previous: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """The settings that both know and that differ; the first of them."""
    found: list[str] = []
    recorded = previous.get("settings", {})
    for part in ("analyze", "render"):
        before, now = recorded.get(part), wanted.get(part)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            found += _differences(
                {name: value for name, value in before.items() if name in now},
                {name: value for name, value in now.items() if name in before},
            )
    made, asked = recorded.get("outputs"), wanted.get("outputs")
    if isinstance(made, list) and isinstance(asked, list):
        lists = [list(map(str, names)) for names in (made, asked)]
        if sorted(lists[0]) != sorted(lists[1]):
            texts = [{"outputs": ",".join(names)} for names in lists]
            found += _differences(texts[0], texts[1])
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
