"""When the next step is due, in numbers: backoff, quarantine, horizon, and what a judgement calls its witnesses for."""

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.arming import (
    BY_HAND,
    EARLY_TRIES,
    MOST_TRIES,
    UNHEARD,
    UNKNOWN_CALL,
    UNKNOWN_UNDOING,
    UNSENT,
    backoff,
    freed,
    judged,
    rearmed,
)
from gateway.journal.leasing import settle
from gateway.journal.memory import Memory
from gateway.journal.page import Page
from gateway.journal.states import Flight, Policy, Row, State, Step
from gateway.journal.wishes import Settle
from tests.journal.calls import DONE, PAID, RETRIES, key, made

ALL = frozenset({"idempotent", "tombstones", "status", "references"})
KEEPS_ALL = Policy(ALL, chance=lambda: 1.0)
FORGETS = Policy(ALL - {"tombstones"}, chance=lambda: 1.0)
PROMISES_NOTHING = Policy(chance=lambda: 1.0)


def row(operation: Operation = Operation.BET, **facts: object) -> Row:
    """Of second 100, in doubt since 110."""
    known = {"state": State.UNKNOWN, "created": 100.0, "since": 110.0, **facts}
    return replace(made(operation, "t1"), **known)


def next_of(one: Row, policy: Policy, now: float) -> tuple[Step | None, float | None]:
    """Its step, and when."""
    after = rearmed(one, policy, now)
    return after.step, after.due if after.step else None


@pytest.mark.parametrize(
    ("tries", "seconds"),
    [
        (0, 0.5),
        (1, 1.0),
        (2, 2.0),
        (6, 32.0),
        (7, 60.0),
        (EARLY_TRIES - 1, 60.0),
        (EARLY_TRIES, 900.0),
        (10_000, 900.0),
    ],
)
def test_backoff_doubles_up_to_a_minute_and_later_to_a_quarter_of_an_hour(tries: int, seconds: float) -> None:
    """With jitter from half of it to the whole."""
    assert backoff(tries, Policy(chance=lambda: 1.0)) == seconds
    assert backoff(tries, Policy(chance=lambda: 0.5)) == 0.75 * seconds
    assert backoff(tries, Policy(chance=lambda: 0.0)) == 0.5 * seconds


def test_it_is_given_up_after_about_a_day() -> None:
    """What a human reads as such."""
    early = sum(backoff(tries, KEEPS_ALL) for tries in range(EARLY_TRIES))
    whole = early + sum(backoff(tries, KEEPS_ALL) for tries in range(EARLY_TRIES, MOST_TRIES))
    assert 10 <= early / 60 <= 16
    assert 24 <= whole / 3600 <= 36


@pytest.mark.parametrize(("tried", "tries", "wait"), [(True, 4, 8.0), (False, 3, 16.0)])
def test_a_vain_step_waits(*, tried: bool, tries: int, wait: float) -> None:
    """After the fourth vain try as long as that; what never left counts as none, and waits a quarter of a minute."""
    held = row(holder="me/1", flight=Flight.ASK, step=Step.ASK, due=150.0, tries=3, told=RETRIES)
    memory = Memory(KEEPS_ALL)
    memory.rows[held.key] = held
    after = settle(Page(memory, 200.0, 0.0, "me"), Settle(held.key, "me/1", tried=tried), KEEPS_ALL).row
    assert after is not None
    assert (after.step, after.tries, after.due) == (Step.ASK, tries, 200.0 + wait)
    assert backoff(UNSENT, KEEPS_ALL) == 16.0


def test_a_new_step_is_due_at_once_and_an_old_one_keeps_its_time() -> None:
    """Whatever else changes of the row; another step is tried from the start."""
    assert next_of(row(), KEEPS_ALL, 200.0) == (Step.ASK, 200.0)
    assert next_of(row(step=Step.ASK, due=230.0, tries=4), KEEPS_ALL, 200.0) == (Step.ASK, 230.0)
    assert rearmed(row(step=Step.ASK, due=230.0, tries=4), KEEPS_ALL, 200.0).tries == 4
    after = rearmed(row(step=Step.ASK, due=230.0, tries=4, undo=True), KEEPS_ALL, 200.0)
    assert (after.step, after.due, after.tries) == (Step.REVERSE, 200.0, 0)
    win = row(Operation.WIN, state=State.OPEN)
    assert next_of(win, KEEPS_ALL, 200.0) == (Step.DELIVER, 200.0)
    assert next_of(replace(win, step=Step.DELIVER, due=230.0), KEEPS_ALL, 200.0) == (Step.DELIVER, 230.0)


def test_an_undoing_waits_for_what_may_still_land() -> None:
    """Where the wallet remembers no tombstones; what is surely booked is undone at once."""
    doubt = row(undo=True)
    assert next_of(doubt, KEEPS_ALL, 111.0) == (Step.REVERSE, 111.0)
    assert next_of(doubt, FORGETS, 111.0) == (Step.REVERSE, 110.0 + FORGETS.quarantine_s)
    assert next_of(doubt, FORGETS, 500.0) == (Step.REVERSE, 500.0)
    assert next_of(replace(doubt, state=State.APPLIED), FORGETS, 111.0) == (Step.REVERSE, 111.0)


def test_a_bet_that_nobody_speaks_of_is_judged_at_its_horizon() -> None:
    """In doubt and unasked, or booked and unheard; a yes on its way has its whole span to be asked for again."""
    horizon = row().horizon
    assert horizon == 700.0
    assert next_of(row(), PROMISES_NOTHING, 200.0) == (Step.JUDGE, horizon)
    assert next_of(row(step=Step.ASK, due=9_000.0), KEEPS_ALL, 200.0) == (Step.ASK, horizon)
    booked = row(state=State.APPLIED)
    assert next_of(booked, KEEPS_ALL, 200.0) == (Step.JUDGE, horizon)
    assert next_of(replace(booked, telling=DONE, due=750.0), KEEPS_ALL, 200.0) == (Step.JUDGE, 750.0)
    assert next_of(replace(booked, telling=DONE, due=150.0), KEEPS_ALL, 200.0) == (Step.JUDGE, horizon)
    assert next_of(replace(booked, telling=RETRIES, due=750.0), KEEPS_ALL, 200.0) == (Step.JUDGE, horizon)
    for closed in ({"told": DONE}, {"proved": True}):
        assert next_of(replace(booked, **closed), KEEPS_ALL, 200.0) == (None, None)


def test_what_nobody_can_find_out_is_parked_with_its_reason() -> None:
    """Not while a call is on its way; and what a person parked stays, whatever would be due."""
    win, undoing = row(Operation.WIN, step=Step.DELIVER), row(undo=True, step=Step.REVERSE)
    for one, why in ((win, UNKNOWN_CALL), (undoing, UNKNOWN_UNDOING)):
        after = rearmed(one, PROMISES_NOTHING, 200.0)
        assert (after.parked, after.step) == (why, None)
    for one, flight in ((win, Flight.CALL), (undoing, Flight.UNDO)):
        assert rearmed(replace(one, holder="me/1", flight=flight), PROMISES_NOTHING, 200.0).parked is None
    hand = rearmed(replace(win, parked=f"{BY_HAND}wait", step=Step.DELIVER), KEEPS_ALL, 200.0)
    assert (hand.parked, hand.step) == (f"{BY_HAND}wait", None)


class Witness(Memory):
    """Remembers for which times it was asked, and was away in one of them."""

    def __init__(self, away: int | None) -> None:
        super().__init__()
        self.away = away
        self.asked: list[tuple[float, float]] = []

    def witnessed(self, start: float, end: float) -> bool:
        """Did anybody serve?"""
        self.asked.append((start, end))
        return len(self.asked) - 1 != self.away


@pytest.mark.parametrize("away", [None, 0, 1])
def test_a_yes_was_heard_if_we_served_in_the_second_and_in_the_last_quarter(away: int | None) -> None:
    """Of the time in which the provider comes back, from the row's last change on; else a human must find out."""
    witness = Witness(away)
    yes = {"state": State.APPLIED, "telling": DONE, "reply": PAID, "outcome": Outcome.OK}
    booked = row(step=Step.JUDGE, due=800.0, span=80.0, wall=1_000.0, **yes)
    after = judged(Page(witness, 800.0, 0.0, "me"), booked, KEEPS_ALL)
    quarters = [(1_020.0, 1_040.0), (1_060.0, 1_080.0)]
    assert witness.asked == quarters[: 1 if away == 0 else 2]
    if away is None:
        assert (after.told, after.telling, after.step, after.parked) == (DONE, None, None, None)
    else:
        assert (after.told, after.telling, after.step, after.parked) == (None, DONE, None, UNHEARD)
    once = judged(Page(Witness(None), 800.0, 0.0, "me"), replace(booked, span=0.0), KEEPS_ALL)
    assert once.parked == UNHEARD


def test_what_nobody_came_back_for_is_undone_as_ours() -> None:
    """A doubt, and a yes that was not told: the wish is ours alone, and due when it may be."""
    for one in (row(), row(state=State.APPLIED), row(state=State.APPLIED, telling=RETRIES)):
        after = judged(Page(Memory(), 800.0, 0.0, "me"), one, KEEPS_ALL)
        assert (after.undo, after.undo_by, after.step, after.due) == (True, "", Step.REVERSE, 800.0)
    lost = judged(Page(Memory(), 800.0, 0.0, "me"), row(step=Step.JUDGE, due=700.0), PROMISES_NOTHING)
    assert (lost.parked, lost.step, lost.undo) == (UNKNOWN_CALL, None, False)


@pytest.mark.parametrize(
    ("flight", "before", "undo", "state", "undo_sent", "doubted"),
    [
        (Flight.CALL, State.CLAIMED, False, State.UNKNOWN, False, True),
        (Flight.CALL, State.UNKNOWN, False, State.UNKNOWN, False, True),
        (Flight.CALL, State.CLAIMED, True, State.UNKNOWN, False, True),
        (Flight.UNDO, State.APPLIED, True, State.APPLIED, True, True),
        (Flight.UNDO, State.BURIED, False, State.BURIED, True, True),
        (Flight.ASK, State.UNKNOWN, False, State.UNKNOWN, False, False),
    ],
)
def test_what_the_dead_held(
    flight: Flight, before: State, undo: bool, state: State, undo_sent: bool, doubted: bool
) -> None:  # fmt: skip
    """A call that may have left is in doubt from now on, as is an undoing; a question leaves nothing behind."""
    after = freed(row(state=before, undo=undo, holder="dead/1", flight=flight), KEEPS_ALL, 300.0)
    assert (after.holder, after.flight, after.state, after.undo_sent) == (None, None, state, undo_sent)
    assert after.since == (300.0 if doubted else 110.0)
    assert after.sent == row().sent + (flight is Flight.CALL)
    assert after.key == key("t1")
