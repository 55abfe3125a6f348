"""Claims of bets, on every store: one call in flight per row, and what a repeat hears."""

import asyncio

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import State
from gateway.journal.wishes import Claim, Look, Record, Verdict, Wait
from tests.journal.calls import DONE, FINAL, bet, booked, claim, content, doubted, ended, key, made, rollback, told, win
from tests.journal.stands import Stand


async def test_a_new_row_is_ours(stand: Stand) -> None:
    """It is durable before it is ours: claimed, with its holder, and as it was given."""
    claimed = await claim(stand, bet())
    assert claimed.verdict is Verdict.OURS
    row = await stand.row(key("b1"))
    assert (row.state, row.holder, row.version) == (State.CLAIMED, claimed.row.holder, 1)
    assert (row.call, row.fingerprint, row.span) == (bet().row.call, bet().row.fingerprint, 60.0)
    assert await stand.perform(Look(key("other"))) is None


async def test_at_most_one_is_in_flight(stand: Stand) -> None:
    """The second claim is told so until the first one's call has ended."""
    first = await claim(stand, bet())
    assert (await claim(stand, bet())).verdict is Verdict.IN_FLIGHT
    await ended(stand, first, State.OPEN, Outcome.WALLET_FAILED, None, release=False, sent=False)
    assert (await claim(stand, bet())).verdict is Verdict.IN_FLIGHT
    await ended(stand, first, State.OPEN, Outcome.WALLET_FAILED, None, sent=False)
    assert (await claim(stand, bet())).verdict is Verdict.OURS


async def test_of_many_at_once_one_is_ours(stand: Stand) -> None:
    """A thousand copies of one bet."""
    found = await asyncio.gather(*(claim(stand, bet()) for _ in range(1_000)))
    verdicts = [claimed.verdict for claimed in found]
    assert (verdicts.count(Verdict.OURS), verdicts.count(Verdict.IN_FLIGHT)) == (1, 999)


async def test_a_repeat_of_what_was_applied_is_known(stand: Stand) -> None:
    """With the wallet's reply as it was, to the last digit."""
    recorded = await booked(stand, bet())
    again = await claim(stand, bet())
    assert (again.verdict, again.row.outcome, again.row.told) == (Verdict.KNOWN, Outcome.OK, DONE)
    assert recorded.row is not None
    assert again.row.reply == recorded.row.reply is not None


async def test_a_declined_bet_stays_declined(stand: Stand) -> None:
    """A lasting refusal is kept for every copy; one that does not last is not."""
    await ended(
        stand, await claim(stand, bet()), State.DECLINED, Outcome.INSUFFICIENT_FUNDS, FINAL
    )  # fmt: skip
    again = await claim(stand, bet())
    assert (again.verdict, again.row.outcome) == (Verdict.KNOWN, Outcome.INSUFFICIENT_FUNDS)
    await ended(stand, await claim(stand, bet("b2")), State.OPEN, Outcome.BUSY, None, sent=False)
    assert (await claim(stand, bet("b2"))).verdict is Verdict.OURS


async def test_what_was_not_sent_but_told_as_final_stays_refused(stand: Stand) -> None:
    """The provider has closed it: a copy must not become a bet after all."""
    recorded = await ended(stand, await claim(stand, bet()), State.OPEN, Outcome.BUSY, FINAL, sent=False)
    assert (await claim(stand, bet("b2"))).verdict is Verdict.OURS
    await told(stand, recorded, FINAL)
    assert (await claim(stand, bet())).verdict is Verdict.KNOWN


async def test_other_content_is_a_conflict(stand: Stand) -> None:
    """Whether or not a call is in flight, and for each part of the content."""
    first = await claim(stand, bet())
    other = bet(fingerprint=content(amount="2.00"))
    assert (await claim(stand, other)).verdict is Verdict.CONFLICT
    await ended(stand, first)
    for print_ in (content(player="p2"), content("win"), content(currency="JPY")):
        assert (await claim(stand, bet(fingerprint=print_))).verdict is Verdict.CONFLICT


async def test_what_is_not_known_fits_and_is_filled_in(stand: Stand) -> None:
    """None on either side is no difference; what is learned is kept."""
    first = await claim(stand, bet(fingerprint=content(player=None)))
    await ended(stand, first, State.OPEN, Outcome.BUSY, None, sent=False)
    again = await claim(stand, bet(fingerprint=content(currency=None)))
    assert again.verdict is Verdict.OURS
    assert (await stand.row(key("b1"))).fingerprint == content()
    assert (await claim(stand, bet(fingerprint=content(player="p2")))).verdict is Verdict.CONFLICT


async def test_a_doubt_is_ours_again_and_stays_a_doubt(stand: Stand) -> None:
    """The attempt before may have moved money: the row says so, also while it is tried again."""
    await doubted(stand, bet())
    early = await claim(stand, bet())
    assert (early.verdict, early.row.state, early.landed) == (Verdict.OURS, State.UNKNOWN, False)
    assert (await stand.row(key("b1"))).state is State.UNKNOWN
    await ended(stand, early, None, Outcome.UNKNOWN, None)
    await stand.advance(61)
    late = await claim(stand, bet())
    assert (late.verdict, late.landed) == (Verdict.OURS, True)


async def test_a_late_bet_after_its_tombstone_is_undone(stand: Stand) -> None:
    """The rollback came first; the bet is never ours, and the tombstone learns what it kept out."""
    undoing = await claim(stand, rollback())
    assert undoing.verdict is Verdict.OURS
    assert (await claim(stand, bet())).verdict is Verdict.UNDONE
    row = await stand.row(key("b1"))
    assert (row.operation, row.call, row.state) == (Operation.BET, bet().row.call, State.BURIED)


async def test_a_win_after_a_dead_bet_is_no_bet(stand: Stand) -> None:
    """Declined or undone: not to be paid, and a human sees it."""
    await ended(stand, await claim(stand, bet()), State.DECLINED, Outcome.INSUFFICIENT_FUNDS, FINAL)
    refused = await claim(stand, win("w1", "b1"))
    assert (refused.verdict, refused.row.outcome) == (Verdict.NO_BET, Outcome.TRANSACTION_NOT_FOUND)
    assert (await stand.row(key("w1"))).parked


@pytest.mark.parametrize("release", [True, False])
async def test_a_claim_that_resolved_nothing_is_not_left_claimed(stand: Stand, release: bool) -> None:
    """Without a state: what was sent is in doubt, what was not is open; as long as it is held it stays claimed."""
    for transaction, sent, after in (("b1", True, State.UNKNOWN), ("b2", False, State.OPEN)):
        claimed = await claim(stand, bet(transaction))
        await stand.perform(
            Record(key(transaction), claimed.row.holder, None, Outcome.UNKNOWN, None, sent=sent, release=release)
        )
        assert (await stand.row(key(transaction))).state is (after if release else State.CLAIMED)


async def test_a_wish_that_fails_harms_no_other(stand: Stand) -> None:
    """Of three at once the broken one raises, and leaves nothing behind."""
    broken = Claim(made(Operation.BET, "b2"), targets=("nobody",), bets=None)  # type: ignore[arg-type]
    worse = Claim(made(Operation.WIN, "w2"), bets=7)  # type: ignore[arg-type]
    found = await asyncio.gather(
        *(stand.perform(wish) for wish in (bet("b1"), worse, bet("b3"), broken)), return_exceptions=True
    )
    assert [getattr(each, "verdict", type(each)) for each in found] == ["ours", TypeError, "ours", "ours"]
    assert await stand.perform(Look(key("w2"))) is None


async def test_waiting_ends_with_the_call(stand: Stand) -> None:
    """Who waits for a row is woken by the end of its call; nobody waits for one that nobody holds."""
    loop = asyncio.get_running_loop()
    await stand.perform(Wait(key("b1"), loop.time() + 60))
    claimed = await claim(stand, bet())
    waiting = [asyncio.create_task(stand.perform(Wait(key("b1"), loop.time() + 60))) for _ in range(3)]
    await asyncio.wait(waiting, timeout=0.05)
    assert not any(task.done() for task in waiting)
    await ended(stand, claimed)
    await asyncio.wait_for(asyncio.gather(*waiting), 10)


async def test_waiting_ends_with_its_time(stand: Stand) -> None:
    """However long the call takes."""
    await claim(stand, bet())
    await asyncio.wait_for(stand.perform(Wait(key("b1"), asyncio.get_running_loop().time() + 0.05)), 10)
