"""The relation of ``--identity batch``: one number for one person in all inputs of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fer_batch.errors import UnreadableError

if TYPE_CHECKING:
    from fer_batch.jobs.item.relation import Member
    from fer_batch.jobs.item.work import ItemSpec
    from fer_batch.pipeline.build import Engine
    from fer_batch.types import FloatArray

# Embeddings of one face of one input, found twice, differ by no more than this.
THE_SAME = 0.05


@dataclass
class _Known:
    """People of one input: what they are recognised by, and the numbers they have already."""

    embedding: dict[int, FloatArray] = field(default_factory=dict)
    person: dict[int, int] = field(default_factory=dict)


class AcrossInputs:
    """Compares the people of all inputs. Who has a number in results that are there keeps it."""

    name = "people"

    def wanted(self, item: ItemSpec) -> bool:
        """See ``Relation``."""
        return item.analyze.identity == "batch"

    def relate(self, members: Sequence[Member], engine: Engine) -> None:
        """See ``Relation``."""
        import numpy as np

        from fer_batch.tracking.across import NEW, people_across

        # Photos number their faces by size; nobody is followed there.
        members = [m for m in members if m.work.read_plan().info.kind != "photos"]
        known = [_known(member) for member in members]
        keys = [(place, face) for place, one in enumerate(known) for face in sorted(one.embedding)]
        points = [known[place].embedding[face] for place, face in keys]
        number = [known[place].person.get(face, NEW) for place, face in keys]
        used = [person for one in known for person in one.person.values()]
        found = people_across(
            np.stack(points) if points else np.zeros((0, 1)),
            np.array([place for place, _ in keys], np.int64),
            np.array(number, np.int64),
            first=max(used, default=0) + 1,
        )
        persons = [dict(one.person) for one in known]
        for (place, face), person in zip(keys, found.tolist(), strict=True):
            persons[place][face] = person
        following = max([0, *used, *found.tolist()]) + 1
        for place, member in enumerate(members):
            following = _show(member, known[place], persons[place], following)


def _show(member: Member, known: _Known, persons: dict[int, int], following: int) -> int:
    """Show ``persons`` in one input; who could not be recognised gets a number of their own, from
    ``following`` on. Returns the next that is free."""
    import numpy as np

    from fer_batch.pipeline.people_file import NAME, write_people

    timeline = member.timeline()
    faces, rows = np.unique(timeline.face_id, return_inverse=True)
    numbers = []
    for face in faces.tolist():
        if face not in persons:
            persons[face], following = following, following + 1
        numbers.append(persons[face])
    person = np.array(numbers, np.int64)[rows] if len(faces) else timeline.face_id.copy()
    member.show(replace(timeline, person=person))
    member.note("people", {str(face): persons[face] for face in faces.tolist()})
    kept = member.work.out / NAME
    if member.item.render.keep_embeddings:
        write_people(kept, known.embedding, persons)
    else:
        kept.unlink(missing_ok=True)
    return following


def _known(member: Member) -> _Known:
    """What is there of one input: of this run, or kept with its results."""
    import numpy as np

    from fer_batch.pipeline.people_file import NAME, read_people
    from fer_batch.timeline_file import NAME as TIMELINE
    from fer_batch.timeline_file import PRIVATE, read_timeline

    fresh, kept = _Known(), _Known()
    with suppress(UnreadableError):
        fresh.embedding = read_people(member.work.people).embedding
    with suppress(UnreadableError):
        kept = _Known(*read_people(member.work.out / NAME))
    if fresh.embedding:  # of earlier numbers those hold whose faces are still the same
        for face, person in kept.person.items():
            now = fresh.embedding.get(face)
            if now is not None and np.linalg.norm(now - kept.embedding[face]) < THE_SAME:
                fresh.person[face] = person
        return fresh
    if kept.embedding:
        return kept
    with suppress(UnreadableError):
        shown = read_timeline(member.work.out / TIMELINE, without=PRIVATE)
        pairs = zip(shown.face_id.tolist(), shown.person.tolist(), strict=True)
        kept.person = {face: person for face, person in pairs if person >= 0}
    return kept
