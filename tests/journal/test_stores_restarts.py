"""A life ends and another begins, on every store that outlives its process: nothing acknowledged is lost, nothing that
was in flight is taken for settled, and the time in between is nobody's service.
"""

import pytest

from gateway.canon.outcomes import Outcome
from gateway.journal.states import State, Step
from gateway.journal.wishes import Reap, Recall, Record, Remember, Verdict
from tests.journal.calls import (
    ACCOUNT,
    DONE,
    PAID,
    RETRIES,
    bet,
    booked,
    claim,
    doubted,
    ended,
    key,
    leased,
    rollback,
    told,
    unheld,
    win,
)  # fmt: skip
from tests.journal.stands import Stand

both_ways = pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])


@both_ways
async def test_a_claim_without_outcome_is_unknown(durable: Stand, killed: bool) -> None:
    """The call may have left, and nobody heard what became of it."""
    await claim(durable, bet())
    await durable.restart(killed=killed)
    row = await durable.row(key("b1"))
    assert (row.state, row.holder, row.flight, row.step) == (State.UNKNOWN, None, None, Step.ASK)
    assert (await claim(durable, bet())).row.state is State.UNKNOWN


@both_ways
async def test_every_row_is_read_back_as_it_was(durable: Stand, killed: bool) -> None:
    """Call, reply, effects, numbers and times; and what is armed goes on."""
    await booked(durable, bet("b1"))
    await durable.advance(0.125)
    await doubted(durable, bet("b2", player=None, round=None, span=0.25))
    await claim(durable, rollback("x1", "never"))
    await ended(durable, await claim(durable, win("w1", round=None)), State.OPEN, Outcome.BUSY, RETRIES, sent=False)
    names = ("b1", "b2", "w1")
    before = [await durable.row(key(name)) for name in names]
    await durable.restart(killed=killed)
    assert [await durable.row(key(name)) for name in names] == before
    assert (await durable.row(key("never"))).operation is None
    assert set(await leased(durable)) == {"b2", "w1"}


@both_ways
async def test_the_clock_does_not_run_while_nobody_serves(durable: Stand, killed: bool) -> None:
    """A day away is no day of the provider's silence: what was armed for later is still later."""
    recorded = await booked(durable, bet(), effect=None)
    assert recorded.row is not None
    await durable.advance(100)
    await durable.restart(away=86_400, killed=killed)
    assert await leased(durable) == {}
    await durable.advance(499)
    assert await leased(durable) == {}
    await durable.advance(2)
    assert (await leased(durable)) == {}, "judged: somebody served in its time"
    assert (await durable.row(key("b1"))).told == DONE


@pytest.mark.parametrize(("away", "parked"), [(20, False), (50, True), (3_600, True)])
async def test_nobody_served_while_the_provider_might_have_come_back(durable: Stand, away: float, parked: bool) -> None:
    """We died right after we answered: if nobody served in the provider's span, a human decides, we guess nothing."""
    await durable.advance(50)
    durable.time.seconds += 0.5
    await booked(durable, bet(span=60.0), effect=None)
    before = await durable.row(key("b1"))
    await durable.restart(away=away, killed=True)
    await durable.advance(599)
    assert unheld(await durable.row(key("b1"))) == unheld(before)
    await durable.advance(2)
    assert await leased(durable) == {}
    row = await durable.row(key("b1"))
    assert (row.parked is not None, row.told) == (parked, None if parked else DONE)


async def test_an_unconfirmed_answer_is_no_answer(durable: Stand) -> None:
    """Told when we died, or not: the repeat gets the result as if for the first time."""
    await booked(durable, bet(), effect=None)
    await durable.restart(killed=True)
    again = await claim(durable, bet())
    assert (again.verdict, again.row.told, again.row.telling, again.row.reply) == (Verdict.KNOWN, None, DONE, PAID)


async def test_a_confirmation_survives(durable: Stand) -> None:
    """Once it was written."""
    await booked(durable, bet())
    await durable.row(key("b1"))
    await durable.restart(killed=True)
    row = await durable.row(key("b1"))
    assert (row.told, row.step) == (DONE, None)


async def test_a_rollbacks_call_that_died_is_repeated(durable: Stand) -> None:
    """Its intent was durable; whether it took is not known, so it is sent again under its key."""
    await booked(durable, bet())
    await claim(durable, rollback())
    await durable.restart(killed=True)
    row = await durable.row(key("b1"))
    assert (row.undo, row.undo_sent, row.step, row.holder) == (True, True, Step.REVERSE, None)
    assert (await leased(durable))["b1"].row.step is Step.REVERSE


async def test_an_unseen_bets_undoing_that_died_is_the_wallets_to_answer(durable: Stand) -> None:
    """It may have left, so that the bet has come since does not make it "nothing to do"."""
    await claim(durable, rollback())
    await durable.restart(killed=True)
    row = await durable.row(key("b1"))
    assert (row.state, row.undo_sent, row.holder, row.step) == (State.BURIED, True, None, None)
    assert (await claim(durable, bet())).verdict is Verdict.UNDONE
    assert (await claim(durable, rollback())).verdict is Verdict.OURS


async def test_a_stale_story_cannot_write_over_a_row_that_was_freed(durable: Stand) -> None:
    """Compare-and-set by the holder, also across lives."""
    old = await claim(durable, bet())
    await durable.restart(killed=True)
    ours = await claim(durable, bet())
    late = await durable.perform(Record(key("b1"), old.row.holder, State.DECLINED, Outcome.PLAYER_BLOCKED, RETRIES))
    assert (late.kept, (await durable.row(key("b1"))).holder) == (False, ours.row.holder)


async def test_the_dead_are_reaped_and_nobody_else(stand: Stand) -> None:
    """By their instance's whole name."""
    ours = await claim(stand, bet())
    instance = (ours.row.holder or "").partition("/")[0]
    assert await stand.perform(Reap(frozenset({"other", instance[:-1], f"{instance}1"}))) == 0
    assert (await stand.row(key("b1"))).holder == ours.row.holder
    assert await stand.perform(Reap(frozenset({instance}))) == 1
    row = await stand.row(key("b1"))
    assert (row.state, row.holder) == (State.UNKNOWN, None)
    assert (await ended(stand, ours)).kept is False
    assert (await stand.row(key("b1"))).state is State.APPLIED, "a late YES is money that moved"


async def test_a_leased_row_is_free_again(durable: Stand) -> None:
    """With what it was leased for: asking moved nothing, delivering may have."""
    await doubted(durable, bet())
    wish = win("w1", round=None, chain="c2")
    await ended(durable, await claim(durable, wish), State.OPEN, Outcome.BUSY, RETRIES, sent=False)
    assert set(await leased(durable)) == {"b1", "w1"}
    await durable.restart(killed=True)
    states = [((await durable.row(key(name))).state, (await durable.row(key(name))).step) for name in ("b1", "w1")]
    assert states == [(State.UNKNOWN, Step.ASK), (State.UNKNOWN, Step.DELIVER)]
    assert set(await leased(durable)) == {"b1", "w1"}


@both_ways
async def test_sessions_survive_and_players_do_not(durable: Stand, killed: bool) -> None:
    """A balance of yesterday is nothing to answer with."""
    await durable.perform(Remember(ACCOUNT, "session", "s1", {"player": "p1", "currency": "EUR"}))
    await durable.perform(Remember(ACCOUNT, "player", "p1", {"balance": "1"}))
    await durable.restart(killed=killed)
    assert await durable.perform(Recall(ACCOUNT, "session", "s1")) == {"player": "p1", "currency": "EUR"}
    assert await durable.perform(Recall(ACCOUNT, "player", "p1")) == {}


async def test_told_after_a_restart_confirms_what_was_told_before(durable: Stand) -> None:
    """Answers are counted across lives."""
    recorded = await booked(durable, bet(), effect=None)
    await durable.restart()
    await told(durable, recorded, DONE)
    assert (await durable.row(key("b1"))).told == DONE
