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
from tests.edge.test_app import Served
from tests.madeup.stage import FOLDER, NAMES, dialect, undo


class House:
    """A folder with settings and made-up secrets: one provider for each dialect."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "gateway.toml"
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
            first = caller.call(Operation.BET, amount=Decimal("2.00"))
            got = await caller.send(first)
            assert got.reply.outcome is Outcome.OK, (name, got.response, got.why)
            win = caller.call(
                Operation.WIN, amount=Decimal("1.00"), reference=(str(first.transaction),), round=first.round
            )
            got = await caller.send(win)
            assert got.reply.outcome is Outcome.OK, (name, got.response, got.why)
            second = caller.call(Operation.BET, amount=Decimal("5.00"))
            await caller.send(second)
            back = caller.call(undo(name), reference=(str(second.transaction),), round=second.round)
            got = await caller.send(back)
            assert got.reply.outcome is Outcome.OK, (name, got.response, got.why)
            poor = await caller.send(caller.call(Operation.BET, amount=Decimal("999.00")))
            assert poor.reply.outcome is Outcome.INSUFFICIENT_FUNDS, (name, poor.response, poor.why)
            balance -= Decimal("1.00")
            assert served.wallet.wallet.balance("1001") == balance, name
        lines = list(served.lines("callback"))
        assert {line["told"] for line in lines} == {"in_time"}
        assert len(lines) == 5 * len(NAMES)
