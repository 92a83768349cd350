"""models: what there is, as words and as JSON."""

from __future__ import annotations

import json

from tests.end_to_end.conftest import fer_batch


def test_the_list_names_the_default_model() -> None:
    done = fer_batch("models")
    assert done.returncode == 0
    assert "fer3" in done.stdout and "happy, sad, neutral" in done.stdout


def test_json_holds_whole_cards() -> None:
    cards = {card["name"]: card for card in json.loads(fer_batch("models", "--json").stdout)}
    assert cards["fer3"]["labels"] == ["happy", "sad", "neutral"]
    assert set(cards["fer3"]["files"].values()) == set(cards["fer3"]["sha256"])


def test_one_card_in_words() -> None:
    done = fer_batch("models", "fer3")
    assert "measured: " in done.stdout and "sha256" in done.stdout
    assert json.loads(fer_batch("models", "fer3", "--json").stdout)["name"] == "fer3"


def test_an_unknown_model_is_wrong_usage() -> None:
    done = fer_batch("models", "fer99")
    assert done.returncode == 2
    assert done.stderr.startswith("fer-batch: unknown model 'fer99'")
    assert "fer3" in done.stderr
