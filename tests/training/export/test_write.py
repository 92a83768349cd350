import time
from pathlib import Path

import keras
import numpy as np

from fer_batch.checksum import sha256_file
from fer_batch.training.data.targets import Head
from fer_batch.training.export.pool import Pool
from fer_batch.training.export.write import deployable, save_keras
from fer_batch.training.network.architectures import build
from tests.training.made_faces import made_faces

HEAD = Head("pair", ("happy", "sad"))


def small(precision: str) -> keras.Model:
    """The same weights in layers made anew."""
    keras.utils.set_random_seed(3)
    keras.mixed_precision.set_global_policy(precision)
    try:
        network = build("tiny", [HEAD])
    finally:
        keras.mixed_precision.set_global_policy("float32")
    pool = Pool(HEAD.labels, {HEAD.name: 1.0}, (0.1, -0.1))
    return deployable(network, {HEAD.name: HEAD}, pool, "pair")


def test_the_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    files = [tmp_path / "first" / "pair.keras", tmp_path / "second" / "pair.keras"]
    models = [small("float32"), small("float32")]
    for file, model in zip(files, models, strict=True):
        file.parent.mkdir()
        save_keras(model, file)
        time.sleep(1.1)  # Keras writes the second in which it saves
    assert sha256_file(files[0]) == sha256_file(files[1])
    assert [path.name for path in files[0].parent.iterdir()] == ["pair.keras"]
    images = made_faces(8, 0).images[..., None]
    loaded = keras.saving.load_model(files[0], compile=False)
    assert np.array_equal(loaded(images), models[0](images))
    other = small("float32")
    other.set_weights([weights + 0.01 for weights in other.get_weights()])
    save_keras(other, files[1])
    assert sha256_file(files[0]) != sha256_file(files[1])


def test_what_is_shared_stays_so_in_other_precisions(tmp_path: Path) -> None:
    model, file = small("mixed_bfloat16"), tmp_path / "pair.keras"
    save_keras(model, file)
    loaded = keras.saving.load_model(file, compile=False)
    policies = [layer.dtype_policy.name for layer in model.layers]
    assert [layer.dtype_policy.name for layer in loaded.layers] == policies
    images = made_faces(8, 0).images[..., None]
    assert np.allclose(loaded(images), model(images), atol=1e-6)
