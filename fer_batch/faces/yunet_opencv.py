"""YuNet's network in OpenCV: the measure of the other one, and for machines without LiteRT."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from fer_batch.errors import ModelFileError
from fer_batch.faces.candidates import MOST_CANDIDATES, NMS_IOU
from fer_batch.types import FloatArray, Image
from fer_batch.version import library

# OpenCV 5 warns on stderr of a target nobody asked for each time a network is made; what really
# goes wrong is raised.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class OpenCvYuNet:
    """Finds faces in small BGR pictures; not for two threads at once."""

    runtime = f"opencv {library('opencv-python-headless', 'opencv-python')}"

    def __init__(self, weights: Path, min_confidence: float) -> None:
        """Load the weights.

        Raises:
            ModelFileError: OpenCV cannot.
        """
        try:
            self._net = cv2.FaceDetectorYN.create(
                str(weights), "", (320, 320), min_confidence, NMS_IOU, MOST_CANDIDATES
            )
        except cv2.error as error:
            raise ModelFileError(f"{weights}: is not a YuNet model that OpenCV can load") from error

    def find(self, picture: Image) -> FloatArray:
        """Faces in ``uint8[h, w, 3]`` BGR; see ``candidates.faces``."""
        self._net.setInputSize((picture.shape[1], picture.shape[0]))
        found = self._net.detect(picture)[1]
        if found is None:
            return np.empty((0, 15), np.float32)
        return np.asarray(found, np.float32)
