"""Sealed bodies on real sockets: whole rounds, and forgeries that are answered by a closed connection."""

from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from tests.edge import test_app
from tests.edge.test_app import House, Served


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Settings and secrets for one account."""
    monkeypatch.setattr(test_app, "DIALECTS", {"sealed": "jdb"})
    return House(tmp_path)


async def test_rounds_over_real_sockets(house: House) -> None:
    """Bet and settle apart, bet and settle in one, and a cancel of each; signed by nothing but the cipher."""
    async with Served(house) as served:
        caller = served.callers["sealed"]
        bet = caller.call(Operation.BET, amount=Decimal("2.00"))
        own = str(bet.transaction)
        win = caller.call(Operation.WIN, amount=Decimal("1.00"), reference=(own,), round=bet.round)
        both = caller.call(Operation.BET_WIN, bet_amount=Decimal("2.00"), win_amount=Decimal("0.50"))
        undo = caller.call(
            Operation.ROLLBACK, "cancel_bet_win", reference=(str(both.transaction),), round=both.round,
            transaction=f"{both.transaction}#cancel",
        )  # fmt: skip
        for call, balance in ((bet, "98.00"), (win, "99.00"), (both, "97.50"), (undo, "99.00")):
            got = await caller.send(call)
            assert got.reply.outcome is Outcome.OK, (got.response, got.why)
            assert got.request.body.startswith(b"x=")
            assert served.wallet.wallet.balance("1001") == Decimal(balance)


async def test_a_forged_body_gets_a_closed_connection(house: House) -> None:
    """Cut, changed, of another form or in the clear: nobody can tell them apart by what comes back."""
    async with Served(house) as served:
        caller = served.callers["sealed"]
        _, request = caller.written(caller.call(Operation.BET, amount=Decimal("2.00")))
        for body in (request.body[:-2], request.body[:-22], b"x=AAAA", b"", b'{"action":9}'):
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await served.client.post(f"{served.url}/sealed", data=body, headers=dict(request.headers))
        assert served.wallet.wallet.balance("1001") == Decimal("100.00")
        assert (await caller.send(caller.call(Operation.BET, amount=Decimal("2.00")))).reply.outcome is Outcome.OK
