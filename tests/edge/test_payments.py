"""A processor's webhooks over real sockets: from its POST, through the gateway, into the wallet's books."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.canon.requests import Ask
from gateway.sandbox.provider import SandboxProvider
from tests.asked.stage import examples, table
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


class Askable(House):
    """A house whose processor can be asked, at *url*."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder)
        self.url = url
        for name, text in examples("payfield").file.secrets.items():
            (folder / name).write_text(text)
        (folder / "token").write_text("not-a-real-token-of-anybody")

    def settings(self, wallet: str = "", **more: Any) -> Any:
        """Those of any house, with the requests' own."""
        asked = f'urls.api = "{self.url}"\nsecrets.api_key = [{{ file = "api_key" }}]\n'
        asked += 'secrets.api_secret = [{ file = "api_secret" }]\n[internal]\nlisten = "127.0.0.1:0"\n'
        asked += 'secrets.token = [{ file = "token" }]\n'
        grace = "drain.accept_grace = 0"
        return super().settings(wallet, more=asked, **{grace: f"{grace}\ndrain.timeout = 20"})


async def test_a_late_success_is_booked_once_the_processor_has_confirmed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """expired, success: asked while it says expired: 503; while it says success: 200, and the money is there."""
    monkeypatch.setattr(test_app, "DIALECTS", {"till": "payfield"})
    made, requests, noon = examples("payfield"), table("payfield"), datetime.now(UTC)
    provider = SandboxProvider(requests, made.keys(requests, playing=True), {"currency": "EUR"})
    house = Askable(tmp_path, (await provider.start())["api"])
    payment = {"reference": "dep-1", "amount": Decimal("40.00"), "currency": "EUR", "provider_transaction": "7"}
    held = provider.books.payments[Ask.CREATE_PAYIN, "dep-1"] = {**payment, "state": "expired"}
    try:
        async with Served(house) as served:
            served.wallet.wallet.open_payment("payin", "dep-1", "1001", Decimal("40.00"), "EUR")
            caller = served.callers["till"]

            async def webhook(state: str, seconds: int) -> int:
                about = {"reference": ("dep-1",), "kind": "payin", "currency": "EUR", "amount": Decimal("40.00")}
                call = caller.call(
                    Operation.PAYMENT_UPDATE, state=state, time=noon + timedelta(seconds=seconds), **about
                )
                got = await caller.send(call)
                assert got.response is not None
                return got.response.status

            assert [await webhook("expired", 1), await webhook("succeeded", 2)] == [200, 503]
            assert served.wallet.wallet.balance("1001") == Decimal("100.00")
            held["state"] = "success"
            assert await webhook("succeeded", 2) == 200
            assert served.wallet.wallet.balance("1001") == Decimal("140.00")
            assert [name for _, name, _ in provider.books.seen] == [Ask.PAYIN_STATUS] * 2
    finally:
        await provider.stop()
