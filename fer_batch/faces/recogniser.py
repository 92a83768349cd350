"""The one contract of face recognisers, and how they are opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fer_batch.errors import ModelFileError
from fer_batch.faces.weights import checked_hash
from fer_batch.types import FloatArray, Image

if TYPE_CHECKING:
    from fer_batch.faces.dlib_weights import Weights

WEIGHTS = Path(__file__).parent.parent / "_vendor" / "dlib_face_recognition.i8"


class Recogniser(Protocol):
    """Tells people apart by pictures of their faces."""

    name: str
    runtime: str
    sha256: str

    def embed(self, chips: Image) -> FloatArray:
        """Embeddings ``float32[n, 128]`` of pictures ``uint8[n, 150, 150, 3]`` RGB, cut out as
        ``chips.face_chip`` does. Those of one person lie closer together than those of two; each
        depends on its own picture alone."""
        ...


def recogniser_sha256() -> str:
    """SHA-256 (hex) of the weights that come with fer-batch."""
    from fer_batch.faces.dlib_weights import COMPACT_SHA256

    return COMPACT_SHA256


def recogniser_weights() -> Weights:
    """The weights that come with fer-batch.

    Raises:
        ModelFileError: they are missing or damaged.
    """
    from fer_batch.faces.dlib_weights import expand

    checked_hash(WEIGHTS, recogniser_sha256())
    try:
        return expand(WEIGHTS.read_bytes())
    except (OSError, ValueError) as error:
        raise _unusable(error) from error


def open_recogniser(runtime: str = "litert", device: str = "cpu:0") -> Recogniser:
    """dlib's network on LiteRT, or on Keras on ``device``.

    Raises:
        ModelFileError: its weights are missing or damaged.
    """
    weights, sha256 = recogniser_weights(), recogniser_sha256()
    try:
        if runtime == "keras":
            from fer_batch.faces.dlib_keras import KerasRecogniser

            return KerasRecogniser(weights, sha256, device)
        from fer_batch.faces.dlib_litert import LiteRtRecogniser

        return LiteRtRecogniser(weights, sha256)
    except (OSError, ValueError, RuntimeError) as error:
        raise _unusable(error) from error


def _unusable(error: Exception) -> ModelFileError:
    return ModelFileError(f"{WEIGHTS}: cannot be loaded ({error})")
