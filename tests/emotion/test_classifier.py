"""One contract for every runtime."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer_batch.emotion.classifier import Classifier
from fer_batch.emotion.load import open_classifier, weights_for
from fer_batch.emotion.models import find_model, full_of, list_models
from fer_batch.errors import ModelFileError, UsageError

BATCH = 8


@pytest.fixture(scope="module", params=["litert", "keras"])
def classifier(request: pytest.FixtureRequest, small_model: Path) -> Classifier:
    return open_classifier(str(small_model), request.param, batch_size=BATCH)


def crops(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 48), np.uint8)


@pytest.mark.parametrize("count", [0, 1, BATCH, 2 * BATCH + 3])
def test_a_distribution_for_each_crop(classifier: Classifier, count: int) -> None:
    result = classifier.classify(crops(count))
    assert result.shape == (count, 2) and result.dtype == np.float32
    assert np.allclose(result.sum(axis=1), 1, atol=1e-5) and (result >= 0).all()


def test_a_crop_does_not_depend_on_its_neighbours(classifier: Classifier) -> None:
    many = crops(2 * BATCH + 5)
    together = classifier.classify(many)
    alone = np.concatenate([classifier.classify(crop[None]) for crop in many])
    assert np.array_equal(together, alone)
    assert np.array_equal(together[::-1], classifier.classify(many[::-1]))


def test_brightness_and_contrast_do_not_matter(classifier: Classifier) -> None:
    grey = crops(4) // 3
    assert np.allclose(classifier.classify(grey), classifier.classify(grey * 2 + 40), atol=2e-3)


def test_flat_and_black_crops_are_no_accident(classifier: Classifier) -> None:
    flat = np.stack([np.zeros((48, 48), np.uint8), np.full((48, 48), 255, np.uint8)])
    assert np.isfinite(classifier.classify(flat)).all()


def test_may_be_shared_among_threads(classifier: Classifier) -> None:
    inputs = [crops(11, seed) for seed in range(12)]
    expected = [classifier.classify(x) for x in inputs]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(classifier.classify, inputs))
    assert all(np.array_equal(a, b) for a, b in zip(expected, found, strict=True))


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((1, 48, 47), np.uint8), np.zeros((1, 48, 48), np.float32), np.zeros((48, 48))],
)
def test_other_shapes_and_types_are_refused(classifier: Classifier, wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        classifier.classify(wrong)


@pytest.mark.parametrize("model", ["small", "fer3"])
def test_runtimes_agree(model: str, small_model: Path) -> None:
    name = str(small_model) if model == "small" else model
    light, full = (open_classifier(name, runtime) for runtime in ("litert", "keras"))
    assert light.card == full.card and light.runtime != full.runtime
    images = crops(40)
    assert np.allclose(light.classify(images), full.classify(images), atol=1e-3)


def test_threads_do_not_change_results(small_model: Path) -> None:
    one, two = (open_classifier(str(small_model), threads=n) for n in (1, 2))
    assert np.array_equal(one.classify(crops(9)), two.classify(crops(9)))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"runtime": "onnx"}, "runtime"),
        ({"device": "tpu"}, "device"),
        ({"runtime": "litert", "device": "gpu"}, "keras"),
        ({"batch_size": 0}, "batch-size"),
    ],
)
def test_wrong_options_are_usage_errors(options: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        open_classifier("fer3", **options)  # type: ignore[arg-type]


def test_keras_takes_the_full_weights_of_an_eight_bit_model(
    caplog: pytest.LogCaptureFixture,
) -> None:
    classifier = open_classifier("fer3-int8", runtime="keras")
    assert (classifier.runtime, classifier.card.name) == ("keras", "fer3")
    assert "Keras takes those of fer3" in caplog.text
    images = crops(20)
    full = open_classifier("fer3", runtime="keras").classify(images)
    assert np.array_equal(classifier.classify(images), full)


def test_a_gpu_wants_keras_for_an_eight_bit_model_too() -> None:
    card = find_model("fer3-int8")
    assert weights_for(card, "auto", "gpu") == (find_model("fer3"), "keras")
    for runtime, device in (("auto", "cpu"), ("auto", "auto"), ("litert", "cpu")):
        assert weights_for(card, runtime, device) == (card, "litert")
    assert weights_for(find_model("fer3"), "auto", "gpu") == (find_model("fer3"), "keras")


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A model of eight bits whose full one is not there."""
    card = find_model("fer3-int8")
    for path in (card.path, card.file("litert")):
        assert path is not None
        shutil.copy(path, tmp_path)
    return tmp_path / "fer3-int8.json"


def test_a_model_for_cpus_stays_there_and_says_so(
    alone: Path, caplog: pytest.LogCaptureFixture
) -> None:
    classifier = open_classifier(str(alone), device="gpu")
    assert classifier.runtime == "litert"
    assert "has weights for CPUs only" in caplog.text
    with pytest.raises(ModelFileError, match="keras"):
        open_classifier(str(alone), runtime="keras")


def test_a_full_model_of_another_kind_is_refused(alone: Path) -> None:
    other = find_model("fer7")
    assert other.path is not None
    shutil.copy(other.path, alone.with_name("fer3.json"))
    with pytest.raises(ModelFileError, match="other labels"):
        open_classifier(str(alone), runtime="keras")


def test_every_eight_bit_model_names_its_full_one() -> None:
    small = [card for card in list_models() if "keras" not in card.files]
    assert len(small) == 4
    for card in small:
        full = full_of(card)
        assert full is not None and card.name == f"{full.name}-int8"
        assert replace(full, files={}, sha256={}).identity == replace(card, sha256={}).identity
        assert full.prior == card.prior and full.temperature == card.temperature
