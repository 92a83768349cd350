"""Reading what an ONNX file says of a network."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from fer_batch.faces.onnx import read_graph
from fer_batch.faces.yunet import WEIGHTS

CONTENT = WEIGHTS.read_bytes()


def test_yunet_has_its_layers() -> None:
    graph = read_graph(CONTENT)
    kinds = [node.kind for node in graph.nodes]
    assert kinds.count("Conv") == 53 and kinds.count("MaxPool") == 4 and kinds.count("Resize") == 2
    assert len(graph.outputs) == 12 and {"cls_8", "kps_32"} <= set(graph.outputs)
    first = graph.nodes[0]
    assert first.inputs[0] == "input" and first.attributes["strides"] == [2, 2]
    assert graph.constants[first.inputs[1]].shape == (16, 3, 3, 3)
    weights = [v for v in graph.constants.values() if v.dtype == np.float32 and v.ndim == 4]
    assert sum(w.size for w in weights) == 51_520
    assert all(np.isfinite(w).all() for w in weights)
    made = {name for node in graph.nodes for name in node.outputs}
    for node in graph.nodes:
        assert all(n in made | graph.constants.keys() | {"input", ""} for n in node.inputs)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(ValueError):
        read_graph(data)


@example(place=328, change=2, length=0)  # a list of numbers that is cut off
@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255), st.integers(0, len(CONTENT)))
def test_a_damaged_file_is_read_or_refused(place: int, change: int, length: int) -> None:
    damaged = bytearray(CONTENT)
    damaged[place] ^= change
    for data in (bytes(damaged), CONTENT[:length]):
        with suppress(ValueError):
            read_graph(data)
