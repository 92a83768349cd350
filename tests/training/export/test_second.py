"""A second network for models that are there, and the two asked together."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import Classifier
from fer_batch.emotion.load import open_classifier
from fer_batch.emotion.second import both_say, joined
from fer_batch.errors import ModelFileError, UsageError
from fer_batch.faces.expression_head import read_head, write_head
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.grid import GridAnalyzer
from fer_batch.pipeline.opinions import SecondOpinions
from fer_batch.training.data.cropped import as_cropped
from fer_batch.training.data.landmarks import save_landmarks
from fer_batch.training.data.read import load
from fer_batch.training.data.template import DEFAULT_TEMPLATE
from fer_batch.training.export.second import METRICS, SHARE, ask, join
from fer_batch.training.metrics import accuracy
from fer_batch.types import FloatArray, Image
from tests.training.made_faces import made_faces

MODELS = ("fer3", "fer7", "ferplus8")


@pytest.fixture(scope="module")
def models(
    trained: Path,
    made_data: tuple[Path, Path],
    commands: object,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The models of a training, with a second network."""
    out = tmp_path_factory.mktemp("second")
    for name in MODELS:
        for file in trained.glob(f"{name}.*"):
            shutil.copy(file, out)
    data, votes = (str(path) for path in made_data)
    cards = [str(out / f"{name}.json") for name in MODELS]
    arguments = ["add-second", *cards, data, "--fer-plus", votes]
    done = CliRunner().invoke(commands, arguments, catch_exceptions=False)  # type: ignore[arg-type]
    assert done.exit_code == 0, done.output
    for name in MODELS:
        assert f"{name}: accuracy 0." in done.stdout or f"{name}: accuracy 1." in done.stdout
    return out


def test_cards_name_the_head_and_how_it_is_joined(models: Path) -> None:
    head = read_head(models / "second.npz")
    groups = [(annotation, len(labels)) for annotation, labels in head.labels]
    assert groups == [("fer2013", 7), ("ferplus", 8), ("ferplus", 3)]
    for name in MODELS:
        card = ModelCard.read(models / f"{name}.json")
        assert card.file("second") == models / "second.npz"
        assert card.second is not None and card.second.share == SHARE[card.annotation]
        assert set(card.metrics) >= {"PublicTest", METRICS}
        assert card.identity != replace(card, second=None).identity


def test_it_knows_what_the_labels_say(models: Path, made_data: tuple[Path, Path]) -> None:
    train = load(*made_data).of_split("Training")
    card = ModelCard.read(models / "fer7.json")
    second = ask(models / "second.npz", train.images).of(card)
    # By chance a seventh of drawn faces would be right.
    assert accuracy(second, train.emotion.astype(np.int64)) > 0.5


@pytest.mark.parametrize("name", MODELS)
def test_both_are_asked_on_every_runtime_alike(models: Path, name: str) -> None:
    faces, path = made_faces(12, 0).images, str(models / f"{name}.json")
    firsts = [open_classifier(path, runtime, "cpu", 4, 1) for runtime in ("litert", "keras")]
    by_litert, by_keras = (_both(first, faces) for first in firsts)
    assert np.allclose(by_litert.sum(axis=1), 1, atol=1e-5) and by_litert.dtype == np.float32
    assert np.abs(by_litert - by_keras).max() < 0.05
    assert not np.allclose(by_litert, firsts[0].classify(faces), atol=1e-3)
    assert np.array_equal(_both(firsts[0], faces[5:6]), by_litert[5:6])
    assert _both(firsts[0], faces[:0]).shape == (0, by_litert.shape[1])


def _both(first: Classifier, faces: Image) -> FloatArray:
    parts = SecondOpinions(first).beside(faces, first.classify(faces), np.full(len(faces), True))
    return both_say(*parts)


def test_both_in_two_steps_are_both_at_once(models: Path) -> None:
    first = open_classifier(str(models / "ferplus8.json"), "litert", "cpu", 4, 1)
    faces, card = made_faces(12, 0).images, first.card
    assert card.second is not None
    own, second = first.classify(faces), ask(models / "second.npz", faces).of(card)
    opinion, shifts = card.second, np.array(card.second.shifts(card.labels))
    pool = (1 - opinion.share) * np.log(np.maximum(own, 1e-7)) + opinion.share * second
    parts = np.exp(pool / opinion.temperature + shifts - pool.max(axis=1, keepdims=True))
    wanted = joined(own, second, shifts, opinion)
    assert np.allclose(wanted, parts / parts.sum(axis=1, keepdims=True), atol=1e-5)
    assert np.allclose(_both(first, faces), wanted, atol=1e-5)


def test_what_was_not_asked_is_not_known(models: Path) -> None:
    first = open_classifier(str(models / "fer3.json"), "litert", "cpu", 4, 1)
    faces, second = made_faces(6, 0).images, SecondOpinions(first)
    own, asked = first.classify(faces), np.arange(6) % 3 == 1
    said, differ = second.beside(faces, own, asked)
    whole, all_of_it = second.beside(faces, own, np.full(6, True))
    assert np.array_equal(said, whole) and np.allclose(said.sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(differ[asked], all_of_it[asked])
    assert np.isnan(differ[~asked]).all()
    assert np.array_equal(both_say(said, differ)[~asked], said[~asked])
    assert np.array_equal(both_say(said, differ)[asked], both_say(said, all_of_it)[asked])


def test_both_are_asked_unless_that_is_off(models: Path) -> None:
    engine = Engine(RunSettings(threads=1))
    settings = AnalyzeSettings(model=str(models / "fer3.json"))
    wishes = ("auto", "on", "off")
    asked = [_asks_both(engine, replace(settings, second_opinion=wish)) for wish in wishes]
    assert asked == [True, True, False]


def _asks_both(engine: Engine, settings: AnalyzeSettings) -> bool:
    analyzer = engine.analyzer(settings)
    assert isinstance(analyzer, GridAnalyzer)
    both = analyzer.second is not None
    assert both == engine.asks_second(settings)
    return both


def test_a_model_without_one_is_asked_alone_and_refuses_to_be_asked_twice(trained: Path) -> None:
    engine = Engine(RunSettings(threads=1))
    settings = AnalyzeSettings(model=str(trained / "fer3.json"))
    assert not _asks_both(engine, settings)
    with pytest.raises(UsageError, match="fer3 names no second network"):
        engine.analyzer(replace(settings, second_opinion="on"))


def test_a_head_that_was_exchanged_or_knows_other_labels_is_refused(
    models: Path, tmp_path: Path
) -> None:
    for file in models.iterdir():
        shutil.copy(file, tmp_path)
    path, card_path = tmp_path / "second.npz", tmp_path / "fer3.json"
    head = read_head(path)
    write_head(path, replace(head, labels=head.labels[::-1]))
    first = open_classifier(str(card_path), "litert")
    with pytest.raises(ModelFileError, match="SHA-256"):
        SecondOpinions(first)
    data = json.loads(card_path.read_text())
    path.unlink()
    with pytest.raises(ModelFileError, match="missing"):
        SecondOpinions(first)
    data["second"]["shift"] = {"happy": 0}
    card_path.write_text(json.dumps(data))
    with pytest.raises(ModelFileError, match="shift"):
        open_classifier(str(card_path), "litert")


def test_a_card_without_a_prior_takes_that_of_the_faces_it_is_calibrated_on(
    models: Path, made_data: tuple[Path, Path], tmp_path: Path
) -> None:
    for file in models.iterdir():
        shutil.copy(file, tmp_path)
    faces, path = load(*made_data), tmp_path / "fer7.json"
    known = ModelCard.read(path)
    replace(known, prior={}).write(path)
    asked = ask(tmp_path / "second.npz", faces.of_split("PublicTest").images)
    card = join(ModelCard.read(path), asked, faces)
    assert card.second is not None and card.second.prior == known.prior
    wrong = dict.fromkeys(card.labels, 0.5)
    with pytest.raises(UsageError, match="--prior"):
        join(card, asked, faces, wrong)


def test_models_of_several_folders_and_data_without_votes_are_refused(
    models: Path, trained: Path, made_data: tuple[Path, Path], commands: object
) -> None:
    cards = [str(models / "fer3.json"), str(trained / "fer7.json")]
    for arguments, says in (
        ([*cards, str(made_data[0]), "--fer-plus", str(made_data[1])], "several folders"),
        ([cards[0], str(made_data[0])], "--fer-plus"),
    ):
        with pytest.raises(UsageError, match=says):
            CliRunner().invoke(
                commands,  # type: ignore[arg-type]
                ["add-second", *arguments],
                catch_exceptions=False,
            )


def test_with_landmarks_faces_are_cut_out_as_in_photos(
    models: Path, made_data: tuple[Path, Path], commands: object, tmp_path: Path
) -> None:
    for file in models.iterdir():
        shutil.copy(file, tmp_path)
    faces = load(*made_data)
    away = np.array(DEFAULT_TEMPLATE, np.float32) + np.array([[[3, -2]]], np.float32)
    landmarks = np.repeat(away, len(faces), axis=0)
    landmarks[::2] -= [6, -4]  # half of the faces on either side of their mean
    save_landmarks(tmp_path / "landmarks.npz", landmarks)
    card, head = tmp_path / "fer3.json", tmp_path / "second.npz"
    data, votes = (str(path) for path in made_data)
    arguments = [
        *("add-second", str(card), data, "--fer-plus", votes, "--head", str(head)),
        *("--landmarks", str(tmp_path / "landmarks.npz")),
    ]
    done = CliRunner().invoke(commands, arguments, catch_exceptions=False)  # type: ignore[arg-type]
    assert done.exit_code == 0, done.output
    cropped = as_cropped(replace(faces, landmarks=landmarks), 0.5, 0.15)
    known = ModelCard.read(models / "fer3.json")
    assert (known.sharpen, known.sharpness) == (0.5, 0.13)
    wanted = join(
        ModelCard.read(card), ask(head, cropped.of_split("PublicTest").images), cropped
    ).second
    assert ModelCard.read(card).second == wanted != known.second
