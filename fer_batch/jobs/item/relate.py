"""Between timelines and drawing: what the inputs of a batch have to do with each other.

People who appear in several inputs, and what a study says of all of them, can be known only when
all timelines are there. A ``Relation`` that an input's settings ask for sees them all at once and
says what is shown of each. Where nobody asks, there is no such stage and nothing waits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fer_batch.atomic import write_text
from fer_batch.jobs.item.across import AcrossInputs
from fer_batch.jobs.item.edited import Edited
from fer_batch.jobs.item.relation import Member, Relation

if TYPE_CHECKING:
    from fer_batch.jobs.item.work import ItemSpec
    from fer_batch.pipeline.build import Engine

# One after another; a later one sees what an earlier one shows.
RELATIONS: list[Relation] = [AcrossInputs(), Edited()]


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
        if member.problem is not None or not needed([member.item]):
            continue
        if not member.work.related.exists():
            member.show(member.timeline())
        text = json.dumps({"notes": member.notes, "timeline": _digest(member)}, sort_keys=True)
        write_text(member.work.relations, text)


def _digest(member: Member) -> str:
    from fer_batch.checksum import sha256_file

    return sha256_file(member.work.related)
