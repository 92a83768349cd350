"""Between timelines and drawing: what the inputs of a batch have to do with each other.

People who appear in several inputs, and what a study says of all of them, can be known only when
all timelines are there. A ``Relation`` that an input's settings ask for sees them all at once and
says what is shown of each. Where nobody asks, there is no such stage and nothing waits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fer_batch.atomic import write_text
from fer_batch.timeline_file import PRIVATE, read_engine, read_timeline, write_timeline

if TYPE_CHECKING:
    from fer_batch.jobs.item.work import ItemSpec, WorkFolder
    from fer_batch.pipeline.build import Engine
    from fer_batch.types import Timeline


@dataclass
class Member:
    """One input of a batch as relations see it. Its analysed timeline stays as it is."""

    item: ItemSpec
    work: WorkFolder
    notes: dict[str, Any] = field(default_factory=dict)

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


# One after another; a later one sees what an earlier one shows.
RELATIONS: list[Relation] = []


def needed(items: Iterable[ItemSpec]) -> bool:
    """Whether any input asks for a relation, so that all must wait for each other."""
    return bool(RELATIONS) and any(r.wanted(item) for item in items for r in RELATIONS)


def relate(members: Sequence[Member], engine: Engine) -> None:
    """Relate inputs whose timelines are there; may be called again and then begins anew.

    Raises:
        FerBatchError: it cannot be done.
    """
    for member in members:
        member.work.relations.unlink(missing_ok=True)
        member.work.related.unlink(missing_ok=True)
    for relation in RELATIONS:
        asked = [member for member in members if relation.wanted(member.item)]
        if asked:
            relation.relate(asked, engine)
    for member in members:
        if not member.work.related.exists():
            member.show(member.timeline())
        text = json.dumps({"notes": member.notes, "timeline": _digest(member)}, sort_keys=True)
        write_text(member.work.relations, text)


def _digest(member: Member) -> str:
    from fer_batch.checksum import sha256_file

    return sha256_file(member.work.related)
