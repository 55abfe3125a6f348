"""The retry budget in virtual time."""

import random

import pytest

from gateway.edge.budget import Budget


class Clock:
    """Time that a test turns."""

    now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("rate", [10, 50, 1000])
def test_a_tenth_of_the_calls_is_repeated_and_no_more(rate: int) -> None:
    """Every call fails and wants to be repeated: at most 1.10 calls for each that came, and not much less."""
    clock = Clock()
    budget = Budget(clock)
    repeats = 0
    for sent in range(1, 5001):
        budget.called()
        repeats += budget.take()
        assert repeats <= sent / 10
        clock.now += 1 / rate
    assert repeats >= 498


def test_thin_traffic_may_repeat_once_a_second() -> None:
    """A call every two seconds, each repeated."""
    clock = Clock()
    budget = Budget(clock)
    for _ in range(20):
        clock.now += 2.0
        budget.called()
        assert budget.take()
        assert not budget.take()


def test_a_quiet_hour_buys_no_burst() -> None:
    """One token for the time, and what a healthy hour has saved up: ten."""
    clock = Clock()
    budget = Budget(clock)
    clock.now += 3600.0
    assert [budget.take() for _ in range(3)] == [True, False, False]
    for _ in range(3600):
        clock.now += 0.01
        budget.called()
    assert sum(budget.take() for _ in range(100)) == 10


@pytest.mark.parametrize("seed", range(5))
def test_no_rhythm_gets_more_than_it_should(seed: int) -> None:
    """Bursts and pauses by chance: a tenth of the calls and one a second, whatever comes when."""
    chance = random.Random(seed)
    clock = Clock()
    budget, began, calls, repeats = Budget(clock), clock.now, 0, 0
    for _ in range(3000):
        clock.now += chance.choice([0.0, 0.001, 0.05, 0.3, 2.0])
        for _ in range(chance.choice([0, 0, 1, 3, 40])):
            budget.called()
            calls += 1
        repeats += sum(budget.take() for _ in range(chance.choice([0, 1, 5])))
        assert repeats <= calls / 10 + (clock.now - began)
