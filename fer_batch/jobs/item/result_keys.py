"""What a finished result is known by: everything that it depends on, as hashes.

A plan says what was asked; a result also depends on the engine that made its numbers, and on what
the inputs of a batch had to do with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.checksum import fingerprint, sha256_file
from fer_batch.config import AnalyzeSettings
from fer_batch.jobs.item.work import FORMAT, ItemPlan, ItemSpec
from fer_batch.pipeline.plan import tells_people
from fer_batch.version import installed_version

if TYPE_CHECKING:
    from fer_batch.pipeline.build import Engine


def analysis_key(sha256: str, kind: str, settings: AnalyzeSettings, engine: Engine) -> str:
    """What a result's numbers depend on, as one hash: content, what kind of input it was taken for,
    settings, weights; beside the engine."""
    from fer_batch.faces.recogniser import recogniser_sha256

    weights = engine.card(settings).identity
    detector = engine.detector(settings).sha256
    by_others = ("detector_model", "model", "images")
    names = {k: v for k, v in settings.to_json().items() if k not in by_others}
    people = recogniser_sha256() if tells_people(kind, settings) else ""
    return fingerprint(
        [FORMAT, installed_version(), sha256, kind, names, weights, detector, people]
    )


def render_key(analysis: str, item: ItemSpec) -> str:
    """What is drawn of the numbers with the key ``analysis``, as one hash."""
    return fingerprint([analysis, item.render.to_json(), sorted(item.outputs)])


def input_sha256(path: Path, files: tuple[str, ...] = ()) -> str:
    """SHA-256 (hex) of a file's content; for folders of images, of all names and contents."""
    if not path.is_dir():
        return sha256_file(path)
    return fingerprint([[name, _content(path / name)] for name in files])


def _content(path: Path) -> str:
    try:
        return input_sha256(path)
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class ResultKeys:
    """``asked``: what was wanted of which input; ``analysis``: its numbers; ``render``: all."""

    asked: str
    analysis: str
    render: str

    def to_json(self) -> dict[str, str]:
        """As ``summary.json`` names them."""
        return {
            "asked_key": self.asked,
            "analysis_key": self.analysis,
            "render_key": self.render,
        }


def result_keys(plan: ItemPlan, engine: Mapping[str, str], related: str = "") -> ResultKeys:
    """The keys of a result of ``plan`` whose numbers ``engine`` made; ``related`` stands for what
    came of the other inputs, "" where nothing did."""
    # Where stored numbers are drawn again, theirs is the plan's already.
    analysis = plan.analysis_key
    if not plan.made_by:
        analysis = fingerprint([plan.analysis_key, dict(engine)])
    return ResultKeys(plan.render_key, analysis, fingerprint([plan.render_key, analysis, related]))


def same_numbers(plan: ItemPlan, summary: Mapping[str, Any], engine: Mapping[str, str]) -> bool:
    """Whether the result that ``summary`` tells of has the numbers that ``engine`` would make."""
    return summary.get("analysis_key") == result_keys(plan, engine).analysis


def engine_line(engine: Mapping[str, str], version: str = "") -> str:
    """An engine as one line: ``analyzer grid, classifier litert 2.1, …``; with the ``version`` of
    fer-batch, of which several may work side by side while a cluster is updated."""
    named = {**engine, "fer-batch": version} if version else engine
    return ", ".join(f"{name} {value}" for name, value in sorted(named.items()))
