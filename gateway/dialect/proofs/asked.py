"""What a provider's table makes us ask of the wallet's table, and how far that one has words for it.

A field of the wallet's message may come from the provider's message, from the bet that it is about, from what we were
told before, or be ours to give. What comes from none of them can never be said.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from gateway.canon.calls import AMOUNTS, CALL_FIELDS, Shape
from gateway.canon.operations import CREDITS, DEBITS, READS, REVERSALS, Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.answerform import ALWAYS_KNOWN
from gateway.dialect.dialect import Dialect
from gateway.dialect.digests import Digest
from gateway.dialect.requestform import RequestForm

#: What a wallet can promise; which of it a dialect has no words for, `pairs.unpromisable` says.
PROMISES = frozenset({"idempotent", "tombstones", "status", "references"})
#: By which operation we take a debit back that stays in doubt.
UNDONE_BY = {
    Operation.BET: Operation.ROLLBACK,
    Operation.BET_WIN: Operation.ROLLBACK,
    Operation.RESERVE: Operation.RELEASE,
    Operation.WITHDRAW_REQUEST: Operation.WITHDRAW_CANCEL,
}
#: By which one we take back each part of a debit that the wallet gets in parts.
_TAKEN_BACK_BY = {Operation.BET: Operation.ROLLBACK, Operation.WIN: Operation.ROLLBACK_WIN}
#: Fields that every undoing brings itself, and those that it takes from the booked row.
REVERSAL = frozenset({"transaction", "reference"})
_BOOKED = frozenset({"player", "session", "currency", "amount", "round", "game"})
#: What a win that lacks it gets from its booked bet.
LENT = frozenset({"player", "session", "currency", "round", "game"})
#: Fields that the gateway itself gives to every call whose message must have them.
_OURS = frozenset({"request_id", "provider", "time"}) | {n for n, s in CALL_FIELDS.items() if s is Shape.FLAG}
#: What the wallet must promise where a bet_win is a bet and then its win: each may be sent again, and undone unseen.
IN_PARTS = frozenset({"idempotent", "references"})
_HOLE = re.compile(r"\{([a-z_.]+)\}")

_KEYS = ("session", "player")


class Learned(NamedTuple):
    """(field, session or player): what is remembered under that key once players have logged in, and once they play."""

    early: frozenset[tuple[str, str]]
    ever: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a provider's *form* may make us ask of the wallet. *undo*: our own taking back of a debit.

    *variants*: the wallet's, with which it may be said; none: it has no such operation. *open*: (a field, its variant,
    whether the provider's side ever gives it) for what is demanded and not always there. *merged*: the wallet's
    variants with which a second movement under one bet cannot be said, see `single`. *untold*: what the provider's
    answer, or its amounts, cannot do without, and nobody tells. *unpromised*: what the wallet would have to promise.
    """

    form: RequestForm
    operation: Operation
    undo: bool
    variants: tuple[RequestForm, ...]
    open: tuple[tuple[str, RequestForm, bool], ...]
    merged: tuple[RequestForm, ...]
    untold: tuple[str, ...]
    unpromised: tuple[str, ...] = ()

    @property
    def sayable(self) -> bool:
        """Can every such call be asked, and its success be told?"""
        lacking = self.open or self.merged or self.untold or self.unpromised
        return bool(self.variants) and not lacking

    @property
    def never(self) -> bool:
        """Can none of them be?"""
        unasked = not self.variants or any(not ever for _, _, ever in self.open)
        return unasked or bool(self.merged) or bool(self.untold) or bool(self.unpromised)


def questions(provider: Dialect, wallet: Dialect, promises: Collection[str] = PROMISES) -> Iterator[Question]:
    """Everything that *provider* may make us ask, and how far *wallet*, which keeps *promises*, has words for it."""
    known = learned(provider, wallet)
    for form in provider.variants.values():
        for operation in asked(form):
            for sent in wallet.instead.get(operation, (operation,)):
                yield _question(provider, form, wallet, sent, promises, known)
        if form.suppressed or form.unsupported:
            continue
        for sent in wallet.instead.get(form.operation, (form.operation,)):
            if (undo := _TAKEN_BACK_BY.get(sent) if _in_parts(form, wallet) else UNDONE_BY.get(sent)) is not None:
                yield _question(provider, form, wallet, undo, promises, known, undo=True)


def _in_parts(form: RequestForm, wallet: Dialect) -> bool:
    """Is a call of *form* several of the wallet's?"""
    return len(wallet.instead.get(form.operation, ())) > 1


def asked(form: RequestForm) -> Iterator[Operation]:
    """What one variant of the provider makes us ask of the wallet; nothing, where it is not served."""
    if form.unsupported:
        return
    yield Operation.BALANCE if form.suppressed else form.operation
    if form.operation is Operation.ROLLBACK and form.undoes_wins:
        yield Operation.ROLLBACK_WIN


def learned(provider: Dialect, wallet: Dialect) -> Learned:
    """What we come to know under a session or a player, from the provider's messages or the wallet's answers.

    A launch that the platform asked through us teaches it as well; nothing here counts on that.
    """
    early = {(field, kind) for kind in _KEYS for field in _answered(wallet, Operation.BALANCE, {kind})}
    ever = set(early)
    for form in provider.variants.values():
        if form.operation in REVERSALS:  # what it tells is its target's
            continue
        placed = {each.name for each in form.fields} | set(form.set)
        told = placed | _answered(wallet, form.operation, placed)
        found = {(field, kind) for kind in _KEYS if kind in told for field in told}
        ever |= found
        early |= found if form.operation in READS else set()
    return Learned(frozenset(early), frozenset(ever))


def always(form: RequestForm, known: Learned) -> frozenset[str]:
    """Our fields that every call of *form* has; one that may be a player's first has what a login teaches."""
    first = form.operation in READS | DEBITS
    recalled = _recalled(form, known.early if first else known.ever)
    optional = {each.name for each in form.fields if each.optional} | set(form.recall) - _placed(form)
    found = form.given - optional | set(form.derive) | set(form.set) | recalled
    found |= _OURS | form.park_without
    return found | {"amount"} if "bet_amount" in found else found


def _may(form: RequestForm, known: Learned) -> frozenset[str]:
    """Our fields that a call of *form* may have."""
    return form.given - (set(form.recall) - _recalled(form, known.ever) - _placed(form)) | _OURS


def _placed(form: RequestForm) -> set[str]:
    return {each.name for each in form.fields}


def _recalled(form: RequestForm, known: frozenset[tuple[str, str]]) -> set[str]:
    return {name for name, by in form.recall.items() if by not in _KEYS or (name, by) in known}


def _answered(wallet: Dialect, operation: Operation, placed: Collection[str]) -> frozenset[str]:
    """What the wallet's answer tells to a call that has *placed*; nothing where such a call cannot be asked."""
    told: frozenset[str] = frozenset()
    for variant in wallet.sayers(operation):
        due = {each.name for each in variant.fields if not each.optional} - set(placed) - _OURS - REVERSAL
        if all(_derivable(variant.derive.get(each), frozenset(placed)) for each in due):
            told |= _told(wallet, variant)
    return told | {"session"} if "new_session" in told else told


def _told(wallet: Dialect, variant: RequestForm) -> frozenset[str]:
    sample = wallet.said[variant.name, Outcome.OK].form.sample
    return frozenset(slot.name for slot in sample.slots) if sample else frozenset()


def _for_reading(wallet: Dialect, variant: RequestForm) -> set[str]:
    """What must be known of the call to read the wallet's answer: how many units there are to a balance."""
    form = wallet.said[variant.name, Outcome.OK].form
    if form.slot("balance") is None or form.slot("currency") is not None:
        return set()
    return {"currency"} if form.spelling.money["balance"].unit == "minor" else set()


def _question(
    provider: Dialect, form: RequestForm, wallet: Dialect, operation: Operation, promises: Collection[str],
    known: Learned, *, undo: bool = False,
) -> Question:  # fmt: skip
    if operation in REVERSALS:
        due, may = _undoing(provider, form, operation, known, undo=undo)
    else:
        due, may = always(form, known), _may(form, known)
        if operation is Operation.WIN and form.operation is not operation:  # sent in its place: ours to give
            due |= {"amount"} | ({"reference"} if _in_parts(form, wallet) else set())
        if operation is Operation.WIN and due & {"reference", "round"}:
            bets = [each for each in provider.variants.values() if each.operation in DEBITS and not each.suppressed]
            due |= _common(always(each, known) for each in bets) & LENT
            due |= {"reference"} if "references" in promises and "round" in due else frozenset()
        may |= due
    undoes = {form.operation} if undo else form.targets if operation in REVERSALS else ()
    if undo and _in_parts(form, wallet):
        undoes = {part for part, by in _TAKEN_BACK_BY.items() if by is operation}
    ends = {"round_end": True} if form.operation is Operation.END_ROUND is not operation else {}
    variants = tuple(each for each in wallet.sayers(operation, undoes) if _fits(form, each, may, ends))
    lacking = tuple(
        (field, variant, field in may)
        for variant in variants
        for field in sorted({each.name for each in variant.fields if not each.optional} | _for_reading(wallet, variant))
        if field not in due and not _derivable(variant.derive.get(field), due)
    )
    merged = tuple(each for each in variants if operation in CREDITS | DEBITS and single(each, form))
    told = not undo and operation is (wallet.instead.get(form.operation) or (form.operation,))[-1]
    untold = tuple(_untold(provider, form, wallet, variants, due)) if told else ()
    unpromised = sorted(IN_PARTS - set(promises)) if told and _in_parts(form, wallet) else ()
    return Question(form, operation, undo, variants, lacking, merged, untold, tuple(unpromised))


def _undoing(
    provider: Dialect, form: RequestForm, operation: Operation, known: Learned, *, undo: bool
) -> tuple[frozenset[str], frozenset[str]]:  # fmt: skip
    """Our fields that an undoing always has, and those that it may have: those of what it undoes, as it was booked."""
    kinds = form.targets & CREDITS if operation is Operation.ROLLBACK_WIN else form.targets - CREDITS
    targets = [form] if undo else [each for each in provider.variants.values() if each.operation in kinds]
    if not targets:
        return always(form, known) | REVERSAL, _may(form, known) | REVERSAL
    may = frozenset().union(*(_may(each, known) for each in targets)) & _BOOKED
    return _common(always(each, known) for each in targets) & _BOOKED | _OURS | REVERSAL, may | _OURS | REVERSAL


def _fits(form: RequestForm, variant: RequestForm, may: frozenset[str], ours: Mapping[str, bool]) -> bool:
    """May a call of *form*, with *ours* in it, be said with the wallet's *variant*? A flag that nobody states is no."""
    given = {**form.set, **ours}
    for field, value in variant.set.items():
        flag = CALL_FIELDS[field] is Shape.FLAG
        fixed = field in given or field not in (form.given if flag else may)
        if fixed and given.get(field, False if flag else None) != value:
            return False
    return True


def single(variant: RequestForm, form: RequestForm | None = None) -> str:
    """Why the wallet's *variant* takes one movement for a bet; empty where it does not, or where *form* is so too."""
    if (form is None or not _own_id(form, variant)) and all(each.name != "transaction" for each in variant.fields):
        return "has no id of its own"
    if variant.operation is Operation.WIN and _ends_round(variant) and not (form and _ends_round(form)):
        return "always ends its round"
    return ""


def _ends_round(form: RequestForm) -> bool:
    ends = form.operation is Operation.END_ROUND or {**form.derive, **form.set}.get("round_end") is True
    return ends and "round_end" not in _placed(form)


def _own_id(form: RequestForm, variant: RequestForm) -> bool:
    """Does the wallet hear the movement's own id, or make one of what the provider's own is made of?"""
    if any(each.name == "transaction" for each in variant.fields):
        return True
    theirs, ours = variant.derive.get("transaction"), form.derive.get("transaction")
    if any(each.name == "transaction" for each in form.fields) or isinstance(theirs, Digest) or ours is None:
        return False
    return set(_HOLE.findall(str(ours))) <= set(_HOLE.findall(str(theirs)))


def _untold(
    provider: Dialect, form: RequestForm, wallet: Dialect, variants: Collection[RequestForm], due: frozenset[str]
) -> Iterator[str]:
    """What neither the call nor a wallet's answer has: a currency of amounts, or a name of the provider's success."""
    if not variants:
        return
    amounts = any(each.name in AMOUNTS for each in form.fields) and form.operation not in REVERSALS
    if amounts and "currency" not in due and "currency" not in form.given - set(form.recall):
        yield "currency"
    told = _common(_told(wallet, variant) for variant in variants)
    known = due | told | ALWAYS_KNOWN | ({"currency_exponent"} if "currency" in due | told else set())
    asked_for = _answered(wallet, Operation.BALANCE, due & {"player", "session", "currency"})
    kept = {"setting"} if form.operation in READS else {"setting", "remembered"}  # a first read has nothing before it
    sample = provider.said[form.name, Outcome.OK].form.sample
    for slot in sample.slots if sample else ():
        sources = provider.missing.get(slot.name, ())
        found = slot.optional or slot.name in known or kept & {*map(str, sources)}
        if not (found or ("ask" in sources and slot.name in asked_for) or any(str(each) in known for each in sources)):
            yield slot.name


def _common(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    listed = list(sets)
    return frozenset.intersection(*listed) if listed else frozenset()


def _derivable(rule: Any, known: frozenset[str]) -> bool:
    holes = _HOLE.findall(rule if isinstance(rule, str) else "")
    return rule is not None and not isinstance(rule, Digest) and all(hole in known for hole in holes)
