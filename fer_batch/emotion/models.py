"""Finds models by name or by path."""

from __future__ import annotations

import json
from pathlib import Path

from fer_batch.emotion.card import ModelCard
from fer_batch.errors import ModelFileError, UnknownModelError


def models_dir() -> Path:
    """Where the shipped models lie: inside an installed package, or ``models/`` of a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_models"
    return installed if installed.is_dir() else package.parent / "models"


def list_models(directory: Path | None = None) -> list[ModelCard]:
    """The cards of all models in ``directory`` (the shipped ones), ordered by name."""
    return [ModelCard.read(path) for path in sorted((directory or models_dir()).glob("*.json"))]


def find_model(name: str) -> ModelCard:
    """The card of a shipped model by name (``fer3``), or of any model by its card's path."""
    path = Path(name)
    if path.suffix == ".json" or path.is_dir() or len(path.parts) > 1:
        return _at(path)
    shipped = models_dir() / f"{name}.json"
    if shipped.is_file():
        return ModelCard.read(shipped)
    known = ", ".join(card.stem for card in sorted(models_dir().glob("*.json"))) or "none"
    raise UnknownModelError(
        f"unknown model {name!r}: there is {known}; or give the path of a model card (.json)"
    )


def full_of(card: ModelCard) -> ModelCard | None:
    """The model with full weights that ``card`` was made of; None where it is none of eight bits,
    or the other is not there.

    Raises:
        ModelFileError: the other's card is damaged, or says other things than this one.
    """
    if not card.full or card.path is None:
        return None
    path = card.path.with_name(f"{card.full}.json")
    if not path.is_file():
        return None
    full = ModelCard.read(path)
    if (full.labels, full.input_size) != (card.labels, card.input_size):
        raise ModelFileError(
            f"{path}: has other labels or crops than {card.path.name}, of its kind"
        )
    return full


def _at(path: Path) -> ModelCard:
    if path.is_dir():
        cards = [file for file in sorted(path.glob("*.json")) if _is_card(file)]
        if not cards:
            raise ModelFileError(f"{path}: holds no model card (.json)")
        if len(cards) > 1:
            names = ", ".join(card.name for card in cards)
            raise ModelFileError(f"{path}: holds {len(cards)} models; name one of {names}")
        path = cards[0]
    if path.suffix != ".json":
        path = path.with_suffix(".json")
    if not path.is_file():
        raise UnknownModelError(f"{path}: there is no such model card")
    return ModelCard.read(path)


def _is_card(path: Path) -> bool:
    """A training keeps other files beside the cards of its models."""
    try:
        return "labels" in json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        return False
