import numpy as np
import pytest

from fer_batch.training.batches import dataset
from fer_batch.training.data.augment import MILD, NONE
from fer_batch.training.data.targets import JOINT
from tests.training.made_faces import made_faces


def test_an_epoch_shows_each_image_once_and_each_epoch_another_order() -> None:
    faces = made_faces(70, 0)
    batches = dataset(faces, JOINT, 16, NONE, seed=3)

    def shown() -> list[bytes]:
        return [image.tobytes() for place in range(len(batches)) for image in batches[place][0]]

    first = shown()
    assert len(batches) == 4 and len(set(first)) == 64
    assert set(first) <= {image.tobytes() for image in faces.images}
    batches.on_epoch_end()
    assert shown() != first


def test_what_a_batch_holds_follows_from_seed_epoch_and_place() -> None:
    faces = made_faces(70, 0)
    later = dataset(faces, JOINT, 16, MILD, seed=3, first_epoch=1)
    went_on = dataset(faces, JOINT, 16, MILD, seed=3)
    went_on.on_epoch_end()
    # In any order: workers make batches side by side.
    there = [later[place][0] for place in (3, 0, 2)]
    assert all(np.array_equal(a, went_on[p][0]) for a, p in zip(there, (3, 0, 2), strict=True))


def test_tensorflow_is_fed_without_a_thread_that_tunes_the_feeding() -> None:
    pytest.importorskip("tensorflow")
    from keras.src.trainers.data_adapters import get_data_adapter

    batches = dataset(made_faces(70, 0), JOINT, 16, MILD, seed=3)
    fed = get_data_adapter(batches).get_tf_dataset()
    assert fed.options().autotune.enabled is False
