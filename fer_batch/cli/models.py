"""``fer-batch models``: what models there are, and what their cards say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fer_batch.cli.console import echo, echo_data, echo_parts, styled
from fer_batch.config import DEFAULT_MODEL
from fer_batch.printable import one_line

if TYPE_CHECKING:
    from fer_batch.emotion.card import ModelCard


COMPARE = "follows FER2013's labels: for comparison with work on FER2013"
WHICH = """Which one?
  ferplus3-int8  happy, sad or neutral, as most people would say it
  ferplus8-int8  eight expressions, as most people would say it
  fer3, fer7     only to compare with work on FER2013, whose labels often call a neutral face sad
  -int8 is the faster on CPUs; GPUs take the weights without it, which change results a little
  fer-batch models NAME shows a model's card; fer-batch evaluate measures it on your own photos"""


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
        width = max((len(card.name) for card in cards), default=0)
        for card in cards:
            labels = one_line(f"  {', '.join(card.labels)}")
            echo_parts(styled(f"{card.name:<{width}}", bold=True), labels)
            echo(f"{'':<{width}}  {_in_short(card)}")
        echo()
        for line in WHICH.splitlines():
            echo(line)


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
        echo(card.description)
    echo("")
    width = max(len(key) for key, _ in rows)
    for key, value in rows:
        echo(f"  {key:<{width}}  {value}")
    for limit in card.limits:
        echo(f"  · {limit}")


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
