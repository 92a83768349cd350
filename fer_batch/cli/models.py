"""``fer-batch models``: what models there are, and what their cards say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fer_batch.cli.cells import padded, width
from fer_batch.cli.console import echo, echo_beside, echo_data, echo_parts, styled
from fer_batch.config import DEFAULT_MODEL
from fer_batch.printable import one_line

if TYPE_CHECKING:
    from fer_batch.emotion.card import ModelCard


COMPARE = "follows FER2013's labels: for comparison with work on FER2013"
WHICH = {
    "ferplus3-int8": "happy, sad or neutral, as most people would say it",
    "ferplus8-int8": "eight expressions, as most people would say it",
    "fer3, fer7": "only to compare with work on FER2013, whose labels often call a neutral face "
    "sad",
}
MORE = (
    "-int8 is the faster on CPUs; GPUs take the weights without it, which change results a little",
    "fer-batch models NAME shows a model's card; fer-batch evaluate measures it on your own photos",
)


def models(
    name: Annotated[
        str | None, typer.Argument(help="A model's name, or the path of a card: its whole card.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the models, or show one model's card."""
    from fer_batch.emotion.models import find_model, list_models

    cards = [find_model(name)] if name else list_models()
    if as_json:
        shown = [_as_data(card) for card in cards]
        echo_data(json.dumps(shown[0] if name else shown, indent=2))
    elif name:
        _show_card(cards[0])
    else:
        names = [one_line(card.name) for card in cards]
        indent = max(map(width, names), default=0) + 2
        for name, card in zip(names, cards, strict=True):
            echo_beside(styled(padded(name, indent), bold=True), indent, ", ".join(card.labels))
            echo_beside(" " * indent, indent, _in_short(card))
        echo()
        _say_which()


def _say_which() -> None:
    """What helps to choose."""
    echo("Which one?")
    indent = max(map(len, WHICH)) + 4
    for name, text in WHICH.items():
        echo_beside(padded(f"  {name}", indent), indent, text)
    for text in MORE:
        echo_beside("  ", 2, text)


def _in_short(card: ModelCard) -> str:
    """What helps to choose: how often it is right and by whom, where it runs."""
    measured = card.metrics.get("PublicTest", {})
    parts = [card.description]
    if "accuracy" in measured and "n" in measured:
        whose = "FER+'s majority" if card.annotation == "ferplus" else "FER2013's labels"
        parts = [f"right on {measured['accuracy']:.1%} of {measured['n']:,} test faces, by {whose}"]
    parts += [f"four times as fast as {card.full} on CPUs"] if card.full else []
    parts += [COMPARE] if card.annotation == "fer2013" else []
    parts += ["the default"] if card.name == DEFAULT_MODEL else []
    return "; ".join(parts)


def _as_data(card: ModelCard) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(card), "path": str(card.path)}


def _show_card(card: ModelCard) -> None:
    rows: list[tuple[str, str]] = [
        ("labels", ", ".join(card.labels)),
        ("annotation", card.annotation),
        ("input", f"{card.input_size}x{card.input_size} pixels, grey"),
        ("card", str(card.path)),
        *((("prior", _shares(card.prior)),) if card.prior else ()),
        *_second(card),
        *((f"file ({runtime})", file) for runtime, file in card.files.items()),
        *((f"sha256 of {file}", digest) for file, digest in card.sha256.items()),
        *_flat("training", card.training),
        *_flat("measured", card.metrics),
    ]
    echo_parts(styled(f"{card.name} (version {card.version})", bold=True))
    if card.description:
        echo_beside("", 0, card.description)
    echo("")
    indent = max(width(one_line(key)) for key, _ in rows) + 4
    for key, value in rows:
        echo_beside(padded(f"  {one_line(key)}", indent), indent, value)
    for limit in card.limits:
        echo_beside("  · ", 4, limit)


def _second(card: ModelCard) -> list[tuple[str, str]]:
    """How a second network is joined with the model, where its card names one."""
    if card.second is None:
        return []
    counts = f"asked about photos, counts {card.second.share:.0%}"
    return [("second opinion", f"{counts}; prior of both: {_shares(card.second.prior)}")]


def _shares(prior: Mapping[str, float]) -> str:
    return ", ".join(f"{label} {share:.2f}" for label, share in prior.items())


def _flat(prefix: str, data: dict[str, Any]) -> list[tuple[str, str]]:
    """Nested values of a card as lines: ``measured PublicTest accuracy``."""
    rows: list[tuple[str, str]] = []
    for key, value in data.items():
        name = f"{prefix}: {key}"
        if isinstance(value, dict):
            rows += _flat(name, value)
        elif isinstance(value, float):
            rows.append((name, f"{value:.4g}"))
        elif isinstance(value, list):
            rows.append((name, ", ".join(map(str, value))))
        else:
            rows.append((name, str(value)))
    return rows
