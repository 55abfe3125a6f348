"""Payments in the wallet's books: what the platform has created, and what a processor's updates move."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def update(desk: Any, state: str, at: int = 0, *, kind: str = "payin", amount: str = "40.00", **facts: Any) -> str:
    """One update of a payment p-1; a change has one key."""
    about = {"currency": "EUR", "player": None, "refs": "p-1", **facts}
    when = NOON + timedelta(seconds=at)
    key = f"{kind}:p-1:{state}"
    return str(desk("payment_update", key, kind=kind, state=state, amount=amount, time=when, **about).outcome)


@pytest.mark.parametrize(
    ("states", "words", "balance"),
    [
        (("pending", "succeeded", "succeeded"), ("ok", "ok", "already_done"), "140.00"),
        (("succeeded", "refunded"), ("ok", "ok"), "100.00"),
        (("pending", "refunded"), ("ok", "ok"), "100.00"),
        (("failed", "succeeded"), ("ok", "ok"), "140.00"),
        (("succeeded", "failed"), ("ok", "transaction_conflict"), "140.00"),
        (("cancelled", "expired"), ("ok", "transaction_conflict"), "100.00"),
    ],
)
def test_a_payin_is_credited_while_it_stands(
    desk: Any, states: tuple[str, ...], words: tuple[str, ...], balance: str
) -> None:
    """By the machine of payments; that a late success is confirmed is the gateway's to see to."""
    desk.wallet.open_payment("payin", "p-1", "ann", Decimal("40.00"), "EUR")
    assert tuple(update(desk, state, at) for at, state in enumerate(states)) == words
    assert desk.ann == balance
    assert not desk.wallet.audit()


@pytest.mark.parametrize(
    ("states", "balance"),
    [
        (("pending",), "60.00"), (("succeeded",), "60.00"), (("succeeded", "refunded"), "100.00"),
        (("failed",), "100.00"), (("expired", "succeeded"), "100.00"), (("pending", "refunded"), "100.00"),
    ],
)  # fmt: skip
def test_a_payout_is_set_aside_when_created_and_never_debited(desk: Any, states: tuple[str, ...], balance: str) -> None:
    """Taken from what was set aside, or given back; a success after it was given back takes nothing."""
    desk.wallet.open_payment("payout", "p-1", "ann", Decimal("40.00"), "EUR")
    for at, state in enumerate(states):
        assert update(desk, state, at, kind="payout") == "ok"
    assert desk.ann == balance
    assert not desk.wallet.audit()


def test_a_payment_that_nobody_created_is_asked_for_again(desk: Any) -> None:
    """Its success is refused until its create is there, and then booked under the same key."""
    assert update(desk, "pending") == "ok"
    assert [update(desk, "succeeded", 1) for _ in range(2)] == ["transaction_not_found"] * 2
    desk.wallet.open_payment("payin", "p-1", "ann", Decimal("40.00"), "EUR")
    assert update(desk, "succeeded", 1) == "ok"
    assert desk.ann == "140.00"


def test_another_amount_or_currency_is_refused(desk: Any) -> None:
    """What was created counts."""
    desk.wallet.open_payment("payin", "p-1", "ann", Decimal("40.00"), "EUR")
    assert update(desk, "pending", amount="41.00") == "amount_invalid"
    assert update(desk, "succeeded", currency="USD") == "currency_mismatch"
    assert desk.ann == "100.00"


async def test_a_payment_is_created_by_an_admin_call(line: Any) -> None:
    """A payout is set aside; a reference is taken once, and odd bodies are complaints."""
    body = {"kind": "payout", "reference": "p-1", "player": "ann", "currency": "EUR", "amount": "40.00"}
    made = {"kind": "payout", "reference": "p-1", "balance": "60.00"}
    assert await line.admin("POST", "/sandbox/payments", body) == (200, made)
    assert (await line.admin("POST", "/sandbox/payments", body))[0] == 400
    for odd in ({"kind": "refund"}, {"amount": "4000.00", "reference": "p-2"}, {"player": ""}, {"more": "1"}):
        assert (await line.admin("POST", "/sandbox/payments", {**body, "reference": "p-3", **odd}))[0] == 400
    assert not line.server.wallet.audit()
