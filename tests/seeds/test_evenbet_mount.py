"""EvenBet's callers post to /api/web/casino/providers/{name}/...: the account's `mount`, on real sockets."""

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.edge.test_app import House, Served

MOUNT = "/api/web/casino/providers/acme"


class Casino(House):
    """The settings of the edge's tests, with the path that EvenBet documents for one of the accounts."""

    def settings(self, wallet: str = "http://127.0.0.1:9", **more: Any) -> Any:
        """`mount` is one line of the account."""
        account = {"[providers.acme]": f'[providers.acme]\nmount = "{MOUNT}"'}
        return super().settings(wallet, **more, **account)


@pytest.fixture
def casino(tmp_path: Path) -> Casino:
    """Three accounts, one of them EvenBet's."""
    return Casino(tmp_path)


async def post(served: Served, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
    """One callback, signed by the documented recipe without our code: SHA-256 of the body, then the key."""
    raw = json.dumps(body).encode()
    digest = hashlib.sha256(raw + served.house.secrets["acme"]["key"]).hexdigest()
    headers = {"Authorization": digest, "Content-Type": "application/json"}
    async with served.client.post(f"{served.url}{path}", data=raw, headers=headers) as answer:
        text = await answer.read()
        return answer.status, json.loads(text) if text else {}


async def test_login_and_a_round_below_the_path_that_callers_expect(casino: Casino) -> None:
    """A launch token is swapped, and the session plays: debit, credit, rollback, each below the same path."""
    async with Served(casino) as served:
        served.wallet.wallet.open_player("1002", "EUR", Decimal("100.00"), session="s2", launch="L2")
        status, login = await post(served, f"{MOUNT}/login", token="L2")
        assert (status, login["currency"], login["currencyPrecision"], login["balance"]) == (200, "EUR", 2, 10000)
        token = login["token"]
        assert await post(served, f"{MOUNT}/balance", token=token) == (200, {"balance": 10000})
        play = {"token": token, "gameId": "g", "roundId": "r1", "endRound": False}
        assert await post(served, f"{MOUNT}/debit", **play, transactionId="d1", amount=250) == (200, {"balance": 9750})
        assert await post(served, f"{MOUNT}/credit", **play, transactionId="c1", amount=50) == (200, {"balance": 9800})
        second = {**play, "roundId": "r2"}
        await post(served, f"{MOUNT}/debit", **second, transactionId="d2", amount=100)
        undone = await post(served, f"{MOUNT}/rollback", transactionId="u1", refTransactionId="d2", token=token)
        assert undone == (200, {"transactionId": "u1", "balance": 9800})
        assert served.wallet.wallet.balance("1002") == Decimal("98.00")


async def test_what_is_not_below_the_path_is_nobody_s(casino: Casino) -> None:
    """Neither the default path of the account, nor another provider's name, nor half a segment."""
    async with Served(casino) as served:
        for path in ("/acme/login", "/api/web/casino/providers/other/login", f"{MOUNT}x/login", "/login"):
            assert await post(served, path, token="L2") == (404, {})


async def test_a_path_below_the_mount_that_is_no_callback_hears_an_error_object(casino: Casino) -> None:
    """400 in the dialect, with HTTP 200: the account is known, the callback is not."""
    async with Served(casino) as served:
        status, body = await post(served, f"{MOUNT}/refund", token="L2")
        assert (status, body["error"]["code"]) == (200, 400)
