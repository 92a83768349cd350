"""A network of one input on LiteRT, asked about a few pictures at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fer_batch.quiet_stderr import quiet_stderr
from fer_batch.types import FloatArray, Image

AT_ONCE = 4
"""Pictures of faces in one run: kernels are read once for all of them, which saves a tenth of the
time. With more of them what lies between two layers no longer fits near the core."""


class LiteRtNetwork:
    """One interpreter of one thread, ready for as many pictures as it had last; not for two threads
    at once. What it says of a picture does not depend on others, to the last bit."""

    def __init__(self, model: bytes) -> None:
        """``model``: a file of LiteRT, made for one picture.

        Raises:
            ValueError, RuntimeError: LiteRT cannot run it.
        """
        from ai_edge_litert.interpreter import Interpreter

        with quiet_stderr():
            self._interpreter: Any = Interpreter(model_content=model, num_threads=1)
            self._interpreter.allocate_tensors()
        (took,) = self._interpreter.get_input_details()
        gives = self._interpreter.get_output_details()
        self._input, self._outputs = took["index"], [one["index"] for one in gives]
        self._length = sum(int(np.prod(one["shape"][1:])) for one in gives)
        self._shape: tuple[int, ...] = tuple(took["shape"].tolist())

    def answers(self, faces: Image, write: Callable[[Image, FloatArray], None]) -> FloatArray:
        """Answers ``float32[n, outputs]`` to ``n`` faces, a few at once; of several outputs one
        after another. ``write`` puts a face into an array ``float32[height, width, channels]``,
        which it must not keep."""
        found = np.empty((len(faces), self._length), np.float32)
        for start in range(0, len(faces), AT_ONCE):
            few = faces[start : start + AT_ONCE]

            def fill(pictures: FloatArray, few: Image = few) -> None:
                for face, picture in zip(few, pictures, strict=True):
                    write(face, picture)

            found[start : start + len(few)] = self.run(len(few), fill)
        return found

    def run(self, count: int, fill: Callable[[FloatArray], None]) -> FloatArray:
        """Answers ``float32[count, outputs]`` to the ``count`` pictures that ``fill`` writes into
        an array ``float32[count, height, width, channels]``, which it must not keep. Another
        ``count`` than before takes half a millisecond more."""
        shape = (count, *self._shape[1:])
        if shape != self._shape:
            self._interpreter.resize_tensor_input(self._input, shape)
            self._interpreter.allocate_tensors()
            self._shape = shape
        fill(self._interpreter.tensor(self._input)())
        self._interpreter.invoke()
        parts = [self._interpreter.get_tensor(out).reshape(count, -1) for out in self._outputs]
        return np.asarray(np.concatenate(parts, axis=1), np.float32)
