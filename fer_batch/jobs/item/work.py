"""Where the files of one item lie while it is at work, and how its plan is kept."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.atomic import write_text
from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.errors import UnreadableError
from fer_batch.npz import MADE_ANEW
from fer_batch.outputs import DEFAULT_OUTPUTS, Output, outputs_for
from fer_batch.types import Segment, SourceInfo

if TYPE_CHECKING:
    from fer_batch.media.discover import Input

FORMAT = 11  # a plan says whether pictures change size
TIMELINE = "timeline.npz"
RELATED = "related.npz"
RELATIONS = "related.json"
PEOPLE = "people.npz"
STATE = (TIMELINE, RELATED, RELATIONS, PEOPLE)  # nothing of it is left when an item is finished


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """One input and what is wanted of it. ``input`` is a local path, ``name`` names its results,
    ``shown`` is what they say of where it was, "" for ``input`` itself. ``files`` names images
    below ``input`` where it is a folder of which only some are meant. ``who`` is the folder of the
    photos that ``analyze.who`` names, "" where it is not at hand."""

    input: str
    name: str
    analyze: AnalyzeSettings = field(default_factory=AnalyzeSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    outputs: tuple[str, ...] = DEFAULT_OUTPUTS
    shown: str = ""
    files: tuple[str, ...] = ()
    who: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ItemSpec:
        return cls(
            input=data["input"],
            name=data["name"],
            analyze=AnalyzeSettings.from_json(data["analyze"]),
            render=RenderSettings.from_json(data["render"]),
            outputs=tuple(data["outputs"]),
            shown=data.get("shown", ""),
            files=tuple(data.get("files", ())),
            who=data.get("who", ""),
        )


def specs_of(
    inputs: list[Input],
    analyze: AnalyzeSettings,
    render: RenderSettings,
    outputs: tuple[str, ...] = (),
    who: str = "",
) -> list[ItemSpec]:
    """What is wanted of inputs that were discovered: settings that know what images were taken for,
    and of ``outputs`` what can be made of each (without any: what suits it).
    ``who``: the folder of the photos that ``analyze`` names."""
    return [
        ItemSpec(
            input=str(one.path),
            name=one.name,
            analyze=replace(analyze, images=one.images.kind) if one.images else analyze,
            render=render,
            outputs=outputs_for(one.kind, outputs),
            files=one.images.files if one.images else (),
            who=who,
        )
        for one in inputs
    ]


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """What a probe found: the source, its hash, how it is cut, and the keys of its results.

    ``analysis_key`` stands for everything that can change a number: input, model, detector and
    settings; ``render_key`` for what is drawn of it. ``made_by``: who made numbers that are drawn
    again though something else would make them now (``stored_numbers``), else empty.
    """

    info: SourceInfo
    segments: tuple[Segment, ...]
    input_sha256: str
    analysis_key: str
    render_key: str
    made_by: dict[str, Any] = field(default_factory=dict)

    def gone_through(self, segment: Segment) -> int:
        """How many frames of a long source ``segment`` stands for; 0 of a short one."""
        return len(segment) if len(self.segments) > 1 else 0

    def to_json(self) -> dict[str, Any]:
        info = {f.name: getattr(self.info, f.name) for f in fields(SourceInfo)}
        info["pts"] = self.info.pts.tolist()
        info["time_base"] = [self.info.time_base.numerator, self.info.time_base.denominator]
        return {
            "format": FORMAT,
            "info": info,
            "segments": [[s.index, s.start, s.stop] for s in self.segments],
            "input_sha256": self.input_sha256,
            "analysis_key": self.analysis_key,
            "render_key": self.render_key,
            "made_by": self.made_by,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ItemPlan:
        import numpy as np

        info = dict(data["info"])
        info["pts"] = np.array(info["pts"], np.int64)
        info["time_base"] = Fraction(*info["time_base"])
        for name in ("files", "warnings", "colour", "crop", "aperture"):
            info[name] = tuple(info[name])
        info["joins"] = tuple((moved, begin) for moved, begin in info["joins"])
        return cls(
            info=SourceInfo(**info),
            segments=tuple(Segment(*s) for s in data["segments"]),
            input_sha256=data["input_sha256"],
            analysis_key=data["analysis_key"],
            render_key=data["render_key"],
            made_by=dict(data.get("made_by", {})),
        )


@dataclass(frozen=True, slots=True)
class WorkFolder:
    """Fixed names under one folder. The queue mirrors them as storage keys."""

    path: Path
    out: Path

    @property
    def plan(self) -> Path:
        return self.path / "source.json"

    @property
    def timeline(self) -> Path:
        return self.path / TIMELINE

    @property
    def related(self) -> Path:
        """The timeline after the inputs of a batch were related, where they were."""
        return self.path / RELATED

    @property
    def relations(self) -> Path:
        """What relating said of this input; written last."""
        return self.path / RELATIONS

    @property
    def shown(self) -> Path:
        """The timeline of which outputs are made."""
        return self.related if self.relations.exists() else self.timeline

    @property
    def people(self) -> Path:
        """What the people of this input are recognised by, where inputs are compared."""
        return self.path / PEOPLE

    def shard(self, segment: int) -> Path:
        return self.path / "shards" / f"{segment:05d}.npz"

    @property
    def parts(self) -> Path:
        """What is made while drawing; outputs that are whole lie here under their final names."""
        return self.path / "parts"

    def part(self, segment: int) -> Path:
        return self.parts / f"{segment:05d}.mp4"

    def kept(self, segment: int) -> Path:
        return self.parts / f"{segment:05d}.zip"

    def made(self, output: Output) -> Path:
        """An output that is made beside the drawing."""
        return self.parts / output.file

    def timings(self, step: str) -> Path:
        return self.path / "timings" / f"{step}.json"

    def relative(self, path: Path) -> str:
        """The storage key of a file of this folder, with forward slashes."""
        return path.relative_to(self.path).as_posix()

    def read_plan(self) -> ItemPlan:
        """The plan that ``probe`` wrote.

        Raises:
            UnreadableError: missing, damaged, or of another version.
        """
        try:
            data = json.loads(self.plan.read_text("utf-8"))
            if data["format"] != FORMAT:
                raise UnreadableError(f"{self.plan}: is of another version; {MADE_ANEW}")
            return ItemPlan.from_json(data)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnreadableError(f"{self.plan}: is damaged; {MADE_ANEW}") from error

    def write_plan(self, plan: ItemPlan) -> None:
        """Keep the plan for the steps that follow."""
        write_text(self.plan, json.dumps(plan.to_json(), separators=(",", ":")))

    def remove(self) -> None:
        """Take away everything but the results."""
        shutil.rmtree(self.path, ignore_errors=True)
