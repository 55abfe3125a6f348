"""What the provider was told, on every store: confirmed by its number, or not; and what the horizon makes of it."""

import pytest

from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import LEAST_HORIZON_S
from gateway.journal.states import State, Step
from gateway.journal.wishes import Record, Told, Verdict
from tests.journal.calls import (
    DONE,
    FINAL,
    PAID,
    RETRIES,
    ROLLS_BACK,
    bet,
    booked,
    claim,
    doubted,
    ended,
    key,
    leased,
    rollback,
    settled,
    told,
)  # fmt: skip
from tests.journal.conftest import KEEPS_ALL, Make
from tests.journal.stands import Stand


async def test_an_answer_is_confirmed_by_its_number(stand: Stand) -> None:
    """The confirmation of an earlier answer says nothing of a later one."""
    first = await ended(stand, await claim(stand, bet()), State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
    later = await stand.perform(Record(key("b1"), None, None, None, FINAL))
    assert (first.row and first.row.answers, later.row.answers) == (1, 2)
    await told(stand, first, RETRIES)
    row = await stand.row(key("b1"))
    assert (row.told, row.telling) == (None, FINAL)
    await told(stand, later, FINAL)
    row = await stand.row(key("b1"))
    assert (row.told, row.telling) == (FINAL, None)


async def test_a_yes_that_was_heard_counts_whatever_is_on_its_way(stand: Stand) -> None:
    """Its note comes after a later yes was written, and is not lost: the provider holds its bet."""
    first = await ended(stand, await claim(stand, bet()))
    later = await stand.perform(Record(key("b1"), None, None, None, DONE))
    await told(stand, first, DONE)
    row = await stand.row(key("b1"))
    assert (row.told, row.telling) == (DONE, DONE)
    await told(stand, later, None)
    row = await stand.row(key("b1"))
    assert (row.told, row.telling, row.step) == (DONE, None, None)


@pytest.mark.parametrize("copy", [RETRIES, ROLLS_BACK, RETRIES | ROLLS_BACK])
async def test_a_yes_on_its_way_outlives_what_a_copy_is_told(stand: Stand, copy: frozenset[str]) -> None:
    """The process dies before it notes that the yes was heard; a copy was told to come back meanwhile, and did not.

    Who had not heard the yes would have: at the horizon the bet is not undone.
    """
    await ended(stand, await claim(stand, bet()))
    beside = await stand.perform(Record(key("b1"), None, None, None, copy))
    assert beside.answer == 0
    await told(stand, beside, copy)
    row = await stand.row(key("b1"))
    assert (row.told, row.telling, row.step) == (None, DONE, Step.JUDGE)
    await stand.advance(LEAST_HORIZON_S + 1)
    await leased(stand)
    row = await stand.row(key("b1"))
    assert (row.state, row.undo, row.told) == (State.APPLIED, False, DONE)


async def test_a_yes_that_was_not_heard_is_undone_whatever_a_copy_was_told(stand: Stand) -> None:
    """Its line was lost, and that was noted: the provider has heard only that it should come back, and does not."""
    first = await ended(stand, await claim(stand, bet()))
    await stand.perform(Record(key("b1"), None, None, None, RETRIES))
    await told(stand, first, None)
    await stand.advance(LEAST_HORIZON_S + 1)
    assert list(await leased(stand)) == ["b1"]
    assert (await stand.row(key("b1"))).undo


async def test_a_yes_shortly_before_the_horizon_is_not_judged_at_it(stand: Stand) -> None:
    """Who did not hear it has its whole span from then on to come back in: no witness is called before."""
    await ended(stand, await claim(stand, bet(span=100.0)), State.OPEN, Outcome.WALLET_FAILED, RETRIES)
    await stand.advance(LEAST_HORIZON_S - 1)
    await ended(stand, await claim(stand, bet(span=100.0)))
    await stand.advance(50)
    assert not await leased(stand)
    row = await stand.row(key("b1"))
    assert (row.told, row.step) == (None, Step.JUDGE)
    await stand.advance(60)
    await leased(stand)
    assert (await stand.row(key("b1"))).told == DONE


async def test_a_claim_that_was_lost_confirms_nothing(stand: Stand) -> None:
    """What it tells is no answer of the row, which others went on with."""
    claimed = await claim(stand, bet())
    await ended(stand, claimed)
    late = await ended(stand, claimed, State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
    assert (late.kept, late.answer) == (False, 0)


async def test_what_was_once_heard_as_done_stays_heard(stand: Stand) -> None:
    """A later answer that says less does not take it back; one that was not delivered says nothing."""
    await booked(stand, bet())
    again = await stand.perform(Record(key("b1"), None, None, None, RETRIES))
    await told(stand, again, RETRIES)
    assert (await stand.row(key("b1"))).told == DONE
    again = await stand.perform(Record(key("b1"), None, None, None, DONE))
    await told(stand, again, None)
    row = await stand.row(key("b1"))
    assert (row.told, row.telling, row.step) == (DONE, None, None)


async def test_a_confirmed_yes_is_closed_and_an_unconfirmed_one_is_judged(stand: Stand) -> None:
    """Until somebody confirms, the horizon stays armed."""
    recorded = await booked(stand, bet(), effect=None)
    row = await stand.row(key("b1"))
    assert (row.step, row.due) == (Step.JUDGE, row.horizon)
    await told(stand, recorded, DONE)
    assert (await stand.row(key("b1"))).step is None


async def test_wishes_about_nothing(stand: Stand) -> None:
    """A row that nobody knows is not made up."""
    await stand.perform(Told(key("b1"), 1, DONE))
    recorded = await stand.perform(Record(key("b1"), "nobody/1", State.APPLIED, Outcome.OK, DONE))
    assert (recorded.kept, recorded.row, recorded.undone) == (True, None, False)


async def test_at_the_horizon_an_unheard_doubt_is_undone(stand: Stand) -> None:
    """The provider had come back by now."""
    await doubted(stand, bet())
    asked = (await leased(stand))["b1"]
    assert asked.row.step is Step.ASK
    await settled(stand, asked)
    await stand.advance(601)
    judged = (await leased(stand))["b1"]
    assert (judged.row.step, judged.row.undo, judged.row.undo_by) == (Step.REVERSE, True, "")


async def test_at_the_horizon_a_yes_that_somebody_witnessed_was_heard(stand: Stand) -> None:
    """We served while the provider might have come back: it did not, so it knows."""
    await booked(stand, bet(), effect=None)
    await stand.advance(1)
    assert await leased(stand) == {}
    await stand.advance(600)
    assert await leased(stand) == {}
    row = await stand.row(key("b1"))
    assert (row.told, row.telling, row.step, row.parked) == (DONE, None, None, None)


async def test_at_the_horizon_an_answer_that_was_not_delivered_is_undone(stand: Stand) -> None:
    """The wallet said yes, the provider heard nothing, and never came back."""
    recorded = await booked(stand, bet(), effect=None)
    await told(stand, recorded, None)
    await stand.advance(601)
    assert (await leased(stand))["b1"].row.step is Step.REVERSE


async def test_a_wallet_that_can_neither_be_asked_nor_repeated(store_factory: Make) -> None:
    """A doubt is a human's matter at the horizon."""
    stand = await store_factory(frozenset())
    await doubted(stand, bet())
    await stand.advance(601)
    assert await leased(stand) == {}
    assert (await stand.row(key("b1"))).parked


async def test_a_claim_that_was_lost_changes_nothing_but_for_a_yes(stand: Stand) -> None:
    """Compare-and-set by the holder; money that moved is never ignored."""
    slow = await claim(stand, bet())
    await ended(stand, slow, State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
    late = await stand.perform(Record(key("b1"), slow.row.holder, State.DECLINED, Outcome.INSUFFICIENT_FUNDS, FINAL))
    assert late.kept is False
    row = await stand.row(key("b1"))
    assert (row.state, row.telling) == (State.UNKNOWN, RETRIES)
    yes = await stand.perform(Record(key("b1"), slow.row.holder, State.APPLIED, Outcome.OK, None, reply=PAID))
    assert yes.kept is False
    row = await stand.row(key("b1"))
    assert (row.state, row.reply, row.telling) == (State.APPLIED, PAID, RETRIES)


async def test_a_yes_to_a_reversed_bet_is_older_than_its_reversal(stand: Stand) -> None:
    """It undoes nothing anew."""
    slow = await claim(stand, bet())
    await ended(stand, slow, State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
    undoing = await claim(stand, rollback())
    assert undoing.verdict is Verdict.OURS
    await ended(stand, undoing)
    await stand.perform(Record(key("b1"), slow.row.holder, State.APPLIED, Outcome.OK, None, reply=PAID))
    assert (await stand.row(key("b1"))).state is State.REVERSED


async def test_without_tombstones_a_doubt_is_told_apart_by_time(store_factory: Make) -> None:
    """Whether what was on its way has landed is the quarantine's to say."""
    stand = await store_factory(KEEPS_ALL - {"tombstones"})
    await doubted(stand, bet())
    assert (await leased(stand))["b1"].landed is False
