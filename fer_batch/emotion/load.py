"""Opens a model with the runtime that suits the machine."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fer_batch.checksum import fingerprint
from fer_batch.config import DEVICES, RUNTIMES, RunSettings
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import Classifier
from fer_batch.emotion.models import find_model, full_of
from fer_batch.errors import UsageError

logger = logging.getLogger(__name__)


def open_classifier(
    model: str,
    runtime: str = "auto",
    device: str = "auto",
    batch_size: int = RunSettings.batch_size,
    threads: int | None = None,
) -> Classifier:
    """A classifier for ``model``, a name such as ``fer3`` or the path of a model card.

    ``runtime`` "auto" is LiteRT, but Keras for ``device`` "gpu": asking Keras whether there is a
    GPU would cost more start-up time than most runs gain. For Keras a model of eight bits has the
    weights of the full one that it was made of, and a model without weights for it stays on the
    CPU; a line says so. ``threads`` (LiteRT only) is the number of CPU threads, all where None.
    """
    _check(runtime, device, batch_size)
    asked = find_model(model)
    card, chosen = weights_for(asked, runtime, device)
    if chosen == "keras":
        from fer_batch.emotion.keras_runtime import KerasClassifier

        if card != asked:
            logger.warning(
                "%s has weights of eight bits, for CPUs; Keras takes those of %s, of which it was "
                "made",
                asked.name,
                card.name,
            )
        return KerasClassifier(card, batch_size, device)
    if runtime == "auto" and device == "gpu":
        logger.warning("%s has weights for CPUs only and runs there", card.name)
    from fer_batch.emotion.litert import LiteRtClassifier

    return LiteRtClassifier(card, batch_size, threads)


def weights_for(card: ModelCard, runtime: str, device: str) -> tuple[ModelCard, str]:
    """Whose weights ``open_classifier`` would take for ``card``, and its runtime: ``litert`` or
    ``keras``."""
    wants_keras = device == "gpu" or "litert" not in card.files
    if runtime == "litert" or (runtime == "auto" and not wants_keras):
        return card, "litert"
    if "keras" in card.files:
        return card, "keras"
    if (full := full_of(card)) is not None and "keras" in full.files:
        return full, "keras"
    return card, "litert" if runtime == "auto" else runtime


def runs_on(card: ModelCard, runtime: str, device: str) -> str:
    """``litert`` or ``keras``: which runtime ``open_classifier`` would take."""
    return weights_for(card, runtime, device)[1]


def made_with(card: ModelCard, engine: Mapping[str, str]) -> ModelCard:
    """The model whose weights an engine took for ``card``, as its facts name them."""
    full = full_of(card)
    return full if full is not None and engine.get("weights") == named(full) else card


def named(card: ModelCard) -> str:
    """A model as an engine's facts name it: all that a face's numbers depend on."""
    return f"{card.name} {fingerprint(card.identity)[:12]}"


def _check(runtime: str, device: str, batch_size: int) -> None:
    if runtime not in RUNTIMES:
        raise UsageError(f"unknown runtime {runtime!r}: {', '.join(RUNTIMES)}")
    if device not in DEVICES:
        raise UsageError(f"unknown device {device!r}: {', '.join(DEVICES)}")
    if runtime == "litert" and device == "gpu":
        raise UsageError("the litert runtime works on CPUs: use --runtime keras for a GPU")
    if batch_size < 1:
        raise UsageError("--batch-size must be 1 or more")
