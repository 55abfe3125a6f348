"""A wallet's file and a provider's book, filled side by side; a test then plants what does not fit."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.sandbox.ledger import HOUSE
from gateway.sandbox.wallet import Wallet
from tests.torture.auditor import Auditor
from tests.torture.ledger import iso_exponent
from tests.torture.providers.beliefs import Belief, Book

PLAYERS = {"1": "EUR", "2": "JPY", "3": "KWD", "4": "EUR", "5": "ETH"}
HOW = {"reserve": Operation.RESERVE, "bet": Operation.BET, "win": Operation.WIN, "rollback": Operation.ROLLBACK}


def exponent(currency: str) -> int:
    """ISO 4217, and the one of these currencies that it does not know."""
    return 18 if currency == "ETH" else iso_exponent(currency)


class History:
    """What was played. `bet`, `win` and `rollback` do both sides; `believes` and `books` do one."""

    def __init__(self, path: Path | str) -> None:
        self.path = path
        self.wallet = Wallet(str(path))
        self.sql("PRAGMA synchronous = OFF")  # no test of this pulls a plug
        for player, currency in PLAYERS.items():
            self.wallet.open_player(player, currency, 1000)
        self.book = Book("acme")

    def believes(self, kind: Any, name: str, amount: str = "5", player: str = "1", **facts: Any) -> Belief:
        """The provider holds this to be true; done unless it is said otherwise."""
        round_name = str(facts.pop("round", f"g-{facts.get('target') or name}"))
        belief = Belief("acme", kind, name, player, PLAYERS[player], Decimal(amount), round_name)
        belief.state, belief.sent = "done", 1
        for fact, value in facts.items():
            setattr(belief, fact, value)
        return self.book.add(belief)

    def books(self, kind: str, name: str, amount: str = "5", player: str = "1", **facts: Any) -> Outcome:
        """The wallet books it, or answers."""
        target = facts.pop("target", None)
        whole = {
            "transaction": f"acme::{name}", "player": player, "currency": PLAYERS[player], "amount": Decimal(amount),
            "provider": "acme", "round": f"g-{target or name}", **facts,
        }  # fmt: skip
        if target is not None:
            whole["reference"] = (f"acme::{target}",)
        return self.wallet.apply(Call(HOW[kind], **whole)).outcome

    def bet(self, name: str, amount: str = "5", player: str = "1") -> Belief:
        """Booked and believed."""
        assert self.books("bet", name, amount, player) is Outcome.OK
        return self.believes("bet", name, amount, player)

    def win(self, name: str, bet: str, amount: str = "7", player: str = "1") -> Belief:
        """Booked and believed."""
        assert self.books("win", name, amount, player, target=bet) is Outcome.OK
        return self.believes("win", name, amount, player, target=bet)

    def rollback(self, name: str, bet: Belief) -> Belief:
        """Asked of the wallet, whatever it says, and believed done."""
        self.books("rollback", name, str(bet.amount), bet.player, target=bet.id)
        bet.undo = "done"
        return self.believes("rollback", name, str(bet.amount), bet.player, target=bet.id)

    def plant(self, key: str, operation: str, moved: str, player: str = "1", **facts: Any) -> None:
        """Write an operation that the wallet's rules would not: *moved* from the player's side, in double entry."""
        records, ledger = self.wallet.records, self.wallet.ledger
        known = ledger.player(player)
        assert known is not None
        units = int(Decimal(moved).scaleb(exponent(known.currency)))
        reference = facts.get("target")
        stated = '{"reference": ' + (f'["acme::{reference}"]' if reference else "null") + "}"
        with ledger.connection:
            call = Call(Operation(operation), transaction=key, provider="acme")
            serial = records.open(call, player, stated).serial
            ours, theirs = (HOUSE, "games"), (player, "balance")
            ledger.move(serial, *((ours, theirs) if units > 0 else (theirs, ours)), known.currency, abs(units))
            self.sql(
                "UPDATE operations SET state = ?, taken = ?, given = ?, outcome = 'ok' WHERE serial = ?",
                facts.get("state", "applied"), str(max(-units, 0)), str(max(units, 0)), serial,
            )  # fmt: skip

    def sql(self, statement: str, *values: Any) -> None:
        """Write into the file behind the wallet's back."""
        self.wallet.ledger.connection.execute(statement, values)

    def audit(self, *parked: dict[str, Any], **knobs: Any) -> Auditor:
        """The auditor's findings, from the file unless there is none."""
        source = self.wallet.ledger.connection if self.path == ":memory:" else self.path
        return Auditor(source, [self.book], parked, exponent=exponent, **knobs)

    def honest(self) -> "History":
        """Every kind of ending, in several currencies."""
        self.bet("b1", "5.25")
        self.win("w1", "b1", "7.50")
        self.bet("b2", "300", "2")
        self.rollback("r2", self.bet("b3", "1.005", "3"))
        assert self.books("bet", "b4", "99999", "4") is Outcome.INSUFFICIENT_FUNDS
        self.believes("bet", "b4", "99999", "4", state="failed")
        self.rollback("r5", self.believes("bet", "b5", "2", "4", state="unknown"))
        self.bet("b6", "0.000000000000000001", "5")
        self.win("w6", "b6", "0.100000000000000003", "5")
        self.bet("b7", "0", "1")
        return self
