"""A processor's webhooks over real sockets: from its POST, through the gateway, into the wallet's books."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.canon.operations import Operation
from tests.edge import test_app
from tests.edge.test_app import House, Served


async def test_a_webhook_is_acknowledged_once_its_money_is_booked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pending, success, success, an older pending: 200; then failed: 409; forged: 401. Credited once, and alerted."""
    monkeypatch.setattr(test_app, "DIALECTS", {"till": "payfield"})
    noon = datetime.now(UTC)
    async with Served(House(tmp_path)) as served:
        served.wallet.wallet.open_payment("payin", "dep-1", "1001", Decimal("40.00"), "EUR")
        caller = served.callers["till"]

        async def webhook(state: str, seconds: int) -> tuple[int, bytes]:
            about = {"reference": ("dep-1",), "kind": "payin", "currency": "EUR", "amount": Decimal("40.00")}
            call = caller.call(Operation.PAYMENT_UPDATE, state=state, time=noon + timedelta(seconds=seconds), **about)
            got = await caller.send(call)
            assert got.response is not None
            return got.response.status, got.response.body

        taken = (200, b'{"received":true}')
        assert [await webhook(*each) for each in (("pending", 1), ("succeeded", 9), ("succeeded", 9))] == [taken] * 3
        assert served.wallet.wallet.balance("1001") == Decimal("140.00")
        assert await webhook("expired", 2) == taken  # overtaken
        assert await webhook("failed", 10) == (409, b"")
        async with served.client.post(f"{served.url}/till/payin", data=b"{}", headers={"X-Signature": "00"}) as answer:
            assert answer.status == 401
        assert served.wallet.wallet.balance("1001") == Decimal("140.00")
        outcomes = [line["outcome"] for line in served.lines("callback")]
        assert outcomes == ["ok", "ok", "already_done", "nothing_to_do", "transaction_conflict", "signature_invalid"]
        async with served.client.get(f"{served.admin}/metrics") as answer:
            assert "payment_no_step" in await answer.text()
