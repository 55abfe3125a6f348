"""One compiled kind of request: how a message of an operation (or a variant of it) is known, read and written."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from gateway.canon.calls import AMOUNTS, CALL_FIELDS, Call, Shape
from gateway.canon.faults import Fault
from gateway.canon.money import Money
from gateway.canon.operations import CREDITS, FACTS, REVERSALS, Operation
from gateway.canon.outcomes import CAN_OCCUR, UNREAD, Outcome
from gateway.dialect.digests import Digest
from gateway.dialect.fieldform import FieldForm, Seen
from gateway.dialect.fieldlines import Known, place_lines, read_lines, when_lines, write_lines
from gateway.dialect.nets import Net
from gateway.dialect.whens import Literals, Presence
from gateway.wire.envelopes import Envelope
from gateway.wire.message import Garbled
from gateway.wire.opened import CONTENT_TYPES, Draft, Opened
from gateway.wire.paths import MISSING, Place
from gateway.wire.straight import Straight

#: Fields that decide whose money moves, and which.
_DECISIVE = frozenset({"player", "currency", "transaction", "reference", "round", "provider_transaction", "state"})


class Reading(Struct, eq=False):
    """A message half read: *facts* in our words, amounts and their parts still raw, and what memory is asked for.

    *within_s*: its id is a digest, and stands for one movement within so many seconds; None where it brought its own.
    *whole*: the facts of the call, once it is made of it.
    """

    form: "RequestForm"
    facts: dict[str, Any]
    amounts: list[Seen]
    #: our field -> the key by which it is recalled, such as {"currency": "session"}
    wants: dict[str, str]
    parts: list[tuple[FieldForm, list[tuple[Place, Any]]]] = []
    nets: dict[Net, Any] = {}
    #: what is added to an amount, by its name
    plus: dict[str, list[tuple[Place, Any]]] = {}
    within_s: int | None = None
    whole: dict[str, Any] = {}


@dataclass(frozen=True)
class RequestForm:
    """A variant: *name* is the table's, *operation* ours. Everything is compiled; nothing here knows a clock.

    *park_without*: amounts without which a message is written down for a human, and asked for again. *unsupported*:
    known, and answered so without a look at what it says. *envelope*: what its body comes in. *listed*: places that the
    documents speak of and that are neither read nor written.
    """

    name: str
    operation: Operation
    method: str
    path: str
    codec: str
    when: tuple[tuple[Place, Literals], ...]
    set: Mapping[str, Any]
    fields: tuple[FieldForm, ...]
    derive: Mapping[str, Any]
    recall: Mapping[str, str]
    fill: tuple[tuple[Place, Any], ...]
    listed: tuple[Place, ...]
    targets: frozenset[Operation]
    zero: str
    reverse_unknown: bool
    suppressed: bool
    park_without: frozenset[str]
    _pattern: re.Pattern[str] = field(repr=False)
    #: the steps to the list of which this is an item; None where a message is one transaction
    each: tuple[str, ...] | None = None
    #: for each documented value the names under which it may stand, by source
    _documented: Mapping[str, tuple[frozenset[str], ...]] = field(init=False, repr=False)
    _known: Mapping[str, frozenset[str]] = field(init=False, repr=False)
    unsupported: bool = False
    envelope: Envelope | None = None

    def __post_init__(self) -> None:
        rows = [each.places for each in self.fields]
        rows += [(place,) for place, _ in (*self.when, *self.fill)]
        rows += [(place,) for each in self.fields for place in (*each.parts, *([each.net.place] if each.net else []))]
        rows += [(place,) for each in self.fields for place in each.more]
        found: dict[str, set[frozenset[str]]] = {"body": set(), "query": set()}
        for source, names in found.items():
            names.update(
                frozenset(place.keys[0] for place in row if place.source == source and not place.item) for row in rows
            )
        documented = {source: tuple(names - {frozenset()}) for source, names in found.items()}
        object.__setattr__(self, "_documented", documented)
        beside = [place for place in self.listed if not place.item]
        listed = {source: [place.keys[0] for place in beside if place.source == source] for source in documented}
        known = {source: frozenset(listed[source]).union(*names) for source, names in documented.items()}
        object.__setattr__(self, "_known", known)

    def path_fields(self, path: str) -> Mapping[str, str] | None:
        """The path's own fields, percent-decoded, when *path* is this variant's, else None."""
        match = self._pattern.fullmatch(path)
        if match is None:
            return None
        try:
            return {name: unquote(text, errors="strict") for name, text in match.groupdict().items()}
        except UnicodeDecodeError:
            return None

    @cached_property
    def matches(self) -> Callable[[Opened], bool]:
        """`matches(opened)`: do all `when` places hold? Garbled when one cannot be read."""
        code = Straight("matches(opened)", f"{self.name} when")
        for place, literals in self.when:
            when_lines(code, place, literals)
        code.line("return True")
        return code.made()

    def renamed(self, opened: Opened, source: str) -> bool:
        """Does the *source* (body, query) lack a documented name and hold one that is not documented?

        Where only values are signed, a name can be changed on the way without breaking the signature. A field that is
        merely missing, or merely new, is not a renaming; of several names for one field, one is enough.
        """
        sent = opened.body if source == "body" else opened.query
        if sent.keys() <= self._known[source]:
            return False
        return any(names.isdisjoint(sent) for names in self._documented[source])

    def documented(self, source: str) -> frozenset[str]:
        """The names at the top level of the body, or of the query, that this operation's rows speak of."""
        return self._known[source]

    @property
    def given(self) -> frozenset[str]:
        """Fields that a call of this variant has or may have: placed, set, derived or recalled."""
        return frozenset({each.name for each in self.fields} | set(self.set) | set(self.derive) | set(self.recall))

    @cached_property
    def flags_due(self) -> tuple[str, ...]:
        """The flags that its message must have."""
        return tuple(each.name for each in self.fields if not each.optional and each.shape is Shape.FLAG)

    @cached_property
    def time_due(self) -> bool:
        """Must its message have a time?"""
        return any(each.name == "time" and not each.optional for each in self.fields)

    @property
    def content_type(self) -> str | None:
        """What the body is sent as, which is what it comes in where it is sealed; None where there is no body."""
        if self.envelope is not None and self.envelope.outer is None:
            return "text/plain"
        return CONTENT_TYPES.get(self.codec if self.envelope is None else str(self.envelope.outer))

    @property
    def outcomes(self) -> frozenset[Outcome]:
        """Every outcome that it can have, and so must have an answer for."""
        return UNREAD | {Outcome.UNKNOWN} if self.unsupported else CAN_OCCUR[self.operation]

    @property
    def within_s(self) -> int:
        """For how long the same message without an id is a repeat, in seconds; 0 where an id is never made."""
        rule = self.derive.get("transaction")
        return rule.within_s if isinstance(rule, Digest) else 0

    @property
    def undoes_wins(self) -> bool:
        """Is it a reversal that may have a win for its target?"""
        return not self.targets.isdisjoint(CREDITS)

    def given_by(self, call: Call) -> bool:
        """Does everything that this variant gives to its calls hold for *call*? A flag that nobody stated is false."""
        return all(_stated(call, name) == _shaped(name, value) for name, value in self.set.items())

    def loses_id(self, call: Call) -> int:
        """0: whoever reads a message of this variant derives the call's own id; 1: it is said in it; 2: it is lost."""
        rule = self.derive.get("transaction")
        if rule is not None and derived("transaction", rule, call.facts()) == call.transaction:
            return 0
        return 1 if call.transaction is None or any(each.name == "transaction" for each in self.fields) else 2

    def echo(self, opened: Opened) -> dict[str, Any]:
        """What a refusal may repeat, read leniently: each field that is there and well-formed. Never raises."""
        found: dict[str, Any] = {}
        for each in self.fields:
            if each.name in AMOUNTS:
                continue
            try:
                if (seen := each.look(opened)) is not None:
                    found[each.name] = each.read(*seen)
            except (Fault, Garbled):
                continue
        return found

    @cached_property
    def read(self) -> Callable[[Opened], Reading]:
        """`read(opened)`: everything but the amounts, which may need a currency that only memory knows.

        Fault request_invalid; Garbled.
        """
        return reader(self)

    @cached_property
    def summed(self) -> list[FieldForm]:
        """The fields that more than one place speaks of."""
        return [each for each in self.fields if each.parts or each.plus or each.net is not None]

    def unit_of(self, each: FieldForm, opened: Opened) -> FieldForm | None:
        """*each* in the units that the message states; None for one of a reversal, where it states none well."""
        try:
            return each.in_units_of(opened)
        except Fault:
            if self.operation in REVERSALS:  # of these what was booked decides
                return None
            raise

    def dispensable(self, each: FieldForm) -> bool:
        """May an unreadable value be treated as missing? Refusing a win or a refund for an odd time loses money."""
        return each.optional and each.name not in _DECISIVE and self.operation in CREDITS | REVERSALS | FACTS

    def call(self, reading: Reading, recalled: Mapping[str, Any]) -> Call:
        """The whole canonical call, with *recalled* fields filled in. Fault amount_invalid, currency_mismatch.

        The stated amount of a reversal that cannot be read without its currency is left out: what was booked decides.
        So is one of `park_without` that cannot be read: the message is written down all the same.
        """
        facts = {**recalled, **reading.facts}
        currency = facts.get("currency")
        for each, place, value in reading.amounts:
            try:
                amount = each.read_amount(place, value, currency)
                if more := reading.plus.get(each.name):
                    amount = sum((each.read_amount(*term, currency=currency) for term in more), amount)
                if currency is not None and (more or amount.is_signed()):
                    Money.of(amount, currency)
            except Fault:
                if (self.operation in REVERSALS and currency is None) or each.name in self.park_without:
                    continue
                raise
            if not amount and (self.zero == "refused" or (self.zero == "when free" and not facts.get("free"))):
                raise Fault(Outcome.AMOUNT_INVALID, f"{each.name}: zero")
            facts[each.name] = amount
        if self.operation not in REVERSALS and currency is None and reading.amounts:
            raise Fault(Outcome.REQUEST_INVALID, "the amount's currency is not known")
        for net, value in reading.nets.items():
            if value is not MISSING:
                facts["win_amount"] = net.read(value, facts["bet_amount"], currency)
        for each, parts in reading.parts:
            if each.name in facts and facts[each.name] != sum(each.read_amount(*part, currency) for part in parts):
                raise Fault(Outcome.AMOUNT_INVALID, f"{each.name}: not the sum of its parts")
        reading.whole = facts
        return Call(self.operation, **facts)

    @cached_property
    def write(self) -> Callable[[Call, Mapping[str, Any]], Draft]:
        """`write(call, settings)`: the message of a call.

        Fault wallet_failed when a mandatory field cannot be given.
        """
        return writer(self)


def reader(form: RequestForm) -> Callable[[Opened], Reading]:
    """`RequestForm.read`, of straight lines."""
    code = Straight("read(opened)", f"{form.name} read")
    stated = {name: _shaped(name, value) for name, value in form.set.items()}
    code.line(f"facts = {{{', '.join(f'{name!r}: {code.literal(value)}' for name, value in stated.items())}}}")
    code.line("amounts, wants, within_s = [], {}, None")
    read_lines(code, form.fields, form.dispensable)
    own = code.name(form, "form")
    if any(each.exponent is not None for each in form.fields):
        code.line(f"amounts = [(unit, at, it) for each, at, it in amounts if (unit := {own}.unit_of(each, opened))]")
    for name, rule in form.derive.items():
        with code.inside(f"if {name!r} not in facts:"):
            if isinstance(rule, Digest):
                digest = code.name(rule, "digest")
                code.line(f"facts[{name!r}], within_s = {digest}.of(opened), {digest}.within_s")
            else:
                code.line(f"value = {code.name(derived, 'derived')}({name!r}, {code.literal(rule)}, facts)")
                code.line(f"if value is not None: facts[{name!r}] = value")
    sure = {*stated, *(each.name for each in form.fields if not each.optional and each.exponent is None)}
    for name, key in form.recall.items():
        if name not in sure:
            test = f"{name!r} not in facts"
            if name in AMOUNTS:
                test += f" and not any(each.name == {name!r} for each, _, _ in amounts)"
            code.line(f"if {test}: wants[{name!r}] = {key!r}")
    made = code.name(Reading, "Reading")
    if form.summed:
        summed = code.name(form.summed, "summed")
        code.line(f"parts = [(each, found) for each in {summed} if (found := each.look_parts(opened))]")
        code.line(f"nets = {{net: net.place.look(opened) for each in {summed} if (net := each.net) is not None}}")
        code.line(f"plus = {{each.name: found for each in {summed} if (found := each.look_plus(opened))}}")
        code.line(f"return {made}({own}, facts, amounts, wants, parts, nets, plus, within_s)")
    else:
        code.line(f"return {made}({own}, facts, amounts, wants, within_s=within_s)")
    return code.made()


def writer(form: RequestForm) -> Callable[[Call, Mapping[str, Any]], Draft]:
    """`RequestForm.write`, of straight lines."""
    code = Straight("write(call, settings)", f"{form.name} written")
    words = ", ".join(map(code.literal, (form.codec, form.method, form.path)))
    code.line(f"draft = {code.name(Draft, 'Draft')}({words}, each={code.literal(form.each)})")
    code.line(f"body, item, currency, fields = draft.body, draft.item, call.currency, {code.literal(form.fields)}")
    for place, literals in form.when:
        if not isinstance(literals[0], Presence):  # what must be there is written by its own row
            place_lines(code, place, code.literal(literals[0]))
    for place, literal in form.fill:
        setting = SETTING.fullmatch(literal) if isinstance(literal, str) else None
        place_lines(code, place, f"settings.get({setting[1]!r}, '')" if setting else code.literal(literal))
    known = {
        name: f"{code.name(derived, 'derived')}({name!r}, {code.literal(rule)}, call.facts())"
        for name, rule in form.derive.items()
        if not isinstance(rule, Digest)
    }
    missing = Outcome.WALLET_FAILED, "the message must have it, and nobody gave it"
    write_lines(code, form.fields, missing, known, Known("call.{}", "call.facts()"))
    code.line("return draft")
    return code.made()


#: In `fill`, what the settings of an account give.
SETTING = re.compile(r"\{setting\.(.*)\}", re.DOTALL)
HOLE = re.compile(r"\{([a-z_.]+)\}")


def derived(name: str, rule: Any, facts: Mapping[str, Any]) -> Any:
    """Field *name* by a literal, or by a formula such as "{reference}#win"; None when a part of it is missing.

    A digest is of a message that was received: None.
    """
    if isinstance(rule, Digest):
        return None
    if not isinstance(rule, str) or "{" not in rule:
        return _shaped(name, rule)
    parts = []
    for index, piece in enumerate(HOLE.split(rule)):
        value = facts.get(piece) if index % 2 else piece
        if isinstance(value, tuple):
            value = "+".join(value)
        if value is None:
            return None
        parts.append(value.isoformat() if isinstance(value, datetime) else str(value))
    return _shaped(name, "".join(parts))


def _stated(call: Call, name: str) -> Any:
    value = getattr(call, name)
    return False if value is None and CALL_FIELDS[name] is Shape.FLAG else value


def _shaped(name: str, value: Any) -> Any:
    """What a table states of a field, as the field holds it: one id is a list of one."""
    return (value,) if CALL_FIELDS[name] is Shape.TEXTS else value
