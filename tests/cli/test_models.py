"""models: what there is, as words and as JSON."""

from __future__ import annotations

import json

from fer_batch.cli import models
from fer_batch.config import DEFAULT_MODEL
from fer_batch.emotion.models import find_model, list_models
from tests.end_to_end.conftest import fer_batch


def test_the_list_names_the_default_model() -> None:
    done = fer_batch("models")
    assert done.returncode == 0
    assert "fer3" in done.stdout and "happy, sad, neutral" in done.stdout
    lines = done.stdout.split("\n\n")[0].splitlines()
    names, told = lines[::2], lines[1::2]
    column = len(told[0]) - len(told[0].lstrip())
    assert [line.split()[0] for line in names] == [card.name for card in list_models()]
    assert all(line[column - 1] == " " != line[column] for line in lines)
    assert [
        line.split()[0] for line, short in zip(names, told, strict=True) if "default" in short
    ] == [DEFAULT_MODEL]


def test_the_list_helps_to_choose_in_five_lines() -> None:
    question, *lines = fer_batch("models").stdout.split("\n\n")[1].splitlines()
    assert question == "Which one?" and len(lines) == 5
    assert lines[0].split()[0] == DEFAULT_MODEL
    assert "as most people would say it" in lines[0]


def test_models_of_fer2013s_labels_say_that_they_are_for_comparison() -> None:
    """In the list and in the help of what takes a model; the others say nothing of the kind."""
    names, told = (fer_batch("models").stdout.split("\n\n")[0].splitlines()[i::2] for i in (0, 1))
    marked = {
        name.split()[0] for name, line in zip(names, told, strict=True) if models.COMPARE in line
    }
    assert marked == {card.name for card in list_models() if card.annotation == "fer2013"} != set()
    assert find_model(DEFAULT_MODEL).annotation == "ferplus"
    shown = " ".join(fer_batch("run", "--help").stdout.replace("│", " ").split())
    assert "fer3 and fer7 follow FER2013's labels" in shown


def test_json_holds_whole_cards() -> None:
    cards = {card["name"]: card for card in json.loads(fer_batch("models", "--json").stdout)}
    assert cards["fer3"]["labels"] == ["happy", "sad", "neutral"]
    assert set(cards["fer3"]["files"].values()) == set(cards["fer3"]["sha256"])


def test_one_card_in_words() -> None:
    done = fer_batch("models", "fer3")
    assert "measured: " in done.stdout and "sha256" in done.stdout
    card = find_model("fer3")
    shares = ", ".join(f"{label} {share:.2f}" for label, share in card.prior.items())
    assert shares in done.stdout and card.second is not None
    both = f"asked about photos, counts {card.second.share:.0%}; prior of both: {shares}"
    assert both in done.stdout
    assert json.loads(fer_batch("models", "fer3", "--json").stdout)["name"] == "fer3"


def test_an_unknown_model_is_wrong_usage() -> None:
    done = fer_batch("models", "fer99")
    assert done.returncode == 2
    assert done.stderr.startswith("fer-batch: unknown model 'fer99'")
    assert "fer3" in done.stderr


def test_values_of_a_card_stand_in_one_column() -> None:
    """Also behind the longest of the names."""
    lines = fer_batch("models", "fer7").stdout.splitlines()
    card = find_model("fer7")
    rows = [line for line in lines if line.startswith("  ") and not line.startswith("  ·")]
    column = rows[0].index(", ".join(card.labels))
    assert all(row[column - 2 : column] == "  " and row[column : column + 1] != " " for row in rows)
