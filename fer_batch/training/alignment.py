"""What the way of a video face does to a training image: enlarged, detected, warped, classified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fer_batch.emotion.classifier import Classifier
from fer_batch.errors import TrainingDataError
from fer_batch.faces.detector import Detector
from fer_batch.training.data.faceset import SIZE, FaceSet
from fer_batch.training.data.landmarks import enlarged
from fer_batch.training.evaluate import Evaluation
from fer_batch.training.metrics import accuracy
from fer_batch.types import Detections, Frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    ByteArray = NDArray[np.uint8]
    FloatArray = NDArray[np.float32]

ENLARGE = 4
BORDER = 48


@dataclass(frozen=True, slots=True)
class Alignment:
    """Of the images in which a face was found (share ``found``): ``agreement`` is the share whose
    label stays the same, then the accuracy of the images as they are and as the pipeline sees them.
    """

    found: float
    agreement: float
    accuracy_direct: float
    accuracy_aligned: float


def as_frame(image: ByteArray) -> Frame:
    """A training image ``uint8[48, 48]``, enlarged and on grey ground, as a decoded picture."""
    import numpy as np

    large = enlarged(image, ENLARGE, BORDER)
    chroma = np.full((large.shape[0] // 2, large.shape[1]), 128, np.uint8)
    return Frame(
        0,
        0,
        np.concatenate([large, chroma]),
        width=large.shape[1],
        height=large.shape[0],
        full_range=True,
    )


def pipeline_crops(
    images: ByteArray, detector: Detector, template: FloatArray | None
) -> tuple[ByteArray, NDArray[np.bool_]]:
    """Crops ``uint8[n, 48, 48]`` as the pipeline takes them, and in which images a face was found.

    ``template`` None takes the detector's box in place of the landmarks.
    """
    import numpy as np

    from fer_batch.faces.align import crop_faces

    crops = images.copy()
    found = np.zeros(len(images), np.bool_)
    for row, image in enumerate(images):
        frame = as_frame(image)
        faces = detector.detect(frame)
        if not len(faces):
            continue
        landmarks = faces.landmarks[:1]
        if template is None:
            landmarks = np.full_like(landmarks, np.nan)
        surest = Detections(faces.box[:1], faces.confidence[:1], landmarks)
        wanted = np.zeros((5, 2), np.float32) if template is None else template
        crops[row] = crop_faces(frame, surest, wanted, SIZE)[0]
        found[row] = True
    return crops, found


def measure(
    classifier: Classifier, faces: FaceSet, evaluation: Evaluation, detector: Detector, by_box: bool
) -> Alignment:
    """Compares ``evaluation``, of ``faces`` fed directly, with the same faces run through
    detector and warp: to the template of the model's card, or ``by_box`` as the detector's box
    cuts them out.

    Raises:
        TrainingDataError: the detector finds no face in any image.
    """
    import numpy as np

    from fer_batch.faces.sharpen import sharpened

    template = None if by_box else np.array(classifier.card.template, np.float32)
    crops, found = pipeline_crops(faces.images[evaluation.rows], detector, template)
    if not found.any():
        raise TrainingDataError("the detector finds a face in none of the images")
    direct, truth = evaluation.probabilities[found], evaluation.truth
    aligned = classifier.classify(
        sharpened(crops[found], classifier.card.sharpen, classifier.card.sharpness)
    )
    return Alignment(
        float(found.mean()),
        float((direct.argmax(axis=1) == aligned.argmax(axis=1)).mean()),
        accuracy(direct, truth[found]),
        accuracy(aligned, truth[found]),
    )
