"""What is said where results of other work lie in an input's place, and are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fer_batch.jobs.item.work import ItemPlan, ItemSpec
from fer_batch.output.foreign import drawn_with
from fer_batch.plural import plural
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
    wanted = {"analyze": item.analyze.to_json(), "render": item.render.to_json()}
    coming = {
        "input": {"sha256": plan.input_sha256},
        "asked_key": plan.render_key,
        "model": {"name": item.analyze.model},
        "engine": engine,
        "settings": json.loads(json.dumps(wanted | {"outputs": item.outputs})),
    }
    now = item.analyze.model
    what = _other_work(previous, coming, "this run uses", "now", same_numbers)
    again = "draw them again with --resume, " if same_numbers else ""
    return f"{folder}: {what}; {again}{_ways_on(folder, item.name, previous, now)}"


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
    over others, nor over the job's own that were corrected or drawn again."""
    if _same_input(previous, coming) and previous.get("analysis_key") == coming.get("analysis_key"):
        told = _in_brackets(_changed_settings(previous, coming, "in the job"))
        what = f"was corrected, or drawn or compared with others again{told}"
    else:
        what = _other_work(previous, coming, "the job used", "in the job", False)
    return f"{folder}: {what}; {_ways_on(folder, name, previous, _model(coming))}"


def _other_work(
    previous: Mapping[str, Any],
    coming: Mapping[str, Any],
    uses: str,
    word: str,
    same_numbers: bool,
) -> str:
    """In what two records differ: the input, the engine, the model, its weights, or else the
    settings. ``uses`` and ``word``: what stands before a model and before a value that is wanted.
    """
    before, now = _model(previous), _model(coming)
    if not _same_input(previous, coming):
        return "holds results of another input"
    engines = _differences(_part(previous, "engine"), _part(coming, "engine"), word)
    if previous.get("asked_key") == coming.get("asked_key") and engines:
        return f"holds results of another engine{_in_brackets(engines)}"
    if before != now:
        return f"holds results of model {before}, {uses} {now}"
    if not same_numbers and not _changed_settings(previous, coming, word, ("analyze",), False):
        return (
            f"holds results of another version of fer-batch or of the weights of model {now} "
            "(`fer-batch render` draws them again as they are)"
        )
    changed = _changed_settings(previous, coming, word)
    return f"holds results of other settings{_in_brackets(changed)}"


def _same_input(previous: Mapping[str, Any], coming: Mapping[str, Any]) -> bool:
    return bool(_part(previous, "input").get("sha256") == _part(coming, "input").get("sha256"))


def _model(record: Mapping[str, Any]) -> str:
    return str(_part(record, "model").get("name", ""))


def _in_brackets(parts: list[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""


def _ways_on(folder: Path, name: str, previous: Mapping[str, Any], model: str) -> str:
    other = Path(model).stem if _model(previous) != model else "2"
    out = folder
    for _ in name.split("/"):
        out = out.parent
    out = out.absolute()
    return (
        f"write to another folder (-o {out.resolve().name}-{other}), "
        "or replace them with --overwrite"
    )


def _changed_settings(
    previous: Mapping[str, Any],
    coming: Mapping[str, Any],
    word: str,
    parts: Sequence[str] = ("analyze", "render"),
    outputs: bool = True,
) -> list[str]:
    """The settings of ``parts``, and the outputs, that both records know and that differ; the first
    of them. ``word``: what stands before what is wanted."""
    found: list[str] = []
    recorded, wanted = _part(previous, "settings"), _part(coming, "settings")
    for part in parts:
        before, now = _in_words(_part(recorded, part)), _in_words(_part(wanted, part))
        found += _differences(
            {name: value for name, value in before.items() if name in now},
            {name: value for name, value in now.items() if name in before},
            word,
        )
    made, asked = recorded.get("outputs"), wanted.get("outputs")
    if outputs and isinstance(made, list) and isinstance(asked, list):
        lists = [list(map(str, names)) for names in (made, asked)]
        if sorted(lists[0]) != sorted(lists[1]):
            texts = [{"outputs": ",".join(names)} for names in lists]
            found += _differences(texts[0], texts[1], word)
    more = len(found) - MOST_TOLD
    return [*found[:MOST_TOLD], *([f"and {more} more"] if more > 0 else [])]


def _in_words(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with all corrections as a few words."""
    found = dict(settings)
    if isinstance(edits := found.get("edits"), list):
        found["edits"] = plural(len(edits) - 1, "correction") if edits else "none"
    return found


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a record, which a stranger may have written; empty where it is none."""
    part = record.get(name)
    return part if isinstance(part, Mapping) else {}


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], word: str) -> list[str]:
    """In what two records differ, a few words each."""
    return [
        f"{name}: {_short(before.get(name))}, {word} {_short(now.get(name))}"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]


def _short(value: object) -> str:
    text = one_line(str(value)) or "none"
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 2]} …"
