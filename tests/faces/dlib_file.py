"""Files of networks as dlib writes them."""

from __future__ import annotations

import struct

import numpy as np


def integer(value: int) -> bytes:
    """An integer as dlib writes it."""
    size = (abs(value).bit_length() + 7) // 8
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def tensor(values: np.ndarray) -> bytes:
    sizes = b"".join(integer(n) for n in (values.size, 1, 1, 1))
    return integer(2) + sizes + values.astype("<f4").tobytes()


def written(kernels: list[np.ndarray], rng: np.random.Generator) -> tuple[bytes, list[np.ndarray]]:
    """A file with ``kernels [height, width, in, out]``, and the rows added to it: bias, scale and
    offset of each, ``[3, out]``."""
    content, rows = b"\x01\x02\x0dloss_metric_2", []
    for kernel in kernels:
        row = rng.normal(size=(3, kernel.shape[-1])).astype(np.float32)
        own = np.concatenate([kernel.transpose(3, 2, 0, 1).ravel(), row[0]])
        content += integer(5) + b"con_4" + tensor(own) + integer(-3) + b"junk"
        content += integer(7) + b"affine_" + tensor(row[1:].ravel()) + struct.pack("<d", 0.5)
        content += integer(5) + b"relu_"
        rows.append(row)
    return content, rows


def last_layer(values: np.ndarray) -> bytes:
    """The end of such a file: ``values float32[in, out]``."""
    sizes = integer(values.shape[1]) + integer(values.shape[0])
    return integer(4) + b"fc_2" + sizes + tensor(values)
