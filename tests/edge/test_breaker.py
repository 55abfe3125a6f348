"""The breaker in virtual time: what opens it, what does not, one probe at a time, and how long until the next."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.edge.breaker import Breaker, Permit, State
from gateway.wire.message import Ending, Heard, NotSent, Response, Silence, Unreachable

HEARD, SILENT, GONE, OURS = Heard(Response(500)), Silence("x"), Unreachable("x"), NotSent("no time left")


class Clock:
    """Time that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A fresh clock."""
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    """A closed breaker with the usual figures."""
    return Breaker(clock)


def call(breaker: Breaker, *endings: Ending) -> None:
    """Calls one after the other, each let through."""
    for ending in endings:
        permit = breaker.admit()
        assert permit is not None
        permit.ended(ending)


def opened(breaker: Breaker) -> Breaker:
    """Open, by five refused connections."""
    call(breaker, *[GONE] * 5)
    assert breaker.state is State.OPEN
    return breaker


@pytest.mark.parametrize(
    ("endings", "state"),
    [
        ([SILENT] * 19, "closed"),
        ([SILENT] * 20, "open"),
        ([HEARD] * 10 + [SILENT] * 9, "closed"),
        ([HEARD] * 10 + [SILENT] * 10, "open"),
        ([HEARD] * 11 + [SILENT] * 10, "closed"),
        ([SILENT] * 10 + [HEARD] * 10, "closed"),  # what is heard never opens it
        ([SILENT] * 10 + [HEARD] * 9 + [SILENT], "open"),
        ([GONE] * 4, "closed"),
        ([GONE] * 5, "open"),
        ([GONE] * 4 + [HEARD] + [GONE] * 4, "closed"),
        ([GONE] * 4 + [SILENT] + [GONE] * 4, "closed"),  # that one was connected
        ([GONE] * 4 + [OURS] * 9 + [GONE], "open"),  # what we did not even try says nothing
        ([OURS] * 100, "closed"),
        ([SILENT] * 10 + [OURS] * 100, "closed"),
        ([HEARD] * 100, "closed"),
    ],
)
def test_what_opens_it(breaker: Breaker, endings: list[Ending], state: str) -> None:
    """Half of twenty calls, or five in a row without a connection; nothing that is our own doing."""
    call(breaker, *endings)
    assert breaker.state == state
    assert breaker.closed == (state == "closed")


def test_what_is_longer_ago_than_ten_seconds_is_forgotten(breaker: Breaker, clock: Clock) -> None:
    """Nineteen silences, and the twentieth ten seconds later."""
    call(breaker, *[SILENT] * 19)
    clock.now += 10.0
    call(breaker, *[SILENT] * 19)
    assert breaker.closed
    clock.now += 9.0
    call(breaker, SILENT)
    assert not breaker.closed


def test_open_it_lets_nothing_through_for_a_second(breaker: Breaker, clock: Clock) -> None:
    """And says whether it would."""
    opened(breaker)
    clock.now += 0.99
    assert not breaker.admits
    assert breaker.admit() is None
    clock.now += 0.01
    assert breaker.admits
    assert breaker.state is State.OPEN  # nobody has asked yet


def test_one_probe_at_a_time(breaker: Breaker, clock: Clock) -> None:
    """The first to ask is the probe; until it has ended nobody else gets through."""
    opened(breaker)
    clock.now += 1.0
    probe = breaker.admit()
    assert probe is not None
    assert breaker.state is State.HALF_OPEN
    clock.now += 30.0
    assert not breaker.admits
    assert breaker.admit() is None
    probe.ended(HEARD)
    assert breaker.closed
    assert all(breaker.admit() for _ in range(100))


def test_failed_probes_double_the_time_up_to_half_a_minute(breaker: Breaker, clock: Clock) -> None:
    """1, 2, 4, 8, 16, 30, 30 seconds; a heard one begins anew."""
    opened(breaker)
    for pause in (1, 2, 4, 8, 16, 30, 30):
        clock.now += pause - 0.01
        assert breaker.admit() is None
        clock.now += 0.01
        call(breaker, SILENT if pause % 3 else GONE)
        assert breaker.state is State.OPEN
    clock.now += 30.0
    call(breaker, HEARD)
    opened(breaker)
    clock.now += 1.0
    assert breaker.admits


def test_a_probe_that_never_left_makes_room_at_once(breaker: Breaker, clock: Clock) -> None:
    """It has told nothing about the wallet: no doubling, no waiting."""
    opened(breaker)
    clock.now += 1.0
    call(breaker, OURS)
    assert breaker.state is State.OPEN
    call(breaker, OURS, SILENT)
    clock.now += 1.99
    assert breaker.admit() is None
    clock.now += 0.01
    assert breaker.admit() is not None


def test_a_probe_that_never_ends_is_given_up(breaker: Breaker, clock: Clock) -> None:
    """A minute later the next one goes, and the lost one's end counts for nothing."""
    opened(breaker)
    clock.now += 1.0
    lost = breaker.admit()
    assert lost is not None
    clock.now += 59.9
    assert breaker.admit() is None
    clock.now += 0.1
    probe = breaker.admit()
    assert probe is not None
    assert breaker.admit() is None
    lost.ended(HEARD)
    assert breaker.state is State.HALF_OPEN
    probe.ended(HEARD)
    assert breaker.closed


def test_calls_of_before_say_nothing_about_now(breaker: Breaker, clock: Clock) -> None:
    """Let through while it was closed, ended while it is open or half open or closed again: not counted."""
    before = [breaker.admit() for _ in range(40)]
    opened(breaker)

    def end(number: int, ending: Ending) -> None:
        for permit in [before.pop() for _ in range(number)]:
            assert permit is not None
            permit.ended(ending)

    end(10, HEARD)
    assert breaker.state is State.OPEN
    clock.now += 1.0
    probe = breaker.admit()
    assert probe is not None
    end(5, HEARD)
    end(5, SILENT)
    assert breaker.state is State.HALF_OPEN
    probe.ended(HEARD)
    end(20, SILENT)
    assert breaker.closed


def test_an_end_is_told_once(breaker: Breaker) -> None:
    """A story is told Silence, later the call is heard after all: one call, one count."""
    permits = [breaker.admit() for _ in range(20)]
    for permit in permits:
        assert permit is not None
        permit.ended(HEARD)
        permit.ended(SILENT)
    assert breaker.closed
    call(breaker, *[SILENT] * 19)
    assert breaker.closed


def test_every_change_is_told_once(breaker: Breaker, clock: Clock) -> None:
    """To everybody who watches; the state is already the new one then."""
    seen: list[tuple[str, str]] = []
    for name in ("metric", "outbox"):
        breaker.watch(lambda state, name=name: seen.append((name, str(state))))  # type: ignore[misc]
    breaker.watch(lambda state: seen.append(("self", str(breaker.state is state))))
    opened(breaker)
    clock.now += 1.0
    call(breaker, HEARD)
    for name, states in {"metric": "open half_open closed", "outbox": "open half_open closed"}.items():
        assert [state for who, state in seen if who == name] == states.split()
    assert [told for who, told in seen if who == "self"] == ["True"] * 3


class Model(RuleBasedStateMachine):
    """The breaker against its rules, told in the plainest way, over any order of calls, ends and time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(self.clock, probe_limit=40.0)
        self.told: list[State] = []
        self.breaker.watch(self.told.append)
        self.flying: list[tuple[Permit, int]] = []
        self.state, self.term = "closed", 0
        self.history: list[tuple[float, Ending]] = []
        self.pause = 1.0
        self.until = 0.0

    def turn(self, state: str) -> None:
        """The model changes its state: what went before counts no more."""
        self.state, self.term, self.history = state, self.term + 1, []

    @rule(number=st.integers(1, 12))
    def ask(self, number: int) -> None:
        """Calls want to go."""
        for _ in range(number):
            due = self.state == "closed" or self.clock.now >= self.until
            permit = self.breaker.admit()
            assert (permit is not None) == due
            if permit is not None:
                if self.state != "closed":
                    self.turn("half_open")
                    self.until = self.clock.now + 40.0
                self.flying.append((permit, self.term))

    @precondition(lambda self: self.flying)
    @rule(number=st.integers(1, 12), ending=st.sampled_from([HEARD, SILENT, GONE, OURS]), data=st.data())
    def end(self, number: int, ending: Ending, data: Any) -> None:
        """Calls end, in any order."""
        for _ in range(min(number, len(self.flying))):
            permit, term = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
            permit.ended(ending)
            if term == self.term:
                self.expect(ending)

    def expect(self, ending: Ending) -> None:
        """What the rules make of a call that ended in its own term."""
        failed = ending in (SILENT, GONE)
        if self.state == "half_open":
            self.turn("closed" if ending is HEARD else "open")
            if failed:
                self.pause = min(30.0, self.pause * 2)
            self.until = self.clock.now + (self.pause if failed else 0.0)
        elif ending is not OURS:
            self.history.append((self.clock.now, ending))
            recent = [each for at, each in self.history if int(at) > int(self.clock.now) - 10]
            bad = sum(each is not HEARD for each in recent)
            row = [each for _, each in self.history[-5:]]
            if failed and (row == [GONE] * 5 or (len(recent) >= 20 and 2 * bad >= len(recent))):
                self.turn("open")
                self.pause = 1.0
                self.until = self.clock.now + 1.0

    @rule(seconds=st.sampled_from([0.25, 0.5, 1.0, 3.0, 9.75, 31.0, 45.0]))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.clock.now += seconds

    @invariant()
    def as_told(self) -> None:
        """The state is the model's, and whoever listened knows it."""
        assert self.breaker.state == self.state
        assert self.breaker.closed == (self.state == "closed")
        assert (self.told[-1] if self.told else "closed") == self.state
        assert all(before != after for before, after in zip(self.told, self.told[1:], strict=False))

    @invariant()
    def one_probe(self) -> None:
        """Of the calls that may still decide, there is at most one while it is not closed."""
        if self.state != "closed":
            assert sum(term == self.term for _, term in self.flying) <= 1


Model.TestCase.settings = settings(derandomize=True, max_examples=200, stateful_step_count=40, deadline=None)
TestModel = Model.TestCase
