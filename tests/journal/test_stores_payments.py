"""Updates of payments, on every store: judged by what was applied, in order, one at a time."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import State, Step
from gateway.journal.wishes import Claim, Verdict
from tests.journal.calls import booked, claim, doubted, ended, key, leased, made, settled
from tests.journal.stands import Stand

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def update(
    state: str,
    at: int = 0,
    payment: str = "p-1",
    *,
    confirmed: bool = False,
    amount: str = "1.50",
    currency: str = "EUR",
) -> Claim:
    """The claim of a payin's change to *state*, *at* seconds after noon."""
    transaction = f"payin:{payment}:{state}"
    call = Call(
        Operation.PAYMENT_UPDATE, transaction=key(transaction), reference=(payment,), kind="payin", state=state,
        amount=Decimal(amount), currency=currency, time=NOON + timedelta(seconds=at),
    )  # fmt: skip
    row = made(Operation.PAYMENT_UPDATE, transaction, call=call, player=None, round=None, chain=f"acme:{payment}")
    return Claim(row, confirmed=confirmed)


async def test_steps_are_judged_by_what_was_applied(stand: Stand) -> None:
    """pending, success, refunded are ours; between them the overtaken and the impossible are not."""
    await booked(stand, update("pending", 1))
    await booked(stand, update("succeeded", 5))
    assert (await claim(stand, update("failed", 6))).verdict is Verdict.NO_STEP
    assert (await claim(stand, update("expired", 2))).verdict is Verdict.OVERTAKEN
    assert (await claim(stand, update("succeeded", 5))).verdict is Verdict.KNOWN
    await booked(stand, update("refunded", 7))
    row = await stand.row(key("payin:p-1:failed"))
    assert (row.state, row.outcome, row.step) == (State.DECLINED, Outcome.TRANSACTION_CONFLICT, None)
    assert row.parked


async def test_a_late_success_is_ours_only_when_confirmed(stand: Stand) -> None:
    """expired, success: parked; confirmed: ours, and no longer parked."""
    await booked(stand, update("expired", 1))
    assert (await claim(stand, update("succeeded", 2))).verdict is Verdict.UNCONFIRMED
    assert (await stand.row(key("payin:p-1:succeeded"))).parked
    assert await leased(stand) == {}
    await ended(stand, await claim(stand, update("succeeded", 2, confirmed=True)))
    row = await stand.row(key("payin:p-1:succeeded"))
    assert (row.state, row.parked, row.step) == (State.APPLIED, None, None)


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [({"amount": "2.00"}, Outcome.AMOUNT_INVALID), ({"currency": "USD"}, Outcome.CURRENCY_MISMATCH)],
)
async def test_what_differs_from_the_first_update_is_parked(
    stand: Stand, facts: dict[str, str], outcome: Outcome
) -> None:
    """Where the journal knows no create, the first update says how much the payment is."""
    await booked(stand, update("pending", 1))
    claimed = await claim(stand, update("succeeded", 2, **facts))  # type: ignore[arg-type]
    assert (claimed.verdict, claimed.row.outcome) == (Verdict.DIFFERS, outcome)
    assert (await stand.row(key("payin:p-1:succeeded"))).parked


async def test_a_change_waits_for_the_one_before_it(stand: Stand) -> None:
    """pending in doubt, success held back; the outbox ends the doubt, and then delivers the success."""
    await doubted(stand, update("pending", 1))
    assert (await claim(stand, update("succeeded", 2))).verdict is Verdict.WAITS
    due = await leased(stand)
    assert list(due) == ["payin:p-1:pending"]
    await settled(stand, due["payin:p-1:pending"], state=State.APPLIED, outcome=Outcome.OK)
    await stand.advance(2)
    after = await leased(stand)
    assert list(after) == ["payin:p-1:succeeded"]
    await settled(stand, after["payin:p-1:succeeded"], state=State.APPLIED, outcome=Outcome.OK)
    assert (await stand.row(key("payin:p-1:succeeded"))).step is None


async def test_what_waited_is_judged_again_before_it_is_delivered(stand: Stand) -> None:
    """expired in doubt, success held back; once expired is applied, nobody has confirmed the success."""
    await doubted(stand, update("expired", 1))
    await claim(stand, update("succeeded", 2))
    assert (await stand.row(key("payin:p-1:succeeded"))).step is Step.DELIVER
    due = await leased(stand)
    await settled(stand, due["payin:p-1:expired"], state=State.APPLIED, outcome=Outcome.OK)
    await stand.advance(2)
    assert await leased(stand) == {}
    assert (await stand.row(key("payin:p-1:succeeded"))).parked


async def test_two_changes_of_one_moment_never_leave_together(stand: Stand) -> None:
    """failed and success, claimed at once and both new: one is ours, the other finds it on its way."""
    both = await asyncio.gather(claim(stand, update("failed", 1)), claim(stand, update("succeeded", 1)))
    assert sorted(each.verdict for each in both) == ["in_flight", "ours"]
