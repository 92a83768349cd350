"""The relation that applies corrections by hand: what is shown is what its user corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fer_batch.corrections.read import edits_file, parse_edits, read_edits
from fer_batch.errors import UsageError

if TYPE_CHECKING:
    from fer_batch.jobs.item.relation import Member
    from fer_batch.jobs.item.work import ItemSpec
    from fer_batch.pipeline.build import Engine


def with_edits(items: Sequence[ItemSpec], out: Path) -> list[ItemSpec]:
    """``items`` with the corrections that lie beside their results in ``out``.

    Raises:
        UsageError: a line or entry of one is wrong; it is named.
    """
    return [
        replace(item, render=replace(item.render, edits=read_edits(out / item.name)))
        for item in items
    ]


class Edited:
    """Each input by itself; comes last, so that what a person says counts."""

    name = "edits"

    def wanted(self, item: ItemSpec) -> bool:
        """See ``Relation``."""
        return bool(item.render.edits)

    def relate(self, members: Sequence[Member], engine: Engine) -> None:
        """See ``Relation``."""
        from fer_batch.corrections.apply import corrected

        for member in members:
            try:
                where = str(edits_file(member.work.out))
                edits = parse_edits(member.item.render.edits, where)
                member.show(corrected(member.timeline(), edits, where))
            except UsageError as error:  # nothing is half applied, and the other inputs go on
                member.refuse(error)
            member.note("edits", list(member.item.render.edits))
