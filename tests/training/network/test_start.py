import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from fer_batch.checksum import sha256_file
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.load import open_classifier
from fer_batch.emotion.models import find_model
from fer_batch.errors import UsageError
from fer_batch.training.data.read import load
from fer_batch.training.data.targets import JOINT, Head
from fer_batch.training.export.pool import Pool
from fer_batch.training.export.write import export
from fer_batch.training.fit import Training
from fer_batch.training.metrics import softmax
from fer_batch.training.network.architectures import build
from fer_batch.training.network.compiled import compiled
from fer_batch.training.network.optimizers import make_optimizer
from fer_batch.training.network.start import begin, resting_size, start_from
from fer_batch.training.run import stored_settings
from fer_batch.training.settings import train_settings
from tests.training.made_faces import made_faces

NAMES = ("fer7", "ferplus8", "fer3")


def cards_of(trained: Path, *names: str) -> list[ModelCard]:
    return [ModelCard.read(trained / f"{name}.json") for name in names]


def some_batches() -> list[np.ndarray]:
    images = made_faces(96, 0).images[..., None]
    return [images[:64], images[64:]]


@pytest.mark.parametrize("size", [0.0, 0.02, 0.5])
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_network_starts_as_what_was_exported(trained: Path, precision: str, size: float) -> None:
    model = compiled(train_settings("tiny", JOINT, 1, precision=precision, seed=5))
    cards = cards_of(trained, *NAMES)
    assert start_from(cards, model, JOINT, some_batches(), size) == [h.name for h in JOINT]
    images = made_faces(40, 1).images
    logits = model.predict(images[..., None], verbose=0)
    for card in cards:
        wanted = open_classifier(str(card.path)).classify(images)
        given = softmax(logits[card.name])
        assert np.abs(given - wanted).max() < (1e-3 if precision == "float32" else 0.1), card.name


def test_its_normalisations_have_the_moments_of_the_images(trained: Path) -> None:
    model = build("tiny", JOINT)
    batches = some_batches()
    start_from(cards_of(trained, "fer7"), model, JOINT, batches)
    stem = keras.Model(model.input, model.get_layer("stem_conv").output)
    seen = np.asarray(stem(np.concatenate(batches)))
    _, _, mean, variance = model.get_layer("stem_norm").get_weights()
    assert np.allclose(mean, seen.mean(axis=(0, 1, 2)), atol=1e-4)
    assert np.allclose(variance, seen.var(axis=(0, 1, 2)), rtol=1e-3)
    # In training, where a batch's own moments rule, the network is the same but for chance.
    trained_mode = np.asarray(model(np.concatenate(batches), training=True)["fer7"])
    frozen = np.asarray(model(np.concatenate(batches), training=False)["fer7"])
    assert np.allclose(trained_mode, frozen, atol=0.02 * np.abs(frozen).max())


def test_kernels_get_the_size_at_which_adamw_is_at_rest(
    trained: Path, made_data: tuple[Path, Path], tmp_path: Path
) -> None:
    cards = tuple(str(card.path) for card in cards_of(trained, *NAMES))
    faces = load(*made_data)

    def begun(optimizer: str) -> np.ndarray:
        changes = {"learning_rate": 0.002, "weight_decay": 0.04, "optimizer": optimizer}
        settings = train_settings("tiny", JOINT, 1, start_from=cards, **changes)
        model = compiled(settings)
        Training(settings, faces, tmp_path).start(model, str)
        return np.concatenate([_sizes(layer) for layer in model.layers if "conv" in layer.name])

    assert np.allclose(begun("adamw"), math.sqrt(0.002 / (2 * 0.04)), rtol=1e-4)
    exported = keras.saving.load_model(trained / "fer7.keras", compile=False)
    as_exported = [_sizes(layer) for layer in exported.layers if "conv" in layer.name]
    assert np.allclose(begun("adam"), np.concatenate(as_exported), rtol=1e-4)


@pytest.mark.parametrize("which", [np.s_[1:2], np.s_[:]])
def test_kernels_of_nothing_stay_so(trained: Path, which: slice) -> None:
    """Some of a layer's, or all of them."""
    source = keras.saving.load_model(trained / "fer7.keras", compile=False)
    stem = source.get_layer("stem_conv")
    kernel, bias = stem.get_weights()
    kernel[...] = 0.3
    kernel[..., which] = 0
    stem.set_weights([kernel, bias])
    model = build("tiny", JOINT)
    begin(model, source, some_batches(), size=0.1)
    expected = np.full(kernel.shape[-1], 0.1)
    expected[which] = 0
    assert np.allclose(_sizes(model.get_layer("stem_conv")), expected)
    assert all(np.isfinite(weights).all() for weights in model.get_weights())


def _sizes(convolution: keras.layers.Layer) -> np.ndarray:
    return np.sqrt(np.square(convolution.get_weights()[0]).mean(axis=(0, 1, 2)))


def test_at_that_size_adamw_is_at_rest() -> None:
    kernel = keras.Variable(np.zeros(4000, np.float32), name="kernel")
    optimizer = make_optimizer("adamw", 0.01, 0.5, 0.0)
    rng, sizes = np.random.default_rng(0), []
    for _ in range(600):
        gradient = rng.normal(size=4000).astype(np.float32)
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [kernel])
        sizes.append(float(np.sqrt(np.square(keras.ops.convert_to_numpy(kernel)).mean())))
    assert np.mean(sizes[300:]) == pytest.approx(resting_size(0.01, 0.5), rel=0.05)
    assert resting_size(0.01, 0.0) == 0.0


def test_a_network_with_other_kinds_of_layers_starts_too(tmp_path: Path) -> None:
    head = Head("pair", ("happy", "sad"))
    source = build("dcnn", [head])
    rng = np.random.default_rng(0)
    source.set_weights([rng.uniform(0.01, 0.05, w.shape) for w in source.get_weights()])
    pool = Pool(head.labels, {"pair": 1.0}, (0.0, 0.0))
    exported = export(source, {"pair": head}, pool, "pair", tmp_path)
    card = ModelCard.read(_card(tmp_path, exported.names(), exported.hashes()))
    model = build("dcnn", [head])
    assert start_from([card], model, [head], some_batches()) == ["pair"]
    images = made_faces(8, 0).images[..., None]
    here, there = (np.asarray(m(images, training=False)["pair"]) for m in (model, source))
    assert np.allclose(here, there, rtol=1e-2, atol=1e-2)


def _card(folder: Path, files: dict[str, str], hashes: dict[str, str]) -> Path:
    path = folder / "pair.json"
    point = (0.0, 0.0)
    ModelCard("pair", ("happy", "sad"), 48, files, hashes, (point,) * 5).write(path)
    return path


def test_heads_of_other_labels_stay_fresh(trained: Path) -> None:
    heads = (Head("pair", ("happy", "sad")), Head("turned", ("neutral", "sad", "happy")))
    model, images = build("tiny", heads), made_faces(20, 0).images
    fresh = model.get_layer("pair").get_weights()
    (card,) = cards_of(trained, "fer3")
    assert start_from([card], model, heads, some_batches()) == ["turned"]
    assert np.array_equal(model.get_layer("pair").get_weights()[0], fresh[0])
    given = softmax(model.predict(images[..., None], verbose=0)["turned"])
    order = [card.labels.index(label) for label in heads[1].labels]
    assert np.allclose(given, open_classifier(str(card.path)).classify(images)[:, order], atol=1e-3)


def stored(directory: Path) -> dict[str, np.ndarray]:
    """The numbers of the one checkpoint in there."""
    with np.load(next(directory.glob("checkpoint-*.npz"))) as numbers:
        return dict(numbers)


def test_frozen_layers_stay_as_they_began(
    trained: Path, made_data: tuple[Path, Path], commands: object, tmp_path: Path
) -> None:
    arguments = [
        *("train", str(made_data[0]), "-o", str(tmp_path), "--emotions", "happy,sad,neutral"),
        *("--arch", "tiny", "--epochs", "1", "--start-from", str(trained / "fer3.json")),
    ]

    def train(*more: str) -> None:
        done = CliRunner().invoke(commands, [*arguments, *more], catch_exceptions=False)  # type: ignore[arg-type]
        assert done.exit_code == 0, done.output

    with pytest.raises(UsageError, match="--freeze trunk: tiny has no such layers"):
        train("--freeze", "trunk")
    train("--freeze", "stem, s1")
    assert json.loads((tmp_path / "fer3.json").read_text())["training"]["frozen"] == ["stem", "s1"]
    settings = stored_settings(tmp_path)
    assert settings is not None
    begun, ended = compiled(settings), compiled(settings)
    size = resting_size(settings.learning_rate, settings.weight_decay)
    start_from(cards_of(trained, "fer3"), begun, settings.heads, some_batches(), size)
    checkpoint = stored(tmp_path)
    for place, variable in enumerate(ended.variables):
        variable.assign(checkpoint[f"model{place:04d}"])
    for name in (layer.name for layer in begun.layers if "conv" in layer.name):
        kernel, other = (m.get_layer(name).get_weights()[0] for m in (begun, ended))
        assert np.array_equal(kernel, other) == name.startswith(("stem", "s1")), name
    # Broken off and resumed, they are still frozen.
    arguments[arguments.index("--epochs") + 1] = "2"
    with pytest.raises(
        UsageError, match=r"--freeze: the training in .* was begun with other settings"
    ):
        train("--resume", "--freeze", "stem")
    train("--resume")
    first = [v.path for v in ended.variables].index("stem_conv/kernel")
    name = f"model{first:04d}"
    assert np.array_equal(stored(tmp_path)[name], checkpoint[name])


def test_what_does_not_fit_is_refused(
    trained: Path, tmp_path: Path, made_data: tuple[Path, Path], commands: object
) -> None:
    with pytest.raises(UsageError, match="--start-from fer3: not a network of --arch dcnn"):
        start_from(cards_of(trained, "fer3"), build("dcnn", JOINT), JOINT, some_batches())
    with pytest.raises(UsageError, match="--start-from fer7: not a network of --arch resnet-wide"):
        start_from([find_model("fer7")], build("resnet-wide", JOINT), JOINT, some_batches())
    turned = keras.saving.load_model(trained / "fer7.keras", compile=False)
    turned.get_layer("stem_conv").set_weights(
        [-weights for weights in turned.get_layer("stem_conv").get_weights()]
    )
    turned.save(tmp_path / "turned.keras")
    other = cards_of(trained, "fer7")[0]
    hashes = {"turned.keras": sha256_file(tmp_path / "turned.keras")}
    other = replace(other, files={"keras": "turned.keras"}, sha256=hashes)
    other.write(tmp_path / "fer7.json")
    mixed = [*cards_of(trained, "fer3"), ModelCard.read(tmp_path / "fer7.json")]
    with pytest.raises(UsageError, match="its trunk is not that of fer3"):
        start_from(mixed, build("tiny", JOINT), JOINT, some_batches())
    fresh = ["train", str(made_data[0]), "-o", str(tmp_path / "fresh"), "--arch", "tiny"]
    with pytest.raises(UsageError, match="--freeze: goes with --start-from"):
        CliRunner().invoke(commands, [*fresh, "--freeze", "stem"], catch_exceptions=False)  # type: ignore[arg-type]
    shutil.copytree(trained, tmp_path / "on")
    again = begun_anew(trained, made_data, tmp_path / "on")
    with pytest.raises(UsageError, match="was begun with other settings"):
        CliRunner().invoke(commands, [*again, "--resume"], catch_exceptions=False)  # type: ignore[arg-type]


def begun_anew(trained: Path, made_data: tuple[Path, Path], out: Path) -> list[str]:
    """A training of one epoch from the trained models, as arguments."""
    data, votes = (str(p) for p in made_data)
    starts = [a for n in NAMES for a in ("--start-from", str(trained / f"{n}.json"))]
    return [
        *("train", data, "-o", str(out), "--fer-plus", votes, "--targets", "joint"),
        *("--arch", "tiny", "--epochs", "1", "--lr", "0.0005", *starts),
    ]


@pytest.fixture(scope="module")
def started(
    trained: Path,
    made_data: tuple[Path, Path],
    commands: object,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, str]:
    """The folder of such a training, and what it printed."""
    out = tmp_path_factory.mktemp("started")
    arguments = begun_anew(trained, made_data, out)
    done = CliRunner().invoke(commands, arguments, catch_exceptions=False)  # type: ignore[arg-type]
    return out, done.stdout


def test_a_start_is_better_than_none_and_told_on_the_card(
    trained: Path,
    made_data: tuple[Path, Path],
    started: tuple[Path, str],
    tmp_path: Path,
) -> None:
    out, printed = started
    assert "started from fer7, ferplus8, fer3, with heads fer7, ferplus8, fer3" in printed
    card = json.loads((out / "fer3.json").read_text())
    assert card["training"]["start_from"] == list(NAMES)
    before = json.loads((trained / "fer3.json").read_text())["metrics"]["PublicTest"]["accuracy"]
    assert abs(card["metrics"]["PublicTest"]["accuracy"] - before) < 0.1
    settings = stored_settings(out)
    assert settings is not None
    shutil.copytree(out, tmp_path / "on")
    lines: list[str] = []
    resumed = Training(replace(settings, epochs=2), load(*made_data), tmp_path / "on")
    resumed.run(True, lines.append)
    assert [row["epoch"] for row in resumed.history] == [1, 2]
    assert "started from" not in "".join(lines)


def test_an_export_may_stand_between_the_start_and_the_end(
    trained: Path,
    made_data: tuple[Path, Path],
    started: tuple[Path, str],
    commands: object,
    tmp_path: Path,
) -> None:
    (on, _), (data, votes) = started, (str(p) for p in made_data)
    between = [
        *("export", str(on), data, "-o", str(tmp_path / "between")),
        *("--fer-plus", votes, "--start-share", "0.25"),
    ]
    CliRunner().invoke(commands, between, catch_exceptions=False)  # type: ignore[arg-type]
    card = json.loads((tmp_path / "between" / "fer3.json").read_text())
    assert card["training"]["start_share"] == 0.25
    settings = stored_settings(on)
    assert settings is not None
    training = Training(settings, load(*made_data), on)
    shares = {share: training.result(share).get_weights()[0] for share in (0.0, 0.25, 1.0)}
    assert not np.allclose(shares[0.0], shares[1.0], atol=1e-4)
    assert np.allclose(shares[0.25], 0.75 * shares[0.0] + 0.25 * shares[1.0], atol=1e-6)
    fresh = ["export", str(trained), *between[2:]]
    with pytest.raises(UsageError, match="--start-share: this training began with random weights"):
        CliRunner().invoke(commands, fresh, catch_exceptions=False)  # type: ignore[arg-type]
