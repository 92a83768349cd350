import keras
import numpy as np

from fer_batch.training.data.targets import JOINT
from fer_batch.training.network.architectures import build
from fer_batch.training.predict import BATCH, predict
from tests.training.made_faces import made_faces


def test_all_images_are_answered_in_their_order_by_each_head() -> None:
    images = made_faces(BATCH + 20, 0).images
    model = build("tiny", JOINT)
    said = predict(model, images)
    whole = model(images[..., None], training=False)
    assert set(said) == {head.name for head in JOINT}
    for name, logits in said.items():
        assert np.allclose(logits, keras.ops.convert_to_numpy(whole[name]), atol=1e-4)


def test_a_model_of_one_output_and_no_images() -> None:
    model = build("tiny", JOINT)
    one = keras.Model(model.inputs, model.get_layer("fer7").output)
    assert predict(one, made_faces(3, 0).images).shape == (3, 7)
    assert predict(one, np.zeros((0, 48, 48), np.uint8)).shape == (0, 7)
