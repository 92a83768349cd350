import json

from hypothesis import given
from hypothesis import strategies as st

from fer_batch.training.network.plateau import Plateau
from fer_batch.training.network.schedule import Clock, Stable


def test_warmup_then_constant_then_down_to_nothing() -> None:
    rate = Stable(0.1, 10, cooldown_start=100, cooldown_steps=50)
    assert 0 < rate(0) < rate(5) < rate(9) == 0.1
    assert rate(50) == rate(99) == rate(100) == 0.1
    assert 0.1 > rate(125) > rate(149) > 0
    assert rate(150) == rate(1000) == 0


def test_a_cooldown_by_the_clock() -> None:
    clock = Clock(began=1000.0, seconds=600.0)
    assert [clock(t) for t in (1000, 1300, 1600, 2000)] == [1, 0.5, 0, 0]
    assert clock.room(1000, 100) and clock.room(1540, 100) and not clock.room(1560, 100)


@given(st.lists(st.floats(0, 1, width=16), max_size=40), st.integers(0, 40))
def test_a_stored_plateau_goes_on_as_if_never_stored(values: list[float], cut: int) -> None:
    whole = Plateau(1e-3)
    answers = [whole.observe(v) for v in values]
    part = Plateau(1e-3)
    again = [part.observe(v) for v in values[:cut]]
    part = Plateau.from_json(json.loads(json.dumps(part.to_json())))
    again += [part.observe(v) for v in values[cut:]]
    assert again == answers and part == whole


def test_patience_of_the_reference() -> None:
    plateau = Plateau(1e-3)
    plateau.observe(0.5)
    rates = []
    for _ in range(11):
        assert not plateau.finished
        plateau.observe(0.5)
        rates.append(plateau.rate)
    assert plateau.finished
    assert rates[5] == 1e-3 and rates[6] == 5e-4


def test_the_rate_has_a_floor() -> None:
    plateau = Plateau(2e-7, slow_patience=1)
    for _ in range(20):
        plateau.observe(0.0)
    assert plateau.rate == 1e-7
