"""Opens a model with the runtime that suits the machine."""

from __future__ import annotations

import logging

from fer_batch.config import DEVICES, RUNTIMES, RunSettings
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import Classifier
from fer_batch.emotion.models import find_model
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
    GPU would cost more start-up time than most runs gain. A model without weights for Keras stays
    on the CPU, with a warning. ``threads`` (LiteRT only) is the number of CPU threads, all where
    None.
    """
    _check(runtime, device, batch_size)
    card = find_model(model)
    if runs_on(card, runtime, device) == "keras":
        from fer_batch.emotion.keras_runtime import KerasClassifier

        return KerasClassifier(card, batch_size, device)
    if runtime == "auto" and device == "gpu":
        logger.warning(
            "%s has weights for CPUs only and runs there; %s would use the GPU",
            card.name,
            card.name.removesuffix("-int8"),
        )
    from fer_batch.emotion.litert import LiteRtClassifier

    return LiteRtClassifier(card, batch_size, threads)


def runs_on(card: ModelCard, runtime: str, device: str) -> str:
    """``litert`` or ``keras``: which runtime ``open_classifier`` would take."""
    if runtime != "auto":
        return runtime
    wants_keras = device == "gpu" or "litert" not in card.files
    return "keras" if wants_keras and "keras" in card.files else "litert"


def _check(runtime: str, device: str, batch_size: int) -> None:
    if runtime not in RUNTIMES:
        raise UsageError(f"unknown runtime {runtime!r}: {', '.join(RUNTIMES)}")
    if device not in DEVICES:
        raise UsageError(f"unknown device {device!r}: {', '.join(DEVICES)}")
    if runtime == "litert" and device == "gpu":
        raise UsageError("the litert runtime works on CPUs: use --runtime keras for a GPU")
    if batch_size < 1:
        raise UsageError("--batch-size must be 1 or more")
