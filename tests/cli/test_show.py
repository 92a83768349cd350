"""How a local run is shown: words in the right number, bars that fit the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from fer_batch.cli import show
from fer_batch.cli.run import print_results
from fer_batch.jobs.item.outcome import ItemResult, State
from fer_batch.jobs.item.work import ItemSpec


@pytest.mark.parametrize(
    ("rate", "words"),
    [(0, "0 x/s"), (0.374, "0.37 x/s"), (1.24, "1.2 x/s"), (9.94, "9.9 x/s"), (9.96, "10 x/s")],
)
def test_a_slow_rate_is_not_0(rate: float, words: str) -> None:
    assert show.speed(rate, "x") == words


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 frame, 0 people,"), (2, "2 frames, 0 people,")]
)
def test_one_frame_is_no_frames(count: int, words: str) -> None:
    item = ItemSpec("a.mp4", "a")
    result = ItemResult(item, Path("a"), "done", summary={"frames": {"total": count}}, seconds=1.0)
    assert words in show.outcome(result)


@pytest.mark.parametrize("columns", [40, 62, 80, 120])
@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("a very long name of an interview, part two, camera one", "one"),
        ("とても長いインタビューの名前、第二部、カメラ一", "一"),
        ("une e\u0301tude assez longue, premie\u0300re came\u0301ra", "me\u0301ra"),
        ("👨‍👩‍👧👨‍👩‍👧👍🏽👍🏽👍🏽🇩🇪🇩🇪🇩🇪🇩🇪🇩🇪🇩🇪❤️❤️❤️❤️❤️❤️❤️❤️❤️❤️", "❤️"),
    ],
)
def test_bars_keep_their_width_whatever_the_terminal(
    name: str, end: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.cells import cell_len
    from rich.console import Console

    monkeypatch.setenv("COLUMNS", str(columns))
    bars = show.Bars(2)
    bars.item_started(0, ItemSpec(name, name))
    bars.stage(0, "analyze", 26077)
    bars.advance(0, 26077)
    console = Console(width=columns, force_terminal=False)
    with console.capture() as captured:
        console.print(bars)
    lines = captured.get().splitlines()
    assert len(lines) == 2  # nothing wraps
    assert max(map(cell_len, lines)) <= columns
    assert "26077/26077" in lines[1] and end in lines[1] and "analysing" in lines[1]
    assert lines[1].count("━") == {40: 0, 120: 28}.get(columns, 12)


@pytest.mark.parametrize("kind", [show.Plain, show.Bars])
def test_ends_are_counted_at_once_and_said_in_the_inputs_order(
    kind: type[show.Plain | show.Bars],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    with kind(4) as shown:
        items = [ItemSpec(f"{name}.mp4", name) for name in "abcd"]
        for number, item in enumerate(items):
            shown.item_started(number, item)

        def end(number: int) -> None:
            shown.item_ended(number, ItemResult(items[number], Path(f"out-{number}"), "done"))

        def said() -> list[str]:
            return [line.split()[0] for line in capsys.readouterr().out.split("out-")[1:]]

        end(1)
        end(3)
        assert said() == []
        if isinstance(shown, show.Bars):
            assert shown.__rich__().tasks[0].completed == 2
        end(0)
        assert said() == ["0", "1"]
    assert said() == ["3"]  # behind one that a stop left without an end


def test_an_input_that_waits_for_the_others_has_no_bar() -> None:
    """With --identity batch forty inputs would fill the terminal that are not worked on."""
    bars = show.Bars(2)
    for number, name in enumerate(("first", "second")):
        bars.item_started(number, ItemSpec(name, name))
        bars.stage(number, "analyze", 10)
        bars.advance(number, 10)

    def shown() -> str:
        from rich.console import Console

        console = Console(width=100, force_terminal=False)
        with console.capture() as captured:
            console.print(bars)
        return captured.get()

    bars.stage(0, "relate", 0)
    assert "first" not in shown() and "second" in shown()
    bars.stage(0, "render", 10)
    assert "first · drawing" in shown()


def test_who_stops_a_command_is_told_how_that_one_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`render` and `demo` have no --resume."""
    stopped = [ItemResult(ItemSpec("a.mp4", "a"), tmp_path, "cancelled")]
    for words in ("the same command goes on", "go on with --resume"):
        with pytest.raises(typer.Exit) as ended:
            print_results(
                stopped, tmp_path, False, False, **({} if "same" in words else {"go_on": words})
            )
        assert ended.value.exit_code == 130
        assert f"1 stopped ({words})" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("states", "said"),
    [(["failed", "cancelled"], False), (["failed", "done"], True), (["reused"], True)],
)
def test_how_to_look_is_said_where_something_is_done(
    states: list[State], said: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "index.html").touch()
    results = [ItemResult(ItemSpec("a.mp4", "a"), tmp_path, state) for state in states]
    with pytest.raises(typer.Exit):
        print_results(results, tmp_path, quiet=False, as_json=False)
    assert ("look at the results" in capsys.readouterr().out) == said
