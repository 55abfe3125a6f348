"""Every store gives the same results for the same wishes: random sequences of them, played on the memory and the file.

Derandomized: a run is the same every time.
"""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import Policy, Row, State
from gateway.journal.wishes import (
    Claim,
    Claimed,
    Lease,
    Leased,
    Look,
    Recall,
    Record,
    Recorded,
    Settle,
    Told,
    Verdict,
)
from tests.journal.calls import ACCOUNT, DONE, FINAL, PAID, RETRIES, ROLLS_BACK, UNDOABLE, key, made
from tests.journal.conftest import KEEPS_ALL, middling
from tests.journal.stands import STANDS, Stand

AVAILABLE = {name: stand for name, stand in STANDS.items() if stand.available()}
NAMES = ("t1", "t2", "t3", "t4")
PROMISES = (KEEPS_ALL, KEEPS_ALL - {"tombstones"}, frozenset({"idempotent", "references"}), frozenset())
EFFECTS = (DONE, FINAL, RETRIES, ROLLS_BACK, frozenset({"retries", "rolls_back"}), None)
ENDS = (
    (State.APPLIED, Outcome.OK), (State.DECLINED, Outcome.INSUFFICIENT_FUNDS), (State.OPEN, Outcome.BUSY),
    (State.UNKNOWN, Outcome.UNKNOWN), (None, Outcome.UNKNOWN), (State.DECLINED, Outcome.TRANSACTION_NOT_FOUND),
    (State.DECLINED, Outcome.ALREADY_SETTLED), (State.DECLINED, Outcome.ALREADY_ROLLED_BACK),
)  # fmt: skip

names = st.sampled_from(NAMES)
some_names = st.lists(names, max_size=2, unique=True).map(tuple)
flags = st.booleans()
rounds = st.sampled_from(["r1", "r2", None])
#: One move each; what it needs of earlier results (a holder, an answer's number) is looked up when it is played.
moves = st.one_of(
    st.tuples(st.just("bet"), names, rounds, st.sampled_from(["p1", "p2"])),
    st.tuples(st.just("win"), names, rounds, some_names),
    st.tuples(st.just("rollback"), names, st.lists(names, min_size=1, max_size=2, unique=True).map(tuple)),
    st.tuples(st.just("end"), names, st.sampled_from(ENDS), st.sampled_from(EFFECTS), flags, flags, flags),
    st.tuples(st.just("told"), names, st.sampled_from(EFFECTS), flags),
    st.tuples(st.just("lease"), st.integers(1, 4)),
    st.tuples(st.just("settle"), names, st.sampled_from(ENDS[:5]), st.sampled_from([None, True, False]), flags, flags),
    st.tuples(st.just("round"), st.sampled_from(["r1", "r2"])),
    st.tuples(st.just("advance"), st.sampled_from([0.25, 1.0, 61.0, 700.0])),
    st.tuples(st.just("restart"), st.sampled_from([0.0, 3_600.0])),
)


class Player:
    """Plays moves on one stand and keeps what later moves need of earlier results."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.claims: dict[str, Claimed] = {}
        self.leases: dict[str, Leased] = {}
        self.answers: dict[str, int] = {}

    async def play(self, move: tuple[Any, ...]) -> Any:
        """The result of one move, comparable between stores."""
        match move:
            case "bet", name, round_, player:
                return await self.claim(Claim(made(Operation.BET, name, round=round_, player=player)))
            case "win", name, round_, bets:
                keys = tuple(map(key, bets))
                return await self.claim(
                    Claim(made(Operation.WIN, name, round=round_, reference=keys or None), bets=keys)
                )
            case "rollback", name, targets:
                row = made(Operation.ROLLBACK, name, reference=targets)
                return await self.claim(Claim(row, targets=tuple(map(key, targets)), undoable=UNDOABLE))
            case "end", name, (state, outcome), telling, sent, release, undo:
                return await self.end(name, state, outcome, telling, sent, release, undo)
            case "told", name, effect, now:
                number = self.answers.get(name, 1) + (not now)
                await self.stand.perform(Told(key(name), number, effect))
                return plain(await self.stand.perform(Look(key(name))))  # it is not waited for: now it has happened
            case "lease", limit:
                taken = await self.stand.perform(Lease(limit))
                self.leases |= {each.row.transaction: each for each in taken}
                return [plain(each.row) for each in taken], [each.landed for each in taken]
            case "settle", name, (state, outcome), undone, sent, tried:
                if (lease := self.leases.get(name)) is None:
                    return None
                undone = undone if lease.row.step == "reverse" else None
                wish = Settle(key(name), lease.row.holder or "", state, outcome, None, undone, sent, tried)
                return plain(await self.stand.perform(wish))
            case "round", name:
                return await self.stand.perform(Recall(ACCOUNT, "round", name))
            case "advance", seconds:
                return await self.stand.advance(seconds)
            case "restart", away if self.stand.durable:
                return await self.stand.restart(away=away, killed=True)

    async def claim(self, wish: Claim) -> Any:
        """Claim, and keep the claim that is ours."""
        claimed = await self.stand.perform(wish)
        if claimed.verdict is Verdict.OURS:
            self.claims[wish.row.transaction] = claimed
        return plain(claimed)

    async def end(self, name: str, state: Any, outcome: Any, telling: Any, *flags: bool) -> Any:
        """Record the last claim of that name, live or lost."""
        if (claimed := self.claims.get(name)) is None:
            return None
        sent, release, undo = flags
        related = tuple(row.key for row in claimed.related)
        reply = PAID if state is State.APPLIED else None
        recorded = await self.stand.perform(
            Record(
                key(name), claimed.row.holder, state, outcome, telling, reply, sent, release, related=related, undo=undo
            )
        )
        if recorded.row is not None:
            self.answers[name] = recorded.answer
        return plain(recorded)

    async def rows(self) -> list[Any]:
        """Everything that is known in the end."""
        return [plain(await self.stand.perform(Look(key(name)))) for name in NAMES]


def plain(result: Any) -> Any:
    """A result without the names of holders, each life's own, and without versions: a commit counts one for several."""
    match result:
        case Row():
            return replace(result, holder=result.holder and "somebody", version=0)
        case Claimed():
            related = tuple(map(plain, result.related))
            return replace(result, row=plain(result.row), related=related)
        case Recorded():
            return replace(result, row=plain(result.row))
    return result


def wrong(row: Row | None) -> str:
    """What no row may ever be, on any store."""
    if row is None:
        return ""
    rules = {
        "claimed by nobody": row.state is State.CLAIMED and row.holder is None,
        "armed and parked": row.step is not None and row.parked is not None,
        "held without a flight": (row.holder is None) != (row.flight is None),
        "to be undone, and nothing does it": row.undo and row.step is None and row.parked is None and not row.in_flight,
    }
    return ", ".join(name for name, broken in rules.items() if broken)


async def compare(played: list[tuple[Any, ...]], promises: frozenset[str], names: tuple[str, ...]) -> None:
    """Play on all of these stores; every result and every row must be the same."""
    with tempfile.TemporaryDirectory() as folder:
        players = [Player(STANDS[name](Path(folder, str(at)), Policy(promises, chance=middling))) for at, name in
                   enumerate(names)]  # fmt: skip
        try:
            for player in players:
                os.mkdir(player.stand.folder)
                await player.stand.start()
            for number, move in enumerate(played):
                first, *rest = [await player.play(move) for player in players]
                assert all(each == first for each in rest), f"move {number} {move}:\n{first}\n{rest}"
            first, *rest = [await player.rows() for player in players]
            assert all(each == first for each in rest), f"{first}\n{rest}"
            assert [wrong(row) for row in first] == [""] * len(NAMES)
        finally:
            for player in players:
                await player.stand.stop()


@pytest.mark.heavy
@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    played=st.lists(moves.filter(lambda move: move[0] != "restart"), min_size=5, max_size=40),
    promises=st.sampled_from(PROMISES),
)
def test_the_same_wishes_have_the_same_results(played: list[tuple[Any, ...]], promises: frozenset[str]) -> None:
    """On every store, result by result and row by row; and no row ever breaks its rules."""
    asyncio.run(compare(played, promises, tuple(AVAILABLE)))


@pytest.mark.heavy
@settings(max_examples=50, deadline=None, derandomize=True)
@given(played=st.lists(moves, min_size=5, max_size=40), promises=st.sampled_from(PROMISES))
def test_the_same_deaths_have_the_same_results(played: list[tuple[Any, ...]], promises: frozenset[str]) -> None:
    """On the stores that outlive them."""
    asyncio.run(compare(played, promises, tuple(name for name, stand in AVAILABLE.items() if stand.durable)))
