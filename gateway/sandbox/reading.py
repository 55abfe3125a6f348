"""What the sandbox wallet makes of a message: whatever its dialect leaves unsaid stands in the wallet's own books.

A dialect on the wallet's side may name a token and no player, a bet and no amount, or say one word for the undoing of
a bet and of a win. A real wallet looks it up; so does this one.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import CREDITS, Operation
from gateway.dialect.dialect import Dialect
from gateway.dialect.requestform import RequestForm
from gateway.sandbox.records import Record
from gateway.sandbox.wallet import Wallet
from gateway.wire.opened import Opened


def read_call(dialect: Dialect, form: RequestForm, opened: Opened, wallet: Wallet) -> Call:
    """The whole canonical call of a verified message; Fault where even the books do not tell what is lacking."""
    reading = dialect.read(form, opened)
    known: dict[str, Any] = {}
    for field, kind in reading.wants.items():
        facts = _facts(wallet, kind, reading.facts)
        if facts.get(field) is not None:
            known[field] = facts[field]
    call = form.call(reading, known)
    if call.operation is Operation.ROLLBACK and form.undoes_wins:
        records = [wallet.records.find(key) for key in call.reference or ()]
        if any(record is not None and record.operation in CREDITS for record in records):
            return replace(call, operation=Operation.ROLLBACK_WIN)
    return call


def as_booked(dialect: Dialect, call: Call) -> Call:
    """*call* under the key of the books, where in its dialect an id is unique within an operation only."""
    again = call.transaction is not None and call.transaction in (call.reference or ())
    if again and "operation" in dialect.scope:
        return replace(call, transaction=f"{call.transaction}#{call.operation}")
    return call


def _facts(wallet: Wallet, kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the books know by the message's session, player, reference, transaction or round."""
    if kind == "session":
        return _of_player(wallet, wallet.sessions.player(str(facts.get("session"))))
    if kind == "player":
        return _of_player(wallet, facts.get("player"))
    record: Record | None = None
    if kind == "round" and facts.get("player") and facts.get("round"):
        record = next(iter(wallet.records.stakes(facts["player"], "", facts["round"])[-1:]), None)
    elif kind in ("reference", "transaction") and facts.get(kind):
        record = wallet.records.find(facts[kind][0] if kind == "reference" else facts[kind])
    if record is None:
        return {}
    amounts = json.loads(record.stated)["amounts"]
    amount = amounts.get("amount", amounts.get("bet_amount"))
    booked = {"round": record.round, "reference": (record.key,), "amount": None if amount is None else Decimal(amount)}
    return {**_of_player(wallet, record.player), **booked}


def _of_player(wallet: Wallet, player: str | None) -> dict[str, Any]:
    known = None if player is None else wallet.ledger.player(player)
    return {} if known is None else {"player": known.id, "currency": known.currency}
