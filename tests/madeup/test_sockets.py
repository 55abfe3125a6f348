"""Every made-up dialect over real sockets: the whole gateway, the sandbox wallet, the provider's own side."""

import os
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.wire.jsontext import read_json, write_json
from gateway.wire.opened import Draft
from tests.edge import test_app
from tests.edge.test_app import House, Served
from tests.madeup.stage import FOLDER, NAMES, stake, undo


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A provider of each, and nothing of the machine that runs the tests."""
    for name in os.environ:
        if name.upper().startswith("GATEWAY_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(test_app, "DIALECTS", {name: name for name in NAMES})
    return House(tmp_path, "canonical", FOLDER)


async def test_a_whole_round_over_real_sockets(house: House) -> None:
    """Bet, win, second bet, its undoing; signed by the provider's own side, and read back by it."""
    async with Served(house) as served:
        balance = Decimal("100.00")
        for name, caller in served.callers.items():
            first = caller.call(stake(name), amount=Decimal("2.00"))
            got = await caller.send(first)
            assert got.reply.outcome is Outcome.OK, (name, got.response, got.why)
            win = caller.call(
                Operation.WIN, amount=Decimal("1.00"), reference=(str(first.transaction),), round=first.round
            )
            got = await caller.send(win)
            assert got.reply.outcome is Outcome.OK, (name, got.response, got.why)
            second = caller.call(stake(name), amount=Decimal("5.00"))
            await caller.send(second)
            back = caller.call(undo(name), reference=(str(second.transaction),), round=second.round)
            got = await caller.send(back)
            assert got.reply.outcome is Outcome.OK, (name, got.response, got.why)
            poor = await caller.send(caller.call(stake(name), amount=Decimal("999.00")))
            assert poor.reply.outcome is Outcome.INSUFFICIENT_FUNDS, (name, poor.response, poor.why)
            balance -= Decimal("1.00")
            assert served.wallet.wallet.balance("1001") == balance, name
        lines = list(served.lines("callback"))
        assert {line["told"] for line in lines} == {"in_time"}
        assert len(lines) == 5 * len(NAMES)


async def test_a_batch_over_real_sockets(house: House) -> None:
    """Three transactions in one message, one of them refused: one answer, one line of the log, three rows."""
    async with Served(house) as served:
        caller = served.callers["shoal"]
        items = [
            {"type": "bet", "id": "t1", "round": "g1", "amount": 200},
            {"type": "win", "id": "t2", "round": "g1", "amount": 50, "last": True},
            {"type": "bet", "id": "t3", "round": "g2", "amount": 99900},
        ]
        body = write_json({"player": "1001", "currency": "EUR", "transactions": items})
        draft = Draft("json", "POST", "/transactions", body)
        caller.keys.of(None).make(draft, 0.0)
        async with served.client.post(f"{caller.url}/transactions", data=body, headers=draft.headers) as answer:
            told = read_json(await answer.read())
        assert [each["status"] for each in told["results"]] == ["OK", "OK", "NO_MONEY"]
        assert (told["status"], str(told["balance"])) == ("NO_MONEY", "9850")
        assert served.wallet.wallet.balance("1001") == Decimal("98.50")
        (line,) = served.lines("callback")
        assert (line["items"], line["outcome"], line["asked"], line["told"]) == (3, "insufficient_funds", 3, "in_time")
