"""Models of fewer labels, cut out of others."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.load import open_classifier
from fer_batch.errors import OutputPathError, TrainingDataError, UsageError
from fer_batch.training.data.read import load
from fer_batch.training.evaluate import truth_for
from fer_batch.training.export.narrow import narrowed, parse_prior

THREE = ("happy", "sad", "neutral")


@pytest.fixture(scope="module")
def three(
    trained: Path,
    made_data: tuple[Path, Path],
    commands: object,
    tmp_path_factory: pytest.TempPathFactory,
) -> ModelCard:
    out = tmp_path_factory.mktemp("narrow")
    data, votes = (str(path) for path in made_data)
    arguments = ["narrow", str(trained / "ferplus8.json"), data, "--fer-plus", votes]
    arguments += ["--emotions", ",".join(THREE), "-o", str(out)]
    done = CliRunner().invoke(commands, arguments, catch_exceptions=False)  # type: ignore[arg-type]
    assert "ferplus3 on PublicTest" in done.stdout
    return ModelCard.read(out / "ferplus3.json")


def test_it_is_a_model_of_its_own_by_the_same_annotation(three: ModelCard) -> None:
    assert (three.name, three.labels, three.annotation) == ("ferplus3", THREE, "ferplus")
    assert three.training["narrowed_from"] == "ferplus8"
    assert set(three.files) == {"keras", "litert"} and three.file("litert").is_file()
    figures = three.metrics["PublicTest"]
    assert figures["labels_of"] == "ferplus" and set(figures["recall"]) == set(THREE)


def test_it_is_measured_on_the_rows_that_bear_its_labels(
    three: ModelCard, made_data: tuple[Path, Path]
) -> None:
    held = load(*made_data).of_split("PublicTest")
    assert held.votes is not None
    happy, sad, neutral = (int((held.votes.argmax(axis=1) == i).sum()) for i in (1, 3, 0))
    assert three.metrics["PublicTest"]["n"] == happy + sad + neutral


def test_probabilities_are_those_of_the_model_before_by_one_power_and_one_factor_a_label(
    three: ModelCard, trained: Path, made_data: tuple[Path, Path]
) -> None:
    images = load(*made_data).of_split("PublicTest").images
    wide = open_classifier(str(trained / "ferplus8.json"), "keras")
    kept = [wide.card.labels.index(label) for label in THREE]
    before = np.log(wide.classify(images)[:, kept].astype(np.float64))
    after = open_classifier(str(three.path), "keras").classify(images)
    assert np.allclose(after.sum(axis=1), 1, atol=1e-5)
    power = wide.card.temperature / three.temperature
    for one, other in ((0, 1), (1, 2)):
        odds = np.log(after[:, one].astype(np.float64)) - np.log(after[:, other])
        factor = odds - power * (before[:, one] - before[:, other])
        assert np.ptp(factor) < 0.02, factor


def test_what_cannot_be_is_said(trained: Path, made_data: tuple[Path, Path]) -> None:
    faces, card = load(*made_data), ModelCard.read(trained / "ferplus8.json")
    for labels in (("happy",), ("happy", "happy"), ("happy", "bored")):
        with pytest.raises(UsageError, match="--emotions"):
            narrowed(card, labels, faces, trained / "none")
    with pytest.raises(TrainingDataError, match="--fer-plus"):
        narrowed(card, THREE, load(made_data[0]), trained / "none")
    assert not (trained / "none").exists()
    with pytest.raises(OutputPathError, match=r"fer3\.json"):
        narrowed(ModelCard.read(trained / "fer7.json"), THREE, faces, trained)
    with pytest.raises(UsageError, match="--truth"):
        truth_for(card, "mine")


def test_models_of_a_training_say_whose_labels_they_learned(trained: Path) -> None:
    told = {name: ModelCard.read(trained / f"{name}.json") for name in ("fer3", "fer7", "ferplus8")}
    assert {name: card.annotation for name, card in told.items()} == {
        "fer3": "fer2013",
        "fer7": "fer2013",
        "ferplus8": "ferplus",
    }


def test_another_prior_is_one_factor_a_label(
    three: ModelCard, trained: Path, made_data: tuple[Path, Path], tmp_path: Path
) -> None:
    """By Bayes: odds change by just as much as the odds of the prior, whatever the face."""
    faces, prior = load(*made_data), {"happy": 0.2, "sad": 0.5, "neutral": 0.3}
    wide = ModelCard.read(trained / "ferplus8.json")
    card, _ = narrowed(wide, THREE, faces, tmp_path, prior)
    assert card.prior == prior and sum(three.prior.values()) == pytest.approx(1, abs=1e-3)
    held = faces.of_split("PublicTest").images
    plain = np.log(open_classifier(str(three.path), "keras").classify(held).astype(np.float64))
    moved = np.log(open_classifier(str(card.path), "keras").classify(held).astype(np.float64))
    for one, other in ((0, 2), (1, 2)):
        odds = (moved[:, one] - moved[:, other]) - (plain[:, one] - plain[:, other])
        a, b = THREE[one], THREE[other]
        wanted = np.log(prior[a] / prior[b] * three.prior[b] / three.prior[a])
        assert np.allclose(odds, wanted, atol=0.02)


@pytest.mark.parametrize(
    "text", ["happy=1", "happy=0.5,sad=0.5,neutral=0.5", "happy,sad", "happy=1,sad=0,neutral=0"]
)
def test_a_prior_that_is_none(text: str) -> None:
    assert parse_prior("", THREE) is None
    assert parse_prior("even", THREE) == dict.fromkeys(THREE, 1 / 3)
    with pytest.raises(UsageError, match="--prior"):
        parse_prior(text, THREE)
