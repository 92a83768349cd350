"""What a relation is: something that looks at all inputs of a batch, and an input as it sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fer_batch.timeline_file import PRIVATE, read_engine, read_timeline, write_timeline

if TYPE_CHECKING:
    from fer_batch.errors import FerBatchError
    from fer_batch.jobs.item.work import ItemSpec, WorkFolder
    from fer_batch.pipeline.build import Engine
    from fer_batch.types import Timeline


@dataclass
class Member:
    """One input of a batch as relations see it. Its analysed timeline stays as it is."""

    item: ItemSpec
    work: WorkFolder
    notes: dict[str, Any] = field(default_factory=dict)
    problem: FerBatchError | None = None

    def analysed(self) -> Timeline:
        """The input's own timeline. Appearance vectors are there when it was analysed just now;
        results that are drawn again keep none.

        Raises:
            UnreadableError: the file is damaged.
        """
        return read_timeline(self.work.timeline)

    def timeline(self) -> Timeline:
        """What is shown of this input so far, without appearance vectors.

        Raises:
            UnreadableError: the file is damaged.
        """
        changed = self.work.related
        path = changed if changed.exists() else self.work.timeline
        return read_timeline(path, without=PRIVATE)

    def show(self, timeline: Timeline) -> None:
        """Show ``timeline`` from now on: tables, pictures and pages are made of it."""
        made_by = read_engine(self.work.timeline)
        write_timeline(self.work.related, timeline, engine=made_by, without=PRIVATE)

    def refuse(self, error: FerBatchError) -> None:
        """Say that this input cannot be shown; the others can."""
        self.problem = error

    def note(self, name: str, value: Any) -> None:
        """Keep a plain value with the results, in ``summary.json`` under ``related``.

        Results are drawn again where a value changes, so it must tell whatever the pictures show.
        """
        self.notes[name] = value


class Relation(Protocol):
    """Something that needs all inputs of a batch."""

    name: str

    def wanted(self, item: ItemSpec) -> bool:
        """Whether the settings of ``item`` ask for it; cheap, and never by its pixels."""
        ...

    def relate(self, members: Sequence[Member], engine: Engine) -> None:
        """Look at the inputs that asked, in the batch's order; say what is shown of each.

        The same inputs must give the same answer, in whatever order workers finished them.
        """
        ...
