"""What exported models of one training share: every layer but the last."""

from __future__ import annotations

from typing import Any

LAST = "logits"
"""The dense layer that is a model's own (``training.export``)."""


def trunk(exported: Any) -> list[Any]:
    """The layers with weights below the last one."""
    return [layer for layer in exported.layers if layer.weights and layer.name != LAST]


def same_trunk(one: Any, other: Any) -> bool:
    """Whether two exported models have the same layers there, with the same weights."""
    import numpy as np

    layers, others = trunk(one), trunk(other)
    if [layer.name for layer in layers] != [layer.name for layer in others]:
        return False
    pairs = [
        pair
        for a, b in zip(layers, others, strict=True)
        for pair in zip(a.get_weights(), b.get_weights(), strict=False)
    ]
    return all(np.array_equal(a, b) for a, b in pairs)
