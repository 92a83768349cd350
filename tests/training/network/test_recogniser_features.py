"""Inner features of the recogniser: of a training image laid where it wants faces to lie."""

from __future__ import annotations

import cv2
import numpy as np

from fer_batch.faces.align import similarity
from fer_batch.faces.chips import TEMPLATE
from fer_batch.faces.dlib_network import SIDE
from fer_batch.faces.dlib_weights import STAGES
from fer_batch.faces.expression_head import POOLED
from fer_batch.faces.recogniser import open_recogniser, recogniser_weights
from fer_batch.training.data.template import DEFAULT_TEMPLATE
from fer_batch.training.network.recogniser_features import recogniser_features
from tests.training.made_faces import made_faces


def test_the_last_of_them_lead_to_the_embedding_of_the_face_laid_on_the_template() -> None:
    images = made_faces(6, 0).images
    features = np.asarray(recogniser_features()(images[..., None], training=False))
    sizes = [parts * parts * STAGES[stage][0] for stage, parts in POOLED.items()]
    assert features.shape == (6, sum(sizes)) and sizes[-1] == 2 * 2 * 256
    mean = features[:, -1024:].reshape(-1, 4, 256).mean(axis=1)
    found = mean @ recogniser_weights().last.reshape(-1, 256).T
    there = similarity(np.array(DEFAULT_TEMPLATE, np.float32), TEMPLATE)
    way = {"flags": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REPLICATE}
    chips = [cv2.warpAffine(image, there, (SIDE, SIDE), **way) for image in images]
    wanted = open_recogniser().embed(np.repeat(np.stack(chips)[..., None], 3, axis=3))
    distance = np.linalg.norm(found[:, None] - wanted[None], axis=2)
    # What eight bits and another enlargement cost; a picture moved by a pixel is 0.1 away.
    assert np.diag(distance).max() < 0.15
    assert (distance.argmin(axis=1) == np.arange(6)).all()
