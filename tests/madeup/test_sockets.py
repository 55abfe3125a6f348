"""Every made-up dialect over real sockets: the whole gateway, the sandbox wallet, the provider's own side."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.cli.madeup import made_up
from gateway.dialect.shelf import Shelf
from gateway.edge.settings import load
from gateway.wire.jsontext import read_json, write_json
from gateway.wire.opened import Draft
from tests.edge.test_app import Served
from tests.madeup.stage import FOLDER, NAMES, dialect, stake, undo


class House:
    """A folder with settings and made-up secrets: one provider for each dialect."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.speaks = folder, folder / "gateway.toml", "canonical"
        self.secrets = {name: made_up(dialect(name)) for name in NAMES}
        self.secrets["wallet"] = made_up(Shelf().dialect("canonical"))
        for name, secrets in self.secrets.items():
            for secret, value in secrets.items():
                (folder / f"{name}.{secret}").write_bytes(value)

    def settings(self, wallet: str) -> Any:
        """Write the settings and load them."""
        lines = [
            'public.listen = "127.0.0.1:0"',
            'admin.listen = "127.0.0.1:0"',
            'journal.url = "sqlite:journal.db"',
            "drain.accept_grace = 0",
            "[wallet]",
            f'url = "{wallet}"',
            'promises = ["idempotent", "tombstones", "status", "references"]',
            'secrets.signing = [{ file = "wallet.signing" }]',
        ]
        for name in NAMES:
            lines += [f"[providers.{name}]", f'dialect = "{name}"', f'tables = "{FOLDER}"']
            lines += [f'secrets.{secret} = [{{ file = "{name}.{secret}" }}]' for secret in self.secrets[name]]
        self.path.write_text("\n".join(lines), "utf-8")
        return load(self.path)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Nothing of the machine that runs the tests."""
    for name in os.environ:
        if name.upper().startswith("GATEWAY_"):
            monkeypatch.delenv(name)
    return House(tmp_path)


async def test_a_whole_round_over_real_sockets(house: House) -> None:
    """Bet, win, second bet, its undoing; signed by the provider's own side, and read back by it."""
    async with Served(house) as served:  # type: ignore[arg-type]
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
    async with Served(house) as served:  # type: ignore[arg-type]
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
