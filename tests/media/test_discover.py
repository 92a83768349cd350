"""From paths to inputs: what is found, and that each gets a name of its own."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.media.discover import Input, discover
from fer_batch.media.walk import PassedOver
from fer_batch.suffixes import VIDEO_SUFFIXES
from tests.footage.images import gif

NAMES = ("x.mp4", "x.mkv", "X.mp4", "x y.mp4", "x-y.mp4", "a-x.mp4", "x..mp4", " .mp4", "a:b.mp4")
FOLDERS = ("", "a", "b", "a/b", "a-b", "A")
trees = st.sets(
    st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES)), min_size=1, max_size=12
)


def make(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def names(found: Sequence[Input]) -> list[str]:
    return [item.name for item in found]


@settings(max_examples=40)
@given(tree=trees, random=st.randoms())
def test_names_are_unique_safe_and_free_of_order(
    tree: set[tuple[str, str]], random: Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("tree")
    files = [root / folder / name for folder, name in tree]
    make(root, *(str(f.relative_to(root)) for f in files))
    # A file may be named by itself and lie in a folder that is named as well.
    paths = [*random.sample(files, k=random.randint(0, len(files))), root]
    if (root / "a").is_dir():
        paths.append(root / "a")
    found = discover(paths)
    assert sorted(item.path for item in found) == sorted(files)
    folded = [item.name.casefold() for item in found]
    assert len(folded) == len(set(folded))
    for item in found:
        for part in item.name.split("/"):
            assert part not in ("", ".", "..") and part == part.strip(" .")
            assert not set(part) & set('\\:*?"<>|') and len(part.encode()) <= 140
        # No result lies within another one.
        assert not [n for n in folded if n.startswith(f"{item.name.casefold()}/")]
    random.shuffle(paths)
    assert {i.path: i.name for i in discover(paths)} == {i.path: i.name for i in found}


def test_names_mirror_the_folders(tmp_path: Path) -> None:
    make(tmp_path, "holiday.mp4", "a/birthday party.MOV", "b/c/clip.webm")
    assert names(discover([tmp_path])) == ["holiday", "a/birthday party", "b/c/clip"]


def test_names_that_differ_by_suffix_alone_keep_it(tmp_path: Path) -> None:
    make(tmp_path, "x.mp4", "x.mkv", "a/y.mp4", "b/y.mp4")
    assert sorted(names(discover([tmp_path]))) == ["a/y", "b/y", "x.mkv", "x.mp4"]


def test_names_that_would_meet_after_joining_folders(tmp_path: Path) -> None:
    make(tmp_path, "a-b/c.mp4", "a/b-c.mp4", "a/c.mp4", "b-c.mp4")
    found = names(discover([tmp_path]))
    assert len({name.casefold() for name in found}) == 4


@pytest.mark.parametrize("session", ["interview.mp4", "day 1/interview.mp4", "day 1/part 2/a.mp4"])
def test_a_participant_has_the_same_place_alone_and_among_others(
    session: str, tmp_path: Path
) -> None:
    make(tmp_path, f"P01/{session}", f"P02/{session}", f"P03/{session}")
    place = session.removesuffix(".mp4")
    people = [tmp_path / f"P0{number}" for number in (1, 2, 3)]
    assert names(discover(people)) == [f"P0{number}/{place}" for number in (1, 2, 3)]
    for person in people:
        assert names(discover([person])) == [f"{person.name}/{place}"]
    make(tmp_path, f"P04/photos/{session}.jpg", f"P05/photos/{session}.jpg")
    (photos,) = discover([tmp_path / "P04"])
    assert photos.name.startswith("P04/photos")


def test_a_participant_keeps_the_place_whatever_the_suffixes_are(tmp_path: Path) -> None:
    make(tmp_path, "P01/day/talk.mp4", "P02/day/talk.MOV", "P03/day/talk.mkv", "P04/other.mp4")
    people = [tmp_path / f"P0{number}" for number in (1, 2, 3)]
    for person in people:
        assert names(discover([person])) == [f"{person.name}/day/talk"]
    assert names(discover(people)) == [f"{person.name}/day/talk" for person in people]
    assert names(discover([tmp_path / "P04"])) == ["other"]


def test_who_has_no_number_is_told_by_name_where_places_would_meet(tmp_path: Path) -> None:
    make(tmp_path, "anna/day/talk.mp4", "ben/day/talk.mp4")
    both = names(discover([tmp_path / "anna", tmp_path / "ben"]))
    assert both == ["anna/day/talk", "ben/day/talk"]
    (first,) = discover([tmp_path / "anna"])
    (second,) = discover([tmp_path / "ben"], places={first.name: first.path})
    assert (first.name, second.name) == ("day/talk", "ben/day/talk")


def test_names_that_look_the_same_do_not_meet_on_a_mac(tmp_path: Path) -> None:
    """Linux keeps both forms of an ë apart, other systems do not."""
    make(tmp_path, "Zo\u00eb.mp4", "Zoe\u0308.mp4", "ZOE\u0308.mkv")
    found = names(discover([tmp_path]))
    assert len({unicodedata.normalize("NFC", name).casefold() for name in found}) == 3


def test_long_names_that_begin_alike(tmp_path: Path) -> None:
    stem = "ü" * 100
    make(tmp_path, f"{stem}1.mp4", f"{stem}2.mp4")
    found = names(discover([tmp_path]))
    assert len(set(found)) == 2
    assert all(len(part.encode()) <= 140 for name in found for part in name.split("/"))


def test_a_name_that_is_no_unicode(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.mp4"
    Path(os.fsdecode(path)).touch()
    (item,) = discover([tmp_path])
    assert os.fsencode(item.path) == path
    item.name.encode()


@pytest.mark.parametrize("order", [*permutations(["", "a", "a/x.mp4"])])
def test_what_is_named_twice_is_one_input(order: tuple[str, ...], tmp_path: Path) -> None:
    make(tmp_path, "a/x.mp4", "b/x.mp4")
    found = discover([tmp_path / part for part in order])
    assert {(i.path.parent.name, i.name) for i in found} == {("a", "a/x"), ("b", "b/x")}


def test_names_of_the_batchs_own_files_are_taken(tmp_path: Path) -> None:
    make(tmp_path, "summary.csv.mp4", "INDEX.html.mkv")
    assert names(discover([tmp_path])) == ["INDEX.html.mkv", "summary.csv.mp4"]


def test_folders_named_as_the_batchs_own_files_leave_their_place(tmp_path: Path) -> None:
    """Where results lay in a folder ``summary.csv``, no table could be written beside them."""
    make(tmp_path, "summary.csv/a.mp4", "Index.html/x/b.mp4", "c/people.csv/d.mp4")
    found = discover([tmp_path])
    assert names(found) == ["Index.html-more/x/b", "c/people.csv/d", "summary.csv-more/a"]
    places = {item.name: item.path for item in found}
    assert names(discover([tmp_path / "summary.csv"], places=places)) == ["summary.csv-more/a"]


def test_a_way_round_is_the_same_file(tmp_path: Path) -> None:
    make(tmp_path, "a/x.mp4", "b/y.mp4")
    found = discover([tmp_path / "a" / "x.mp4", tmp_path / "b" / ".." / "a" / "x.mp4"])
    assert names(found) == ["x"]


def test_natural_order(tmp_path: Path) -> None:
    make(tmp_path, "10.mp4", "2.mp4", "1.mp4", "b 2/c.mp4", "b 10/d.mp4")
    assert names(discover([tmp_path])) == ["1", "2", "10", "b 2/c", "b 10/d"]


IMAGES = ("shots/1.png", "shots/2.JPG", "shots/film.mp4", "shots/more/1.webp", "notes.txt")


def sets(found: Sequence[Input]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Name, kind and files of each input."""
    return [(i.name, i.kind, i.images.files if i.images else ()) for i in found]


def test_photos_of_a_folder_and_of_those_in_it_are_one_input(tmp_path: Path) -> None:
    make(tmp_path / "in", *IMAGES)
    assert sets(discover([tmp_path / "in"])) == [
        ("shots/images", "photos", ("1.png", "2.JPG", "more/1.webp")),
        ("shots/film", "video", ()),
    ]
    shots, more = tmp_path / "in" / "shots", tmp_path / "in" / "shots" / "more"
    (note,) = [i.images.note for i in discover([tmp_path / "in"]) if i.images]
    assert note.startswith(f"{shots}: 3 images are taken as photos")
    # Whoever names folders one by one gets a set for each, as far as none lies in another.
    assert sets(discover([more])) == [("more", "photos", ("1.webp",))]
    assert len(discover([shots, more])) == 2


def test_each_folder_of_frames_is_a_film_where_that_is_said(tmp_path: Path) -> None:
    make(tmp_path / "in", *IMAGES)
    found = discover([tmp_path / "in"], images="frames")
    assert sets(found) == [
        ("shots/images", "frames", ("1.png", "2.JPG")),
        ("shots/film", "video", ()),
        ("shots/more", "frames", ("1.webp",)),
    ]
    assert not [i for i in found if i.images and i.images.note]


def test_image_files_that_are_named_are_a_set(tmp_path: Path) -> None:
    make(tmp_path / "in", "a/1.png", "a/2.png", "a/3.png", "b/1.png", "x.mp4")
    a, b, video = tmp_path / "in/a", tmp_path / "in/b", tmp_path / "in/x.mp4"
    assert sets(discover([a / "2.png", a / "1.png"])) == [("a", "photos", ("2.png", "1.png"))]
    assert sets(discover([a / "1.png", b / "1.png", video])) == [
        ("x", "video", ()),
        ("in", "photos", ("a/1.png", "b/1.png")),
    ]
    assert sets(discover([a / "1.png"])) == [("1", "photos", ())]
    whole = ("1.png", "2.png", "3.png")
    assert sets(discover([a, a / "1.png"])) == [("a", "photos", whole)]  # it is in there already
    assert sets(discover([a / "1.png", a / "2.png"], images="frames")) == [
        ("a", "frames", ("1.png", "2.png"))
    ]


def test_hidden_files_and_the_output_folder_are_passed_over(tmp_path: Path) -> None:
    kept_by_machines = ("@eaDir/z.mp4/thumb.mp4", "$RECYCLE.BIN/$R1.mp4", "__MACOSX/in/z.mp4")
    make(tmp_path, *kept_by_machines)
    make(tmp_path, ".x.mp4", ".hidden/x.mp4", "out/y/annotated.mp4", "in/._z.mp4", "in/z.mp4")
    assert names(discover([tmp_path], exclude=tmp_path / "out")) == ["in/z"]


def test_what_is_named_is_taken_whatever_it_is(tmp_path: Path) -> None:
    make(tmp_path, "film", ".hidden.mp4")
    paths = [tmp_path / "film", tmp_path / ".hidden.mp4", tmp_path / "gone.mp4"]
    assert [i.path for i in discover(paths)] == paths


def test_loops_of_links_end(tmp_path: Path) -> None:
    make(tmp_path, "a/x.mp4")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert names(discover([tmp_path])) == ["a/x"]


def passed_over(*paths: Path, exclude: Path | None = None) -> tuple[list[str], list[str]]:
    passed = PassedOver()
    found = discover(list(paths), exclude, passed)
    return names(found), passed.lines()


def test_all_that_is_read_is_found_and_the_rest_is_counted(tmp_path: Path) -> None:
    make(tmp_path, *(f"{i}{suffix.upper()}" for i, suffix in enumerate(VIDEO_SUFFIXES)))
    for text in ("a.ts", "b.mts"):  # TypeScript
        (tmp_path / text).write_text("export const answer = 42;\n")
    make(tmp_path, "notes.txt", "more.TXT", "x.json", "README", "index.html", ".hidden.doc")
    found, lines = passed_over(tmp_path)
    assert len(found) == len(VIDEO_SUFFIXES)
    assert lines == [
        "6 files were not videos or images: .txt 2, .json 1, .mts 1, .ts 1, no suffix 1"
    ]


def test_images_of_kinds_that_are_not_read_are_told_from_other_files(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "a.CR2", "b.cr2", "c.jxl", "notes.txt")
    assert passed_over(tmp_path) == (
        [tmp_path.name],
        [
            "1 file was not a video or image: .txt 1",
            "3 images are of kinds that are not read: .cr2 2, .jxl 1; export them as JPEG or PNG",
        ],
    )


@pytest.mark.skipif(os.name == "nt", reason="needs links and pipes")
def test_images_that_are_no_files_are_counted(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "round.png").symlink_to(tmp_path / "round.png")
    os.mkfifo(tmp_path / "pipe.jpg")
    found, lines = passed_over(tmp_path)
    assert found == [tmp_path.name]
    assert lines == ["3 files were not videos or images: broken link 2, no file 1"]


@pytest.mark.skipif(os.name == "nt", reason="needs pipes")
def test_a_gif_is_a_photo_where_it_does_not_move(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "damaged.gif")
    gif(tmp_path / "scan.gif", (80,), (None,))
    gif(tmp_path / "moving.gif", (80, 90), (None, None))
    os.mkfifo(tmp_path / "pipe.gif")
    found = {one.path.name: one for one in discover([tmp_path])}
    photos = found.pop(tmp_path.name).images
    assert photos is not None and photos.files == ("a.jpg", "scan.gif")
    assert {one.kind for one in found.values()} == {"video"}
    assert sorted(found) == ["damaged.gif", "moving.gif", "pipe.gif"]
    (alone,) = discover([tmp_path / "scan.gif"])
    assert alone.kind == "photos"


def test_suffixes_that_mean_other_things_as_well_are_looked_into(tmp_path: Path) -> None:
    (tmp_path / "AVSEQ01.DAT").write_bytes(b"RIFF....CDXAfmt ")
    (tmp_path / "MOV001.MOD").write_bytes(b"\0\0\1\xba\x44\0\4\0")
    (tmp_path / "values.dat").write_bytes(bytes(range(256)))
    (tmp_path / "tune.mod").write_text("M.K.")
    found, lines = passed_over(tmp_path)
    assert found == ["AVSEQ01", "MOV001"]
    assert lines == ["2 files were not videos or images: .dat 1, .mod 1"]


def test_linked_folders_are_followed_once(tmp_path: Path) -> None:
    make(tmp_path, "nas/a.mp4", "nas/deep/b.mp4", "in/own/c.mp4")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in" / "own", target_is_directory=True)
    for link in ("session1", "session2"):
        (tmp_path / "in" / link).symlink_to(tmp_path / "nas", target_is_directory=True)
    (tmp_path / "nas" / "round").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "self").symlink_to("self")
    found = discover([tmp_path / "in"])
    assert [i.path.relative_to(tmp_path / "in").as_posix() for i in found] == [
        "own/c.mp4",
        "session1/a.mp4",
        "session1/deep/b.mp4",
    ]


def test_a_link_to_the_output_folder_is_not_followed(tmp_path: Path) -> None:
    make(tmp_path, "in/a.mp4", "out/a/annotated.mp4")
    (tmp_path / "in" / "results").symlink_to(tmp_path / "out", target_is_directory=True)
    assert passed_over(tmp_path / "in", exclude=tmp_path / "out") == (["a"], [])


@pytest.mark.parametrize("record", ["summary.json", ".summary.json"])
def test_earlier_results_are_known(record: str, tmp_path: Path) -> None:
    make(tmp_path, "a.mp4", "out/a/annotated.mp4", "out/a/report/1.jpg", "out/summary.csv")
    make(tmp_path, "out/P01/b/annotated/1.jpg", "out/c/annotated.mp4", "out/index.html")
    told = {"schema": 1, "input": {"name": "a"}, "frames": list(range(500)), "render_key": "ab"}
    for folder in ("out/a", "out/P01/b"):
        (tmp_path / folder / record).write_text(json.dumps(told, indent=2))
    make(tmp_path, "out/c/.work/source.json")
    found, lines = passed_over(tmp_path)
    assert found == ["a"]
    (line,) = lines
    assert line.startswith("3 folders of earlier fer-batch results passed over: ")


def test_a_foreign_summary_is_no_result(tmp_path: Path) -> None:
    make(tmp_path, "a/x.mp4", "b/y.mp4")
    (tmp_path / "a" / "summary.json").write_text('{"schema": 1}')
    (tmp_path / "b" / "summary.json").write_text("[" * 100_000)
    assert passed_over(tmp_path) == (["a/x", "b/y"], ["2 files were not videos or images: .json 2"])


def test_no_depth_is_too_much(tmp_path: Path) -> None:
    depth, folder = 1500, tmp_path
    for _ in range(depth):
        folder /= "d"
        folder.mkdir()
    (folder / "x.mp4").touch()
    try:
        (name,) = names(discover([tmp_path]))
        assert name.startswith("x-") and len(name) == 10
    finally:  # pytest's own removal cannot go so deep
        (folder / "x.mp4").unlink()
        for _ in range(depth):
            folder.rmdir()
            folder = folder.parent


def test_folders_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    make(tmp_path, "a/x.mp4", "b/y.mp4")
    (tmp_path / "b").chmod(0)
    try:
        if os.access(tmp_path / "b", os.R_OK):
            pytest.skip("run by one who may read everything")
        found, (line,) = passed_over(tmp_path)
    finally:
        (tmp_path / "b").chmod(0o755)
    assert found == ["a/x"] and line == f"1 folder unreadable: {tmp_path / 'b'}"
