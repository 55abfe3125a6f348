"""Two instances decide at one instant: one is held up between its decision and its writing, the other goes first."""

import asyncio
from collections.abc import Callable

from gateway.canon.outcomes import Outcome
from gateway.journal.postgres.store import Postgres
from gateway.journal.states import State
from gateway.journal.wishes import Claimed, Look, Record, Told, Verdict
from tests.journal.calls import DONE, FINAL, PAID, RETRIES, bet, key, rollback, win
from tests.journal.postgres.conftest import Gate, Open

Held = Callable[[Postgres], Gate]


async def applied(store: Postgres, name: str = "b1") -> None:
    """A bet that the wallet has, and the provider knows of."""
    claimed = await store.perform(bet(name))
    recorded = await store.perform(Record(key(name), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID))
    await store.perform(Told(key(name), recorded.answer, DONE))
    await store.perform(Look(key(name)))


async def test_two_claims_of_one_new_row(instance: Open, gate: Held) -> None:
    """Both read that there is none; the second is told of the first."""
    slow, quick = await instance(), await instance()
    held = gate(slow)
    first = asyncio.create_task(slow.perform(bet()))
    await held.reached.wait()
    assert (await quick.perform(bet())).verdict is Verdict.OURS
    held.open()
    assert (await first).verdict is Verdict.IN_FLIGHT
    assert slow.collisions == 1


async def test_a_bet_and_its_tombstone(instance: Open, gate: Held) -> None:
    """The bet has decided to go to the wallet when its rollback is written: it does not go."""
    slow, quick = await instance(), await instance()
    held = gate(slow)
    first = asyncio.create_task(slow.perform(bet()))
    await held.reached.wait()
    assert (await quick.perform(rollback())).verdict is Verdict.OURS
    held.open()
    assert (await first).verdict is Verdict.UNDONE


async def test_a_win_and_a_rollback_of_its_bet(instance: Open, gate: Held) -> None:
    """The win only looks at its bet, which is proved already, and does not change it: yet it must notice.

    Without the comparison of what was looked at, the win would be paid on a bet that is being undone.
    """
    slow, quick = await instance(), await instance()
    await applied(quick)
    earlier = await quick.perform(win("w0", "b1"))
    await quick.perform(Record(key("w0"), earlier.row.holder, State.DECLINED, Outcome.PLAYER_BLOCKED, FINAL))
    assert (await quick.perform(Look(key("b1")))).proved
    held = gate(slow)
    first = asyncio.create_task(slow.perform(win("w1", "b1")))
    await held.reached.wait()
    assert (await quick.perform(rollback())).verdict is Verdict.OURS
    held.open()
    claimed: Claimed = await first
    assert claimed.verdict is Verdict.NO_BET
    assert (await slow.perform(Look(key("w1")))).parked
    assert held.writes == 2


async def test_a_rollback_and_a_win_that_was_first(instance: Open, gate: Held) -> None:
    """The rollback has decided to undo the bet when a win of it is paid: it must hear that the bet is settled."""
    slow, quick = await instance(), await instance()
    await applied(quick)
    held = gate(slow)
    first = asyncio.create_task(slow.perform(rollback()))
    await held.reached.wait()
    paid = await quick.perform(win("w1", "b1"))
    await quick.perform(
        Record(key("w1"), paid.row.holder, State.APPLIED, Outcome.OK, DONE, related=(key("b1"),))
    )  # fmt: skip
    held.open()
    assert (await first).verdict is Verdict.SETTLED


async def test_a_claim_that_only_looks_is_not_held_up(instance: Open, gate: Held) -> None:
    """What changes nothing counts nothing: rows that it looked at may change meanwhile."""
    slow, quick = await instance(), await instance()
    await applied(quick, "b1")
    held = gate(slow)
    looked, claimed = (asyncio.create_task(slow.perform(wish)) for wish in (Look(key("b1")), bet("b2")))
    await held.reached.wait()
    await quick.perform(rollback())
    held.open()
    assert not (await looked).undo
    assert (await claimed).verdict is Verdict.OURS
    assert slow.collisions == 0


async def test_of_a_batch_that_came_too_late_everything_is_decided_anew(instance: Open, gate: Held) -> None:
    """Those whose rows nobody touched have the same result, and are written once."""
    slow, quick = await instance(), await instance()
    held = gate(slow)
    batch = [asyncio.create_task(slow.perform(bet(name))) for name in ("b1", "b2", "b3")]
    await held.reached.wait()
    await quick.perform(bet("b2"))
    held.open()
    assert [(await each).verdict for each in batch] == [Verdict.OURS, Verdict.IN_FLIGHT, Verdict.OURS]
    assert (await quick.perform(Look(key("b1")))).version == 1


async def test_a_record_and_a_rollback_that_wants_the_bet_undone(instance: Open, gate: Held) -> None:
    """The wallet's yes is being written while a rollback's intent is: the row has both."""
    slow, quick = await instance(), await instance()
    claimed = await slow.perform(bet())
    held = gate(slow)
    wish = Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, RETRIES, PAID)
    recording = asyncio.create_task(slow.perform(wish))
    await held.reached.wait()
    assert (await quick.perform(rollback())).verdict is Verdict.IN_FLIGHT
    held.open()
    recorded = await recording
    assert (recorded.kept, recorded.undone, recorded.row.state) == (True, True, State.APPLIED)
