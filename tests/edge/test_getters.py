"""Callbacks with everything in the query, and statuses that HTTP does not know, on real sockets."""

from decimal import Decimal
from pathlib import Path

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from tests.edge import test_app
from tests.edge.test_app import House, Served

DIALECTS = {"groover": "groove", "blue": "blueocean", "hundred": "100hp", "hundred29": "100hp-29"}


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Settings and secrets for these four."""
    monkeypatch.setattr(test_app, "DIALECTS", DIALECTS)
    return House(tmp_path)


async def test_a_whole_bet_over_real_sockets(house: House) -> None:
    """Bet, win, second bet, rollback; each signed by the provider's own side and read back by it."""
    async with Served(house) as served:
        balance = Decimal("100.00")
        for name, caller in served.callers.items():
            first = caller.call(Operation.BET, amount=Decimal("2.00"))
            known = {"transaction": first.transaction, "round": first.round, "player": first.player}
            got = await caller.send(first)
            assert got.reply.outcome is Outcome.OK, (name, got.response, got.why)
            win = caller.call(
                Operation.WIN, amount=Decimal("1.00"), reference=(str(first.transaction),), round=first.round
            )
            got = await caller.send(win)
            assert got.reply.outcome is Outcome.OK, (name, got.response, got.why)
            second = caller.call(Operation.BET, amount=Decimal("5.00"))
            await caller.send(second)
            undo = caller.call(Operation.ROLLBACK, reference=(str(second.transaction),), round=second.round)
            got = await caller.send(undo)
            assert got.response is not None
            assert got.response.status == 200, (name, got.response.body)
            balance -= Decimal("1.00")
            assert served.wallet.wallet.balance("1001") == balance, (name, known)


async def test_a_wager_and_its_result_over_real_sockets(house: House) -> None:
    """One GET moves both legs."""
    async with Served(house) as served:
        caller = served.callers["groover"]
        call = caller.call(Operation.BET_WIN, bet_amount=Decimal("2.00"), win_amount=Decimal("0.50"))
        got = await caller.send(call)
        assert got.request.method == "GET"
        assert got.reply.outcome is Outcome.OK, (got.response, got.why)
        assert served.wallet.wallet.balance("1001") == Decimal("98.50")


async def test_a_refusal_has_the_status_603(house: House) -> None:
    """Outside of the registered range, and sent all the same: the code is the status."""
    async with Served(house) as served:
        for name in ("hundred", "hundred29"):
            caller = served.callers[name]
            got = await caller.send(caller.call(Operation.BET, amount=Decimal("999.00")))
            assert got.response is not None
            assert got.response.status == 603
            assert b'"errCode":603' in got.response.body
            assert got.reply.outcome is Outcome.INSUFFICIENT_FUNDS


async def test_a_forged_query_over_real_sockets(house: House) -> None:
    """A changed amount, a query with nothing in it: the dialect's own word, and the wallet is not asked."""
    async with Served(house) as served:
        for name, word in (("groover", b'"code":1001'), ("blue", b'"status":"403"')):
            caller = served.callers[name]
            _, request = caller.written(caller.call(Operation.BET, amount=Decimal("2.00")))
            query = request.query.replace("amount=2.00", "amount=1.00")
            assert query != request.query
            async with served.client.get(
                f"{served.url}/{name}?{query}", headers=dict(request.headers)
            ) as answer:  # fmt: skip
                assert (answer.status, word in await answer.read()) == (200, True)
            async with served.client.get(f"{served.url}/{name}") as answer:
                assert answer.status == 200
        assert served.wallet.wallet.balance("1001") == Decimal("100.00")
