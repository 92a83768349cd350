"""Inner features of the recogniser: of a training image laid where it wants faces to lie."""

from __future__ import annotations

import cv2
import keras
import numpy as np

from fer_batch.faces.align import similarity
from fer_batch.faces.chips import TEMPLATE
from fer_batch.faces.dlib_keras import KerasLayers, enlarged_on_keras
from fer_batch.faces.dlib_network import SIDE
from fer_batch.faces.dlib_weights import STAGES
from fer_batch.faces.expression_head import CROP, POOLED, features
from fer_batch.faces.recogniser import open_recogniser, recogniser_weights
from fer_batch.training.data.template import DEFAULT_TEMPLATE
from fer_batch.training.network.recogniser_features import RecogniserFeatures
from tests.training.made_faces import made_faces


def test_the_last_of_them_lead_to_the_embedding_of_the_face_laid_on_the_template() -> None:
    images = made_faces(6, 0).images
    given = RecogniserFeatures()(images)
    sizes = [parts * parts * STAGES[stage][0] for stage, parts in POOLED.items()]
    assert given.shape == (6, sum(sizes)) and sizes[-1] == 2 * 2 * 256
    mean = given[:, -1024:].reshape(-1, 4, 256).mean(axis=1)
    found = mean @ recogniser_weights().last.reshape(-1, 256).T
    there = similarity(np.array(DEFAULT_TEMPLATE, np.float32), TEMPLATE)
    way = {"flags": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REPLICATE}
    chips = [cv2.warpAffine(image, there, (SIDE, SIDE), **way) for image in images]
    wanted = open_recogniser().embed(np.repeat(np.stack(chips)[..., None], 3, axis=3))
    distance = np.linalg.norm(found[:, None] - wanted[None], axis=2)
    # What eight bits and another enlargement cost; a picture moved by a pixel is 0.1 away.
    assert np.diag(distance).max() < 0.15
    assert (distance.argmin(axis=1) == np.arange(6)).all()


def test_stages_come_one_after_another_row_by_row() -> None:
    images = made_faces(5, 0).images
    grey = keras.Input((CROP, CROP, 1), dtype="uint8")
    picture = enlarged_on_keras(grey)
    network = keras.Model(grey, features(KerasLayers(), picture, recogniser_weights()))
    by_stage = network.predict_on_batch(images[..., None])
    found, first = RecogniserFeatures()(images), 0
    for stage in POOLED:
        wanted = np.asarray(by_stage[stage]).reshape(5, -1)
        part = found[:, first : (first := first + wanted.shape[1])]
        # Apart by what eight bits of activations cost.
        assert np.abs(part - wanted).mean() < 0.05 * wanted.std(), stage
    assert first == found.shape[1]
    assert RecogniserFeatures()(images[:0]).shape == (0, first)
