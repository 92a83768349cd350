"""Model cards: what a model is, as data beside its weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fer_batch.checksum import sha256_file
from fer_batch.emotion.labels import ANNOTATIONS, Annotation
from fer_batch.emotion.second import SecondOpinion
from fer_batch.errors import ModelFileError

FORMAT = 1
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Everything a caller must know of a model.

    ``full`` names the model, with a card in the same folder, that this one was made of by giving
    its weights eight bits: Keras takes the weights of that one. ``files`` maps a runtime
    (``litert``, ``keras``) to a file name in the card's own folder, and ``sha256`` file names to
    hashes. ``template`` holds where the five landmarks (right eye, left eye, nose, right and left
    mouth corner, as YuNet orders them) lie in a crop of ``input_size`` pixels square; pixel centres
    are whole numbers. ``temperature`` is already inside the files. ``annotation`` says whose labels
    it learned, and so is measured against: ``fer2013``, or ``ferplus`` for the majority of FER+'s
    votes. ``sharpen`` is how much crops are sharpened before the network sees them; of those that
    are softer than ``sharpness`` the blur is undone (``faces.sharpen.sharpened``). ``prior`` are
    the shares of the labels, by name, that the probabilities assume; empty where nobody knows.
    ``second`` is how the answers of a second network, whose head ``files`` names as ``second``, are
    joined with the model's own; None where there is none. ``path`` is where the card was read from.
    """

    name: str
    labels: tuple[str, ...]
    input_size: int
    files: dict[str, str]
    sha256: dict[str, str]
    template: tuple[Point, Point, Point, Point, Point]
    full: str = ""
    temperature: float = 1.0
    version: str = "1"
    annotation: Annotation = "fer2013"
    sharpen: float = 0.0
    sharpness: float = 0.0
    prior: dict[str, float] = field(default_factory=dict)
    second: SecondOpinion | None = None
    description: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    path: Path | None = None

    @classmethod
    def read(cls, path: Path) -> ModelCard:
        """Reads a card; its weights are looked at only when they are loaded."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data.pop("format") != FORMAT:
                raise ValueError(f"its format is not {FORMAT}: made by another version")
            data["labels"] = tuple(str(label) for label in data["labels"])
            data["limits"] = tuple(data.get("limits", ()))
            if (second := data.pop("second", None)) is not None:
                data["second"] = SecondOpinion.from_json(second, data["labels"])
            data["template"] = tuple((float(x), float(y)) for x, y in data["template"])
            if len(data["template"]) != 5 or not data["labels"]:
                raise ValueError("it needs five landmarks and at least one label")
            card = cls(**data, path=path)
            if Path(card.full).name != card.full:
                raise ValueError("full must be a name")
            if not 0 <= card.sharpen <= 4:
                raise ValueError("sharpen must be 0 to 4")
            if not 0 <= card.sharpness <= 1:
                raise ValueError("sharpness must be 0 to 1")
            if card.annotation not in ANNOTATIONS:
                raise ValueError(f"its annotation is unknown; choose from {', '.join(ANNOTATIONS)}")
            return card
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelFileError(f"{path}: not a model card that can be read ({error})") from error

    @property
    def identity(self) -> list[object]:
        """All that a face's numbers depend on, as JSON: the weights, and how crops are made."""
        template = [list(point) for point in self.template]
        second = None if self.second is None else asdict(self.second)
        return [self.sha256, template, self.sharpen, self.sharpness, second]

    def write(self, path: Path) -> None:
        """Writes the card as JSON."""
        data = {"format": FORMAT, **asdict(self)}
        del data["path"]
        path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def file(self, runtime: str) -> Path:
        """The weights for ``runtime``, after their hash was compared with the card's."""
        if self.path is None or runtime not in self.files:
            has = ", ".join(self.files) or "none"
            raise ModelFileError(
                f"model {self.name} has no file for the {runtime} runtime, only for {has}"
            )
        path = self.path.parent / self.files[runtime]
        if path.parent != self.path.parent:
            raise ModelFileError(f"{self.path}: names a file outside its own folder")
        if not path.is_file():
            raise ModelFileError(f"{path}: the weights of model {self.name} are missing")
        found = sha256_file(path)
        if found != self.sha256.get(path.name):
            raise ModelFileError(
                f"{path}: damaged or replaced: its SHA-256 is not the one in {self.path.name}"
            )
        return path
