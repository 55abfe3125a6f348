"""The auditor: what the wallet booked against what the providers believe, transaction by transaction and in sum.

It reads the ledger by SQL and the providers' books, and imports nothing of what it audits. The difference is the
wallet's change less the believed one, an exact decimal by player and currency; `rows` explain every cent of it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw

from tests.torture.ledger import REVERSALS, STAKES, Ledger, Operation, Purse, iso_exponent
from tests.torture.providers.beliefs import Belief, Book

SHOWN = 20
_COPY = re.compile(r"~[0-9]+$")


def wallet_key(belief: Belief) -> str:
    """The key under which the wallet knows a transaction whose ids need no scope: `journal_id:scope:id`."""
    return f"{belief.account}::{belief.id}"


@dataclass(slots=True)
class Row:
    """One transaction, or one key that nobody believes in, of which belief and books differ. *parked* explains it."""

    key: str
    kind: str
    purse: Purse
    believed: Decimal
    booked: Decimal
    why: str
    given_up: bool = False
    parked: Mapping[str, Any] | None = None

    @property
    def difference(self) -> Decimal:
        """Booked less believed."""
        return self.booked - self.believed

    def __str__(self) -> str:
        parked = "; parked" if self.parked is not None else "; given up" if self.given_up else ""
        return (
            f"{self.key} ({self.kind}, {' '.join(self.purse)}): believed {self.believed}, booked {self.booked}, "
            f"{self.difference:+} ({self.why}{parked})"
        )


@dataclass(frozen=True, slots=True)
class Lost:
    """A transaction that its provider was told is done, and is not in the ledger so."""

    key: str
    why: str

    def __str__(self) -> str:
        return f"{self.key}: {self.why}"


@dataclass(slots=True)
class _Chain:
    """What the ledger holds of one transaction: its own bookings and those that take it back."""

    bookings: list[Operation] = field(default_factory=list)
    reversals: list[Operation] = field(default_factory=list)

    @property
    def live(self) -> list[Operation]:
        return [each for each in self.bookings if each.state in ("applied", "held", "captured")]

    def moved(self, purse: Purse) -> Decimal:
        every = (*self.bookings, *self.reversals)
        return sum((each.moved for each in every if each.purse == purse), Decimal(0))


class Auditor:
    """Audits once, when it is made.

    *ledger*: the sandbox wallet's SQLite file, or a connection of this process to it. *books*: the providers' own.
    *parked*: rows that wait for a human, each with `player`, `currency`, `amount`, `kind`, and at least one of `key`
    (the wallet's), `id` (the provider's), `target` (of a rollback, either); amounts as decimals or their texts.
    *key* gives a transaction's wallet key; *exponent* a currency's decimals. *excuse_given_up*: rows of transactions
    whose provider ran out of tries do not fail the verdict.

    `difference` by purse, `rows`, `doubled`, `lost` (acknowledged, not in the ledger), `after_tombstone`, `unresolved`
    (the provider would still go on), `given_up` (it ran out of tries), `contradictions`, `refused_wins`, `unsound`.
    """

    def __init__(
        self,
        ledger: str | Path | apsw.Connection,
        books: Sequence[Book],
        parked: Iterable[Mapping[str, Any]] = (),
        *,
        key: Callable[[Belief], str] = wallet_key,
        exponent: Callable[[str], int] = iso_exponent,
        excuse_given_up: bool = False,
    ) -> None:
        self._key = key
        self._excuse = excuse_given_up
        self.parked = list(parked)
        self.beliefs = {key(belief): belief for book in books for belief in book}
        self._keys = {(belief.account, belief.id): name for name, belief in self.beliefs.items()}
        self._undoing: dict[str, list[str]] = defaultdict(list)
        for name, belief in self.beliefs.items():
            if belief.kind == "rollback":
                self._undoing[self._keys[belief.account, str(belief.target)]] += [name, belief.id]
        self.contradictions = [each for book in books for each in book.contradictions]
        self.refused_wins = [each for book in books for each in book.refused_wins]
        self.oddities = {f"{book.account}: {odd}": n for book in books for odd, n in book.oddities.items()}
        self.unresolved: list[str] = []
        self.given_up: list[str] = []
        self.doubled: list[str] = []
        self.lost: list[Lost] = []
        self.after_tombstone: list[str] = []
        self.rows: list[Row] = []
        opened = Ledger(ledger, exponent)
        try:
            self.unsound = opened.faults()
            self.changes = opened.changes()
            self._chains = self._gather(opened)
        finally:
            opened.close()
        self._compare()
        self._park()

    # -- sums

    @property
    def believed(self) -> dict[Purse, Decimal]:
        """What each balance changed by, if the providers are right."""
        total: dict[Purse, Decimal] = defaultdict(Decimal)
        for belief in self.beliefs.values():
            total[belief.player, belief.currency] += belief.counts
        return dict(total)

    @property
    def difference(self) -> dict[Purse, Decimal]:
        """The wallet's change less the believed one, by player and currency; every purse of either."""
        believed = self.believed
        purses = sorted({*self.changes, *believed})
        return {purse: self.changes.get(purse, Decimal(0)) - believed.get(purse, Decimal(0)) for purse in purses}

    @property
    def total(self) -> dict[str, Decimal]:
        """The difference by currency."""
        total: dict[str, Decimal] = defaultdict(Decimal)
        for (_, currency), amount in self.difference.items():
            total[currency] += amount
        return dict(total)

    # -- the ledger, transaction by transaction

    def _gather(self, ledger: Ledger) -> dict[str, _Chain]:
        """The chains by wallet key; finds bookings after a tombstone on the way."""
        chains: dict[str, _Chain] = defaultdict(_Chain)
        tombstones, buried = ledger.tombstones(), dict[str, int]()
        for each in ledger.operations():
            if each.name in REVERSALS and each.targets:
                chains[self._known(each.targets[0])].reversals.append(each)
                if each.outcome == "transaction_not_found":
                    buried |= dict.fromkeys(each.targets, each.serial)
                continue
            chains[self._known(each.key)].bookings.append(each)
            booked = each.name in STAKES and each.state != "declined"
            if booked and (each.key in tombstones or each.key in buried):
                self.after_tombstone.append(each.key)
        return dict(chains)

    def _known(self, key: str) -> str:
        """The key of the transaction that was meant: itself, or what it is a copy of, or of whatever scope."""
        for candidate in (key, _COPY.sub("", key)):
            if candidate in self.beliefs:
                return candidate
            account, _, rest = candidate.partition(":")
            if (found := self._keys.get((account, rest.partition(":")[2]))) is not None:
                return found
        return key

    def _compare(self) -> None:
        for key, belief in self.beliefs.items():
            chain = self._chains.get(key, _Chain())
            self._resolved(key, belief)
            if belief.kind != "rollback":
                self._acknowledged(key, belief, chain)
                self._effects(key, chain)
                self._differs(key, belief, chain)
            elif belief.state == "done":
                self._refunded(key, belief)
        for key, chain in self._chains.items():
            if key not in self.beliefs:
                self._unbelieved(key, chain)

    def _resolved(self, key: str, belief: Belief) -> None:
        if belief.given_up:
            self.given_up.append(f"{key} ({belief.kind} {belief.amount} {belief.currency}): {belief.last}")
        elif not belief.resolved:
            self.unresolved.append(f"{key} ({belief.kind}): {belief.state}, undo {belief.undo}; {belief.last}")

    def _acknowledged(self, key: str, belief: Belief, chain: _Chain) -> None:
        if belief.state != "done" or belief.undo in ("wanted", "done") or chain.live:
            return
        found = ", ".join(each.state for each in chain.bookings) or "nothing"
        self.lost.append(Lost(key, f"the {belief.kind} was acknowledged, the ledger has {found}"))

    def _refunded(self, key: str, rollback: Belief) -> None:
        target = self._keys[rollback.account, str(rollback.target)]
        if target in self._chains and self._chains[target].live:
            self.lost.append(Lost(target, f"its rollback {key} was acknowledged, and it is still booked"))

    def _effects(self, key: str, chain: _Chain) -> None:
        moving = [each.key for each in chain.bookings if each.state != "declined"]
        if len(moving) > 1:
            self.doubled.append(f"{key}: booked {len(moving)} times, as {', '.join(moving)}")
        back = [each.key for each in chain.reversals if each.moved]
        if len(back) > max(1, len(moving)):
            self.doubled.append(f"{key}: taken back {len(back)} times, by {', '.join(back)}")

    def _differs(self, key: str, belief: Belief, chain: _Chain) -> None:
        purse = (belief.player, belief.currency)
        booked = chain.moved(purse)
        if booked != belief.counts:
            why = f"{belief.state}, undo {belief.undo}; the ledger has {_states(chain)}; {belief.last}"
            self.rows.append(Row(key, belief.kind, purse, belief.counts, booked, why, belief.given_up))
        every = (*chain.bookings, *chain.reversals)
        for other in {each.purse for each in every if each.purse not in (None, purse)}:
            assert other is not None
            why = "booked on another player's account"
            self.rows.append(Row(key, belief.kind, other, Decimal(0), chain.moved(other), why))

    def _unbelieved(self, key: str, chain: _Chain) -> None:
        every = (*chain.bookings, *chain.reversals)
        for purse in {each.purse for each in every if each.purse is not None}:
            if moved := chain.moved(purse):
                why = f"no provider sent it; the ledger has {_states(chain)}"
                self.rows.append(Row(key, every[0].name, purse, Decimal(0), moved, why))

    # -- parked rows

    def _park(self) -> None:
        """Give each row that differs the parked row that explains it: the same transaction, purse and amount."""
        left = list(self.parked)
        for row in self.rows:
            row.parked = next((each for each in left if self._explains(each, row)), None)
            if row.parked is not None:
                left.remove(row.parked)

    def _explains(self, parked: Mapping[str, Any], row: Row) -> bool:
        belief = self.beliefs.get(row.key)
        names = {row.key, *([belief.id] if belief else []), *self._undoing.get(row.key, ())}
        named = {str(parked[name]) for name in ("key", "id", "target") if parked.get(name) is not None}
        same = bool(named & names) and (parked["player"], parked["currency"]) == row.purse
        return same and abs(row.difference) == Decimal(str(parked["amount"]))

    # -- the judgement

    @property
    def faults(self) -> list[str]:
        """Everything for which the verdict is no, a sentence each."""
        open_rows = [row for row in self.rows if row.parked is None and not (self._excuse and row.given_up)]
        explained = {row.key for row in self.rows if row.parked is not None}
        named: list[tuple[str, Sequence[object]]] = [
            ("the books are not sound", self.unsound),
            ("money differs", open_rows),
            ("it differs, and no transaction explains it", self._unexplained()),
            ("two effects for one id", self.doubled),
            ("acknowledged and not in the ledger", [each for each in self.lost if each.key not in explained]),
            ("booked after its tombstone", [each for each in self.after_tombstone if each not in explained]),
            ("answers that cannot both be true", self.contradictions),
            ("a prize refused for good", self.refused_wins),
            ("never resolved", self.unresolved),
        ]
        return [f"{sentence}: {each}" for sentence, found in named for each in found]

    @property
    def verdict(self) -> bool:
        """True when the difference is zero, or exactly the parked rows that explain it, and nothing else is wrong."""
        return not self.faults

    def _unexplained(self) -> list[str]:
        """Purses whose difference is not the sum of their rows: an error of the ledger, or of this auditor."""
        rest = dict(self.difference)
        for row in self.rows:
            rest[row.purse] = rest.get(row.purse, Decimal(0)) - row.difference
        return [f"{' '.join(purse)}: {amount:+}" for purse, amount in rest.items() if amount]

    def report(self) -> str:
        """For people: sums, then whatever differs, at most twenty lines of each kind."""
        kinds = Counter(belief.kind for belief in self.beliefs.values())
        counted = ", ".join(f"{n} {kind}s" for kind, n in sorted(kinds.items())) or "no transactions"
        lines = [f"{counted}; verdict: {'sound' if self.verdict else 'NOT SOUND'}"]
        lines += [f"difference {currency}: {amount:+}" for currency, amount in sorted(self.total.items())]
        lines += [f"  {' '.join(purse)}: {amount:+}" for purse, amount in self.difference.items() if amount][:SHOWN]
        explained = [row for row in self.rows if row.parked is not None]
        lines.append(f"parked: {len(self.parked)} rows, of which {len(explained)} explain a difference")
        for title, found in (
            ("rows that differ", self.rows), ("faults", self.faults), ("given up by their providers", self.given_up),
            ("outside of the documented form", [f"{odd}: {n}" for odd, n in self.oddities.items()]),
        ):  # fmt: skip
            if found:
                lines += [f"{title}: {len(found)}", *(f"  {each}" for each in found[:SHOWN])]
                lines += [f"  and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        return "\n".join(lines)


def _states(chain: _Chain) -> str:
    found = [f"{each.name} {each.state}" for each in (*chain.bookings, *chain.reversals)]
    return ", ".join(found) or "nothing"
