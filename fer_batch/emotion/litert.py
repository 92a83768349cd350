"""Runs a model with LiteRT (formerly TensorFlow Lite): the default on CPUs.

It loads in a fraction of a second where TensorFlow takes several, and is the faster of the two on
the small convolutions of these networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fer_batch.cores import usable_cores
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import in_batches
from fer_batch.errors import ModelFileError
from fer_batch.idle import Idle
from fer_batch.quiet_stderr import quiet_stderr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LiteRtClassifier:
    """A ``Classifier`` over LiteRT: ``concurrency`` interpreters of one thread each.

    Batches side by side keep more of a CPU busy than one batch split among threads, since small
    convolutions split badly. Calls beyond ``concurrency`` wait for a free interpreter.
    """

    runtime = "litert"

    def __init__(self, card: ModelCard, batch_size: int, threads: int | None = None) -> None:
        self.card, self.batch_size = card, batch_size
        self.concurrency = threads or usable_cores()
        self._interpreters = Idle(self._interpreter, self.concurrency)

    def at_most(self, concurrency: int) -> None:
        """Invite so many calls at once from now on, and no more: another interpreter is memory."""
        self.concurrency = min(self.concurrency, concurrency)

    def _interpreter(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        path = self.card.file("litert")
        try:
            with quiet_stderr():
                interpreter = Interpreter(str(path), num_threads=1)
                index = interpreter.get_input_details()[0]["index"]
                shape = (self.batch_size, self.card.input_size, self.card.input_size, 1)
                interpreter.resize_tensor_input(index, shape, strict=True)
                interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelFileError(f"{path}: LiteRT cannot load it ({error})") from error
        return interpreter

    def _network(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        import numpy as np

        with self._interpreters.taken() as interpreter:
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], batch)
            interpreter.invoke()
            output = interpreter.get_output_details()[0]["index"]
            return np.asarray(interpreter.get_tensor(output), np.float32)

    def classify(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See ``Classifier.classify``."""
        card = self.card
        return in_batches(crops, card.input_size, len(card.labels), self.batch_size, self._network)
