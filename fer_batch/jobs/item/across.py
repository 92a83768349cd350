"""The relation of ``--identity batch``: one number for one person in all inputs of a batch, and a
name for who is known by photos (``--who``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fer_batch.jobs.item.at_once import told_at_once
from fer_batch.jobs.item.known import Known, beside, known_of
from fer_batch.jobs.item.who import photos_of

if TYPE_CHECKING:
    from fer_batch.jobs.item.relation import Member
    from fer_batch.jobs.item.work import ItemSpec
    from fer_batch.pipeline.build import Engine
    from fer_batch.types import FloatArray, IntArray, Timeline


class AcrossInputs:
    """Compares the people of all inputs. Who has a number in results that are there keeps it."""

    name = "people"

    def wanted(self, item: ItemSpec) -> bool:
        """See ``Relation``."""
        return item.analyze.identity == "batch"

    def relate(self, members: Sequence[Member], engine: Engine) -> None:
        """See ``Relation``."""
        photos = photos_by_name([member.item for member in members], engine)
        engine.photos.clear()  # biometric data: kept no longer than needed
        told = told_at_once(members)
        inputs = [known_of(member, one) for member, one in zip(members, told, strict=True)]
        others = beside(members)
        called = _names_there([*inputs, *others])
        everyone = _Everyone([*inputs, *others])
        everyone.name([_Seen(member) for member in members], photos, called)
        persons = everyone.numbered()
        names = {number: name for name, number in called.items()}
        following = everyone.following({})
        for member, known, person in zip(members, inputs, persons, strict=False):
            following = _show(member, known, person, names, following)


def photos_by_name(items: Sequence[ItemSpec], engine: Engine) -> dict[str, list[FloatArray]]:
    """What the people are recognised by whose photos the inputs name; the engine keeps it.

    Raises:
        UsageError: a photo has changed, cannot be read, or does not show one face well.
    """
    from fer_batch.checksum import sha256_file
    from fer_batch.errors import UsageError
    from fer_batch.pipeline.known_faces import asked_of_photos, face_of

    found: dict[str, list[FloatArray]] = {}
    item = next((item for item in items if item.who and item.analyze.who), None)
    if item is None:
        return found
    plain = asked_of_photos(item.analyze)
    for photo in photos_of(item.analyze):
        path = Path(item.who) / photo.file
        try:
            same = sha256_file(path) == photo.sha256
        except OSError:
            same = False
        if not same:
            raise UsageError(f"--who: {path}: was changed or removed meanwhile; run again")
        key = (path, photo.sha256, plain)
        if key not in engine.photos:
            engine.photos[key] = face_of(path, photo.name, plain, engine)
        found.setdefault(photo.name, []).append(engine.photos[key])
    return found


def _names_there(known: Sequence[Known]) -> dict[str, int]:
    """The numbers of people who were named before, in results that stay as they are."""
    found: dict[str, int] = {}
    for one in known:
        for person, name in sorted(one.names.items()) if not one.fresh else ():
            found.setdefault(name, person)
    return found


@dataclass
class _Seen:
    """When the people of one input are seen."""

    member: Member
    _frames: dict[int, IntArray] | None = None

    def together(self, first: int, second: int) -> bool:
        """Whether two of them are seen at once."""
        import numpy as np

        from fer_batch.groups import by_track

        if self._frames is None:
            timeline = self.member.timeline()
            groups = by_track(timeline.identities())
            self._frames = {number: timeline.frame[rows] for number, rows in groups}
        mine, theirs = self._frames.get(first), self._frames.get(second)
        if mine is None or theirs is None:
            return False
        return bool(np.intersect1d(mine, theirs).size)


class _Everyone:
    """All people who can be compared, one after the other."""

    def __init__(self, known: Sequence[Known]) -> None:
        import numpy as np

        from fer_batch.tracking.across import NEW

        self.known = known
        self.keys = [(at, face) for at, one in enumerate(known) for face in sorted(one.embedding)]
        self.points = [known[at].embedding[face] for at, face in self.keys]
        self.owner = np.array([at for at, _ in self.keys], np.int64)
        numbers = [known[at].person.get(face, NEW) for at, face in self.keys]
        self.number = np.array(numbers, np.int64)

    def name(
        self,
        seen: Sequence[_Seen],
        photos: Mapping[str, Sequence[FloatArray]],
        called: dict[str, int],
    ) -> None:
        """Give who is on ``photos`` the number of that name; new ones go into ``called``."""
        import numpy as np

        from fer_batch.tracking.across import NEW
        from fer_batch.tracking.named import named_people

        def apart(a: int, b: int) -> bool:
            (at, first), (_, second) = self.keys[a], self.keys[b]
            return seen[at].together(first, second)

        own = int((self.owner < len(seen)).sum())  # other results keep what they say
        stacked = {name: np.stack(list(found)) for name, found in photos.items()}
        found = named_people(self.points[:own], self.owner[:own], stacked, apart)
        for name in dict.fromkeys(filter(None, found)):
            mine = [place for place, one in enumerate(found) if one == name]
            if name not in called:
                before = self.number[mine]
                free = set(before[before != NEW].tolist()) - set(called.values())
                called[name] = min(free, default=self.following(called))
            self.number[mine] = called[name]

    def following(self, called: Mapping[str, int]) -> int:
        """The next number that is free, also of those in ``called``."""
        used = [p for one in self.known for p in one.person.values()]
        return max([0, *used, *called.values(), *self.number.tolist()]) + 1

    def numbered(self) -> list[dict[int, int]]:
        """Number everyone; returns the number of each person of each input, by the input's own
        numbers."""
        from fer_batch.tracking.across import people_across

        self.number = people_across(self.points, self.owner, self.number, self.following({}))
        persons = [dict(one.person) for one in self.known]
        for (at, face), person in zip(self.keys, self.number.tolist(), strict=True):
            persons[at][face] = person
        for one, mine in zip(self.known, persons, strict=True):
            mine |= {face: mine[first] for face, first in one.one_with.items()}
        return persons


def _show(
    member: Member, known: Known, persons: dict[int, int], names: dict[int, str], following: int
) -> int:
    """Show ``persons`` in one input; who could not be recognised gets a number of their own, from
    ``following`` on, but in photos none. Returns the next that is free."""
    from fer_batch.pipeline.people_file import NAME, write_people

    timeline = member.timeline()
    there = sorted(set(timeline.identities().tolist()) - {-1})
    for face in there:
        if face not in persons:
            persons[face], following = following, following + 1
    own = {persons[face]: names[persons[face]] for face in there if persons[face] in names}
    member.show(with_persons(timeline, persons, own))
    member.note("people", {str(face): persons[face] for face in there})
    if own:
        member.note("names", {str(person): name for person, name in sorted(own.items())})
    kept = member.work.out / NAME
    if member.item.render.keep_embeddings:
        write_people(kept, known.embedding, persons)
    else:
        kept.unlink(missing_ok=True)
    return following


def with_persons(
    timeline: Timeline, persons: Mapping[int, int], names: Mapping[int, str]
) -> Timeline:
    """``timeline`` with who people are across inputs. Where several of a film have turned out to be
    one person, they have one ``face_id``; these rise by appearance from 1, without gaps."""
    import numpy as np

    from fer_batch.groups import by_track

    own = timeline.identities()
    numbers, places = np.unique(own, return_inverse=True)
    person = np.array([persons.get(n, -1) for n in numbers.tolist()], np.int64)[places]
    if timeline.is_photos:
        return replace(timeline, person=person, names=dict(names))
    first: dict[int, int] = {}
    face_id = own.copy()
    for face, rows in by_track(own):
        one = first.setdefault(persons[face], face)
        if one == face:
            continue
        # Never two in one frame, whatever results of other settings have said.
        if not np.intersect1d(timeline.frame[rows], timeline.frame[face_id == one]).size:
            face_id[rows] = one
    left = np.unique(face_id)
    face_id = (np.searchsorted(left, face_id) + 1).astype(np.int64)
    shown = {number: int(np.searchsorted(left, face)) + 1 for number, face in first.items()}
    called = {shown[number]: name for number, name in names.items()}
    return replace(timeline, face_id=face_id, person=person, names=called).in_order()
