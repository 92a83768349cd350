"""What a training is, as data that is stored with its checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from fer_batch.errors import UsageError
from fer_batch.training.data.augment import Augmentation
from fer_batch.training.data.targets import Head
from fer_batch.training.network.architectures import architecture

AUGMENTED = frozenset(field.name for field in fields(Augmentation))


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What a training is; stored with its checkpoints. ``cooldown_epochs`` end the training with a
    rate that falls to nothing, counted from the last of ``epochs`` backwards; ``finish_minutes``
    above 0 end it by the clock instead, with a rate that falls from the start of that run on.
    ``teachers`` are cards of models whose answers make up ``teacher_share`` of the targets; they
    see each image once ("images") or every variant of it that is trained on ("variants").
    ``start_from`` are cards of models whose weights it began with, in place of random ones; layers
    whose names begin with one of ``frozen`` keep them.
    ``validation_share`` of data without a PublicTest is held out as one."""

    arch: str
    heads: tuple[Head, ...]
    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str
    weight_decay: float
    schedule: str
    warmup_epochs: float
    cooldown_epochs: int
    ema: float
    augmentation: Augmentation
    finish_minutes: float = 0.0
    teachers: tuple[str, ...] = ()
    teacher_share: float = 0.5
    teachers_see: str = "images"
    start_from: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    precision: str = "float32"
    seed: int = 0
    validation_share: float = 0.1

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TrainSettings:
        heads = tuple(Head.from_json(head) for head in data["heads"])
        known = {
            "heads": heads,
            "augmentation": Augmentation(**data["augmentation"]),
            "teachers": tuple(data.get("teachers", ())),
            "start_from": tuple(data.get("start_from", ())),
            "frozen": tuple(data.get("frozen", ())),
        }
        return cls(**{**data, **known})


def train_settings(arch: str, heads: Sequence[Head], epochs: int, **changes: Any) -> TrainSettings:
    """The architecture's own recipe, with ``changes`` where they are not None."""
    known = architecture(arch)
    recipe = TrainSettings(
        arch=arch,
        heads=tuple(heads),
        epochs=epochs,
        batch_size=known.batch_size,
        learning_rate=known.learning_rate,
        optimizer=known.optimizer,
        weight_decay=known.weight_decay,
        schedule=known.schedule,
        warmup_epochs=1.0,
        cooldown_epochs=0,
        ema=known.ema,
        augmentation=known.augmentation,
    )
    return changed(recipe, **changes)


def changed(
    settings: TrainSettings, weights: Mapping[str, float] | None = None, **changes: Any
) -> TrainSettings:
    """``settings`` with those ``changes`` that are not None, the augmentation's among them;
    ``weights`` are the heads' shares of the loss by name.

    Raises:
        UsageError: there is no head of such a name.
    """
    known = {name: value for name, value in changes.items() if value is not None}
    ways = {name: known.pop(name) for name in AUGMENTED if name in known}
    if unknown := set(weights or {}) - {head.name for head in settings.heads}:
        raise UsageError(f"--weight: there is no head {', '.join(sorted(unknown))}")
    heads = tuple(replace(h, weight=(weights or {}).get(h.name, h.weight)) for h in settings.heads)
    return replace(
        settings, heads=heads, augmentation=replace(settings.augmentation, **ways), **known
    )
