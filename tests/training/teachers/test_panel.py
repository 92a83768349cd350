from pathlib import Path

import numpy as np

from fer_batch.emotion.load import open_classifier
from fer_batch.emotion.models import find_model
from fer_batch.training.teachers.panel import panels
from tests.training.made_faces import made_faces


def test_models_of_one_trunk_answer_as_one(trained: Path) -> None:
    images = made_faces(40, 0).images
    cards = [find_model(str(trained / f"{name}.json")) for name in ("fer7", "fer3", "ferplus8")]
    (panel,) = panels(cards, 16)
    assert [card.name for card, _ in panel.members] == ["fer7", "fer3", "ferplus8"]
    said = panel.answers(images)
    assert said.shape == (40, 18)
    for card, first in panel.members:
        part = said[:, first : first + len(card.labels)]
        alone = open_classifier(str(card.path)).classify(images)
        assert np.allclose(part.sum(axis=1), 1, atol=1e-5)
        # Eight bits, and of this member rather than of another.
        assert np.abs(part - alone).max() < 0.05
        assert np.corrcoef(part.ravel(), alone.ravel())[0, 1] > 0.99


def test_models_of_other_trunks_and_those_of_litert_alone_keep_to_themselves(trained: Path) -> None:
    images = made_faces(8, 0).images
    cards = [
        find_model(name)
        for name in ("fer3", "fer7", str(trained / "fer7.json"), "fer3-int8", "ferplus8-int8")
    ]
    found = panels(cards, 8)
    members = [[card.path for card, _ in panel.members] for panel in found]
    assert members == [
        [c.path for c in cards[:2]],
        [cards[3].path],
        [cards[4].path],
        [cards[2].path],
    ]
    for panel in found[1:]:
        ((card, first),) = panel.members
        alone = open_classifier(str(card.path)).classify(images)
        assert first == 0 and np.allclose(panel.answers(images), alone, atol=1e-6)
