"""No results go into the folder of another input's, where joined tables would not find them."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from fer_batch.media.discover import discover
from fer_batch.media.naming import result_names
from fer_batch.same_name import folded
from tests.media.test_discover import make


def photos(root: Path, *names: str) -> None:
    for name in names:
        make(root, f"{name}/a.jpg", f"{name}/b.jpg")


def run(places: dict[str, Path], *paths: Path) -> dict[str, Path]:
    """The places of results after one more run, as they lie in the output folder."""
    places |= {item.name: item.path for item in discover([*paths], places=places)}
    return places


def test_photos_and_a_film_of_a_name_that_is_taken(tmp_path: Path) -> None:
    photos(tmp_path, "ann", "ben")
    make(tmp_path, "ann/talk.mp4", "ben/talk.mp4")
    places = run(run({}, tmp_path / "ann"), tmp_path / "ben")
    assert sorted(places) == ["ann", "ben/images", "ben/talk", "talk"]


def test_a_film_that_comes_after_the_photos_of_its_participant(tmp_path: Path) -> None:
    photos(tmp_path, "P01", "P02")
    places = run({}, tmp_path / "P01")
    make(tmp_path, "P01/talk.mp4", "P02/talk.mp4")
    places = run(run(places, tmp_path / "P01"), tmp_path / "P02")
    assert sorted(places) == ["P01", "P01-more/talk", "P02/images", "P02/talk"]
    again = {item.name: item.path for item in discover([tmp_path / "P01"], places=places)}
    assert again == {name: path for name, path in places.items() if name.startswith("P01")}


def test_photos_that_come_after_a_film_of_their_folder(tmp_path: Path) -> None:
    photos(tmp_path, "ben")
    places = {"ben/talk": tmp_path / "elsewhere" / "talk.mp4"}
    assert "ben/images" in run(places, tmp_path / "ben")


def test_a_film_beside_a_folder_of_its_name(tmp_path: Path) -> None:
    make(tmp_path, "talk.mp4", "talk/clip.mp4")
    assert sorted(run({}, tmp_path)) == ["talk.mp4", "talk/clip"]
    places = run(run({}, tmp_path / "talk.mp4"), tmp_path)
    assert sorted(places) == ["talk", "talk-more/clip"]


def test_names_that_other_systems_do_not_tell_apart(tmp_path: Path) -> None:
    photos(tmp_path, "a")
    make(tmp_path, "a/P1/x.mp4", "a/P1/X.MP4")
    assert_apart(run({}, tmp_path / "a"))


@pytest.mark.parametrize("seed", range(40))
def test_no_result_lies_within_another_whatever_is_there(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    folders = ["", "a", "A", "b", "a/b", "talk"]
    found = {}
    for folder in random.sample(folders, k=3):
        for name in random.sample(["talk.mp4", "a.mp4", "b.mkv", "A.avi"], k=2):
            found[tmp_path / "a" / folder / name] = tmp_path / "a"
    sets = random.sample([tmp_path / "a", tmp_path / "a" / "talk"], k=random.randint(0, 2))
    found |= dict.fromkeys(sets, tmp_path / "a")
    for path in found:
        (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
    there = random.sample(["a", "talk", "a/talk", "b/talk", "a/a/b"], k=random.randint(0, 2))
    there = [n for n in there if not any(o != n and n.startswith(f"{o}/") for o in there)]
    places = {name: tmp_path / "other" / name for name in there}
    named = {name: path for path, name in result_names(found, places).items()}
    assert len(named) == len(found)
    assert_apart(places | named)


def assert_apart(places: dict[str, Path]) -> None:
    names = [folded(name) for name in places]
    assert len(set(names)) == len(names)
    for name in names:
        assert not [other for other in names if other.startswith(f"{name}/")]
