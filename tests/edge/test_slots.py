"""Shares of the wallet's connections: the figures, and that no order of calls takes what is kept for others."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.edge.slots import FEWEST, Kind, Shares, Slots, kind_of
from gateway.exchange.wishes import Lane, Priority

BET, READ = Lane("acme", Priority.DEBIT), Lane("acme", Priority.READ)
WIN, UNDO = Lane("acme", Priority.CREDIT), Lane("acme", Priority.REVERSAL)
OUTBOX = Lane("acme", Priority.REVERSAL, outbox=True)


@pytest.mark.parametrize(
    ("slots", "accounts", "part", "shares"),
    [
        (100, 1, 0.25, Shares(outbox=10, live=90, reserved=20, account=90, own=18)),
        (100, 2, 0.25, Shares(outbox=10, live=90, reserved=20, account=50, own=10)),
        (100, 3, 0.25, Shares(outbox=10, live=90, reserved=20, account=33, own=6)),
        (100, 4, 0.25, Shares(outbox=10, live=90, reserved=20, account=25, own=5)),
        (100, 40, 0.25, Shares(outbox=10, live=90, reserved=20, account=25, own=5)),
        (100, 40, 0.1, Shares(outbox=10, live=90, reserved=20, account=10, own=2)),
        (100, 3, 1.0, Shares(outbox=10, live=90, reserved=20, account=90, own=18)),
        (FEWEST, 1, 0.25, Shares(outbox=2, live=3, reserved=1, account=3, own=1)),
        (FEWEST, 9, 0.25, Shares(outbox=2, live=3, reserved=1, account=2, own=1)),
    ],
)
def test_the_figures(slots: int, accounts: int, part: float, shares: Shares) -> None:
    """A tenth and at least two for the outbox, a fifth for wins and reversals, a quarter or an equal part for each."""
    assert Shares.of(slots, accounts, part) == shares


@given(st.integers(FEWEST, 10_000), st.integers(1, 50), st.floats(0.001, 1.0))
@settings(derandomize=True, max_examples=300)
def test_everybody_has_a_share(slots: int, accounts: int, part: float) -> None:
    """However few connections: a bet, a win and a recovery of any provider find a slot in an empty house."""
    held = Slots(Shares.of(slots, accounts, part))
    for lane in (BET, WIN, OUTBOX):
        assert held.fits(lane), lane
        held.take(lane)


@pytest.mark.parametrize(
    ("lane", "kind"),
    [
        (READ, "ordinary"),
        (BET, "ordinary"),
        (WIN, "urgent"),
        (UNDO, "urgent"),
        (OUTBOX, "outbox"),
        (Lane(), "ordinary"),
    ],
)
def test_kinds(lane: Lane, kind: str) -> None:
    """Wins and facts are as urgent as reversals; what recovery asks is recovery, whatever it is about."""
    assert kind_of(lane) == kind


def filled(lanes: list[Lane], slots: int = 100, accounts: int = 4) -> Counter[Lane]:
    """How many each lane gets, if all of each is asked for in this order."""
    held, got = Slots(Shares.of(slots, accounts)), Counter[Lane]()
    for lane in lanes:
        while held.fits(lane):
            held.take(lane)
            got[lane] += 1
    return got


def of(lane: Lane, *accounts: str) -> list[Lane]:
    """The same for other providers."""
    return [Lane(account, lane.priority, lane.outbox) for account in accounts]


def test_one_provider_leaves_room_for_the_others() -> None:
    """All of one provider's bets, then its wins; then the next provider gets as much."""
    got = filled([BET, WIN, *of(BET, "other"), *of(WIN, "other")])
    assert [*got.values()] == [20, 5, 20, 5]


def test_bets_leave_what_is_kept_for_wins_and_wins_what_is_kept_for_recovery() -> None:
    """Five providers ask for everything: 70 bets, then 20 wins, then 10 of recovery."""
    names = ("a", "b", "c", "d", "e")
    got = filled([*of(BET, *names), *of(WIN, *names), *of(OUTBOX, *names), *of(READ, *names)])
    kinds = Counter[str]()
    for lane, number in got.items():
        kinds[kind_of(lane)] += number
    assert kinds == {"ordinary": 70, "urgent": 20, "outbox": 10}


def test_wins_may_have_everything_but_the_outboxs() -> None:
    """What is kept for wins is the least that they get, not the most."""
    names = ("a", "b", "c", "d")
    assert sum(filled([*of(WIN, *names), *of(BET, *names)]).values()) == 90
    assert sum(filled([WIN, BET], accounts=1).values()) == 90


def test_recovery_never_holds_more_than_its_share() -> None:
    """In an empty house too."""
    assert filled([OUTBOX]) == {OUTBOX: 10}


LANES = [Lane(account, priority, outbox) for account in "abc" for priority in Priority for outbox in (False, True)]


@given(
    st.integers(FEWEST, 60),
    st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from(LANES), st.booleans()), max_size=300),
)
@settings(derandomize=True, max_examples=200)
def test_no_order_of_calls_breaks_a_share(slots: int, accounts: int, steps: list[tuple[Lane, bool]]) -> None:
    """After any calls and ends: no limit is passed, what is kept is free or held by those it is kept for, and what
    is taken can be freed again to nothing."""
    shares = Shares.of(slots, accounts)
    held, taken = Slots(shares), list[Lane]()
    for lane, take in steps:
        if take and held.fits(lane):
            held.take(lane)
            taken.append(lane)
        elif not take and taken:
            held.free(taken.pop(len(taken) // 2))
        kinds = Counter(kind_of(each) for each in taken)
        live = kinds[Kind.ORDINARY] + kinds[Kind.URGENT]
        assert {kind: held.held(kind) for kind in Kind} == {kind: kinds[kind] for kind in Kind}
        assert kinds[Kind.OUTBOX] <= shares.outbox
        assert live <= shares.live
        assert kinds[Kind.URGENT] + (shares.live - live) >= shares.reserved
        for account in "abc":
            own = Counter(kind_of(each) for each in taken if each.account == account)
            used = own[Kind.ORDINARY] + own[Kind.URGENT]
            assert used <= shares.account
            assert own[Kind.URGENT] + (shares.account - used) >= shares.own
    for lane in taken:
        held.free(lane)
    assert all(held.held(kind) == 0 for kind in Kind)
    assert not held._accounts
