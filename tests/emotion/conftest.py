"""A small real model, made once: an untrained network exported as trained ones are."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_batch.emotion.card import ModelCard


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a two-label model of the ``tiny`` architecture."""
    from fer_batch.training.data.targets import Head
    from fer_batch.training.data.template import DEFAULT_TEMPLATE
    from fer_batch.training.export.pool import Pool
    from fer_batch.training.export.write import export, write_card
    from fer_batch.training.network.architectures import build

    out = tmp_path_factory.mktemp("model")
    head = Head("two", ("happy", "sad"))
    pool = Pool(head.labels, {"two": 1.0}, (0.0, 0.0))
    exported = export(build("tiny", [head]), {"two": head}, pool, "two", out)
    card = ModelCard("two", head.labels, 48, {}, {}, DEFAULT_TEMPLATE)
    path = write_card(exported, card, out).path
    assert path is not None
    return path
