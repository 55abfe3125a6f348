"""Completing a call from what is remembered: the player behind a token, the currency of a session, the booked bet."""

from collections.abc import Generator, Mapping
from typing import Any

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import DEBITS, REVERSALS, Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.proofs.asked import LENT
from gateway.dialect.requestform import Reading
from gateway.exchange.asking import Asking
from gateway.exchange.keys import Naming
from gateway.exchange.legs import spoken
from gateway.exchange.parties import Provider
from gateway.journal.wishes import Look, Recall, Remember

_PLAYER_NO = frozenset({Outcome.PLAYER_BLOCKED, Outcome.PLAYER_NOT_FOUND})
_SESSION_NO = frozenset({Outcome.SESSION_INVALID, Outcome.SESSION_EXPIRED}) | _PLAYER_NO


def recall_all(reading: Reading, provider: Provider, asking: Asking) -> Generator[Any, Any, dict[str, Any]]:
    """What memory holds of the fields that *reading* wants.

    A currency without which the amounts mean nothing, and which memory lost, is asked of the wallet: `_ask_whose`.
    Fault: of a debit what the wallet said of the session, else session_invalid; of a credit wallet_failed with an
    alert, never a lasting no because we forgot. A reversal goes on without: what was booked decides.
    """
    recalled: dict[str, Any] = {}
    for kind in dict.fromkeys(reading.wants.values()):  # once each: a copy may be remembering it at this moment
        identity = reading.facts.get(kind)
        if isinstance(identity, tuple):
            identity = identity[0]
        if identity is not None:
            known = yield from _known(reading, provider, kind, identity)
            fields = [field for field, source in reading.wants.items() if source == kind]
            recalled.update({field: known[field] for field in fields if known.get(field) is not None})
    operation = reading.form.operation
    lost = reading.wants.get("currency") and "currency" not in recalled
    if lost and reading.amounts and operation not in REVERSALS:
        recalled.update((yield from _ask_whose(reading, provider, asking, operation)))
    return recalled


def _known(reading: Reading, provider: Provider, kind: str, identity: str) -> Generator[Any, Any, Mapping[str, Any]]:
    """What stands under an id: a transaction's is what was booked, in its row."""
    if kind not in ("reference", "transaction"):
        known: Mapping[str, Any] = yield Recall(provider.journal_id, kind, identity)
        return known
    probe = Call(reading.form.operation, transaction=identity, reference=(identity,), **_scope(reading, provider))
    naming = Naming(provider, reading.form, probe)
    row = yield Look(naming.references[0] if kind == "reference" else naming.own)
    return {} if row is None or row.call is None else row.call.facts()


def lent(call: Call, naming: Naming, asking: Asking) -> Generator[Any, Any, dict[str, Any]]:
    """What the wallet's message of a win must have, this one lacks, and its booked bet has; empty as a rule.

    It goes to the wallet alone: what makes a repeat another call is what the provider said. Fault as `Asking.demands`.
    """
    if Operation.WIN not in (call.operation, spoken(call, asking.wallet.dialect).operation):
        return {}
    wanted = [name for name in sorted(LENT) if getattr(call, name) is None and asking.demands(call, name)]
    if not wanted:
        return {}
    keys = naming.references
    if not keys and call.round:
        known = yield Recall(naming.provider.journal_id, "round", call.round)
        keys = naming.keys_of(known.get("reference") or ())
    row = (yield Look(keys[-1])) if keys else None
    facts = {} if row is None or row.call is None else row.call.facts()
    return {name: facts[name] for name in wanted if facts.get(name) is not None}


def _scope(reading: Reading, provider: Provider) -> dict[str, Any]:
    return {word: reading.facts.get(word) for word in provider.dialect.scope if word != "operation"}


def _ask_whose(
    reading: Reading, provider: Provider, asking: Asking, operation: Operation
) -> Generator[Any, Any, dict[str, Any]]:
    """By the session; by the player where no session stops this operation (it may have ended), or none is named.

    A debit hears what the wallet says of the player; of a session only where a session stops it.
    """
    session, player = (str(reading.facts.get(each) or "") for each in ("session", "player"))
    checked = operation in provider.dialect.session_checked
    kind = "session" if session and (checked or not player) else "player"
    whose = session if kind == "session" else player
    reply = None
    if whose:
        reply = yield from asking.read(Operation.BALANCE, {kind: whose, "provider": provider.journal_id})
    if reply is not None and reply.outcome is Outcome.OK and reply.currency:
        found = {"currency": reply.currency, **({"player": reply.player} if reply.player else {})}
        yield Remember(provider.journal_id, kind, whose, found)
        return found
    if kind == "player" and operation in DEBITS and reply is not None and reply.outcome in _PLAYER_NO:
        raise Fault(reply.outcome, "the wallet does not know the player, or does not serve it")
    if not checked:
        asking.journey.alerts.append("memory_miss")
        raise Fault(Outcome.WALLET_FAILED, f"the {kind} is not remembered, and the wallet did not tell its currency")
    if reply is None or reply.outcome not in _SESSION_NO:
        raise Fault(Outcome.WALLET_FAILED, "the session is not remembered, and the wallet told nothing of it")
    said = Outcome.SESSION_INVALID if reply.outcome is Outcome.PLAYER_NOT_FOUND else reply.outcome
    raise Fault(said, "the session is not remembered, and the wallet does not know it")
