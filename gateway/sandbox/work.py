"""One money call while it is being booked: what the rules may ask about it, and the few ways in which they move money.

A rule is a function of Work that returns the outcome, or raises Fault before it has moved anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.money import Money
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.sandbox.ledger import HOUSE, Ledger, Player
from gateway.sandbox.promises import Promise
from gateway.sandbox.records import STAKES, Record, Records

#: Where the other posting goes: stakes and winnings, or money that enters and leaves the house.
GAMES = (HOUSE, "games")
CASHIER = (HOUSE, "cashier")


@dataclass(slots=True)
class Work:
    """A call, its row, its player (None when nobody can be found), the books, and what the wallet promises."""

    call: Call
    record: Record
    player: Player | None
    ledger: Ledger
    records: Records
    promises: frozenset[Promise]

    def payee(self) -> Player:
        """The player whom money may reach: known, and of the call's currency. Blocked ones are paid as well."""
        if self.player is None:
            raise Fault(Outcome.PLAYER_NOT_FOUND, "no such player")
        if self.call.currency is not None and self.call.currency != self.player.currency:
            raise Fault(Outcome.CURRENCY_MISMATCH, "not the player's currency")
        return self.player

    def payer(self) -> Player:
        """The player who may spend: as `payee`, and not blocked."""
        if self.player is not None and self.player.blocked:
            raise Fault(Outcome.PLAYER_BLOCKED, "the player is blocked")
        return self.payee()

    def units(self, amount: Decimal | None) -> int:
        """*amount* in the player's ledger units; Fault request_invalid when absent, amount_invalid when unfit."""
        if amount is None:
            raise Fault(Outcome.REQUEST_INVALID, "no amount")
        return Money.of(amount, self.payee().currency).units

    def owner(self, record: Record) -> Player:
        """The player of a booked record."""
        player = None if record.player is None else self.ledger.player(record.player)
        if player is None:
            raise LookupError("a booked operation without a player")
        return player

    def spend(self, player: Player, units: int, to: tuple[str, str]) -> None:
        """Take *units* from the player's balance; Fault insufficient_funds when it holds less."""
        if units > self.ledger.balance(player):
            raise Fault(Outcome.INSUFFICIENT_FUNDS, "the balance is smaller than the amount")
        self.take(player, units, to)

    def take(self, player: Player, units: int, to: tuple[str, str], kind: str = "balance") -> None:
        """Take *units* from the player's `balance` or `hold` account, below zero if it must be."""
        self.ledger.move(self.record.serial, (player.id, kind), to, player.currency, units)
        self.record.taken += units

    def give(self, player: Player, units: int, source: tuple[str, str]) -> None:
        """Credit *units* to the player's balance."""
        self.ledger.move(self.record.serial, source, (player.id, "balance"), player.currency, units)
        self.record.given += units

    def hold(self, player: Player, units: int) -> None:
        """Move *units* aside; Fault insufficient_funds when the balance holds less."""
        self.spend(player, units, (player.id, "hold"))

    def release(self, player: Player, held: Record) -> None:
        """Give back what *held* holds, and mark it released."""
        self.give(player, held.taken, (player.id, "hold"))
        held.state = "released"
        self.records.save(held)

    def capture(self, player: Player, held: Record, units: int, to: tuple[str, str]) -> None:
        """Turn a hold into a debit of *units*: what is held beyond it goes back, what is lacking is taken as well."""
        self.take(player, min(units, held.taken), to, kind="hold")
        self.give(player, max(held.taken - units, 0), (player.id, "hold"))
        self.take(player, max(units - held.taken, 0), to)
        held.state = "captured"
        self.records.save(held)

    @property
    def provider(self) -> str:
        """Whose rounds these are: two providers may count their rounds alike."""
        return self.call.provider or ""

    def enter_round(self, player: Player) -> None:
        """Fault round_closed when the call's round is over."""
        name = self.call.round
        if name is not None and self.records.round_state(self.provider, player.id, name) == "closed":
            raise Fault(Outcome.ROUND_CLOSED, "the round is closed")

    def leave_round(self, player: Player, name: str | None, close: bool) -> None:
        """Note that something was booked in the round *name*, and close it if *close*."""
        if name is not None:
            self.records.join_round(self.provider, player.id, name, self.record.key if close else None)

    def round_stakes(self) -> list[Record]:
        """The bets of the call's round, declined ones included; none without a round or a player."""
        if self.call.round is None or self.player is None:
            return []
        return self.records.stakes(self.player.id, self.provider, self.call.round)

    def named(self, kinds: frozenset[Operation] = STAKES) -> dict[str, Record | None]:
        """What each reference names: a record of one of *kinds*, or None if never seen.

        A record of another kind or of another player is left out: it is no target, and nothing may be buried there.
        """
        found = {key: self.records.find(key) for key in self.call.reference or ()}
        return {key: record for key, record in found.items() if record is None or self._fits(record, kinds)}

    def _fits(self, record: Record, kinds: frozenset[Operation]) -> bool:
        ours = self.player is None or record.player in (None, self.player.id)
        return record.operation in kinds and ours

    def bury(self, named: dict[str, Record | None]) -> None:
        """Write a tombstone at each reference of which nothing stands, if the wallet promises to.

        Where each attempt is judged anew, one that comes after the rollback of a declined one is refused, too.
        """
        if Promise.TOMBSTONES not in self.promises:
            return
        anew = Promise.IDEMPOTENT not in self.promises
        for key, record in named.items():
            if record is None or (anew and record.state == "declined"):
                self.records.bury(key, self.record.key)


Rule = Callable[[Work], Outcome]
