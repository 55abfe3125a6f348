"""The names under which a call is remembered, and under which the wallet gets it.

A row's key is `account:scope:id`, with nothing in account or scope that could be taken for a separator: it survives a
renamed provider. The wallet sees the same keys, whatever the provider's ids look like.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import REVERSALS, Operation
from gateway.canon.outcomes import Outcome
from gateway.canon.requests import CREATED_BY
from gateway.dialect.requestform import RequestForm
from gateway.exchange.asking import Asking
from gateway.exchange.legs import in_place
from gateway.exchange.outbound import request_key
from gateway.exchange.parties import Provider
from gateway.journal.content import fingerprint
from gateway.journal.holding import round_of_withdrawal
from gateway.journal.states import Row

#: What takes a hold, by what captures it; everything else is about bets.
_HELD_BY = {Operation.WITHDRAW_COMPLETE: Operation.WITHDRAW_REQUEST, Operation.CONFIRM: Operation.RESERVE}


def row_key(provider: Provider, facts: Mapping[str, Any], transaction: str) -> str:
    """`account:scope:id`: what an id is unique within is the table's to say; *facts* hold the scope's fields."""
    scope = provider.dialect.scope
    if not scope:
        return f"{provider.journal_id}::{transaction}"
    words = ",".join([quote(str(facts.get(word) or ""), safe="") for word in scope])
    return f"{provider.journal_id}:{words}:{transaction}"


def stretches(digest: str, within_s: int, wall: float) -> tuple[str, ...]:
    """The ids that a digest may stand under: of this stretch of time, and of those before and after it.

    One of them is an hour's, a minute's own; a repeat just after its end, or by an instance whose clock is behind,
    finds the row under the one next to it.
    """
    number = int(wall // within_s)
    return tuple(f"{digest}@{each}" for each in (number, number - 1, number + 1))


class Naming(Struct, eq=False):
    """The keys of one call; *nearby*: ids under which the same may stand already, for *within_s* seconds."""

    provider: Provider
    form: RequestForm
    call: Call
    nearby: tuple[str, ...] = ()
    within_s: float = 0.0
    own: str = ""  # the key of the call's own row, where it has an id
    #: what the wallet's message must have and this one lacks, as it was booked with its bet
    lent: Mapping[str, Any] = MappingProxyType({})
    _references: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        self.own = self._key(self.call.operation, self.call.transaction or "")
        if self.nearby:
            self.nearby = tuple([self._key(self.call.operation, each) for each in self.nearby])

    @property
    def references(self) -> tuple[str, ...]:
        """The keys of what the call refers to: what a reversal undoes, the bets of a win, what is captured.

        A payment's update refers to the request of ours that created it; Fault request_invalid for a kind that is none.
        """
        if self._references is None:
            self._references = self._keys_of_references()
        return self._references

    def _keys_of_references(self) -> tuple[str, ...]:
        if self.call.operation is Operation.PAYMENT_UPDATE:
            create = CREATED_BY.get(self.call.kind or "")
            if create is None:
                raise Fault(Outcome.REQUEST_INVALID, f"the kind of a payment is none of {', '.join(CREATED_BY)}")
            return tuple(request_key(self.provider.journal_id, create, each) for each in self.call.reference or ())
        if not self.call.reference:
            return ()
        operation = _HELD_BY.get(self.call.operation, Operation.BET)
        if self.call.operation in REVERSALS and len(self.form.targets) == 1:
            operation = next(iter(self.form.targets))
        return tuple([self._key(operation, each) for each in self.call.reference])

    def keys_of(self, bets: Iterable[str]) -> tuple[str, ...]:
        """The keys of *bets*, which are the provider's own ids."""
        return tuple(self._key(Operation.BET, each) for each in bets)

    def _key(self, operation: Operation, transaction: str) -> str:
        words = self.provider.dialect.scope
        if not words:
            return row_key(self.provider, {}, transaction)
        scope = {word: getattr(self.call, word) for word in words}
        return row_key(self.provider, {**scope, "operation": str(operation)}, transaction)

    def fingerprint(self) -> tuple[str, ...]:
        """The content that a repeat must share; what memory lost is not among it."""
        call, form = self.call, self.form
        content: dict[str, Any] = {"operation": call.operation}
        for name in self.provider.dialect.fingerprint(form.name):
            value = getattr(call, name)
            if value is not None or (name not in form.recall and name not in form.park_without):
                content[name] = value
        return fingerprint(content)

    def outgoing(self, asking: Asking) -> Call:
        """The call as the wallet gets it: our account, our keys, and the same content under one key at every try.

        A session goes along only where it is checked, or where nothing else says who the player is: a wallet must not
        refuse a win for a session that has ended.
        """
        call, provider = self.call, self.provider.journal_id
        if call.transaction is None:
            return replace(call, provider=provider, request_id=asking.journey.id)
        lent = {name: value for name, value in self.lent.items() if getattr(call, name) is None} if self.lent else {}
        checked = call.operation in self.provider.dialect.session_checked or call.player is None
        if not checked and not asking.demands(call, "session"):
            lent["session"] = None
        # A payment is named as we named it to the provider: that id is ours, and needs no account.
        reference = call.reference if call.operation is Operation.PAYMENT_UPDATE else self.references
        own = self.own
        named = replace(
            call, provider=provider, request_id=own, transaction=own, reference=reference or None, **lent
        )  # fmt: skip
        return in_place(named, asking.wallet.dialect, asking.wallet.promises)

    def balance_instead(self, asking: Asking) -> Call:
        """The question that is asked in place of the call: what has this player, in this game and campaign?"""
        call = self.call
        checked = call.operation in self.provider.dialect.session_checked or call.player is None
        return Call(
            Operation.BALANCE,
            request_id=asking.journey.id,
            provider=self.provider.journal_id,
            player=call.player,
            session=call.session if checked else None,
            currency=call.currency,
            game=call.game,
            promotion=call.promotion,
        )

    def row(self, asking: Asking) -> Row:
        """The row as it is to be when it is new."""
        call, account = self.call, self.provider.journal_id
        round_ = call.round or round_of_withdrawal(call)
        chain = f"{account}|{call.player or ''}|{round_}" if round_ else (self.references or (self.own,))[0]
        return Row(
            self.own,
            account,
            call.transaction or "",
            operation=call.operation,
            name=self.form.name,
            fingerprint=self.fingerprint(),
            call=self.outgoing(asking),
            player=call.player,
            round=round_,
            chain=chain,
            span=float(self.provider.dialect.comes_back_s(self.form.name)),
        )
