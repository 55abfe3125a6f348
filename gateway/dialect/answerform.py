"""One compiled shape of answers: how an outcome's bytes are written, and how a wallet's bytes are read back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from gateway.canon.calls import CALL_FIELDS, REPLY_FIELDS, Shape
from gateway.canon.faults import Fault
from gateway.dialect.wireanswer import Scalar, WireAnswer
from gateway.wire.jsontext import scalar_text
from gateway.wire.money_forms import MoneyForm
from gateway.wire.straight import Straight
from gateway.wire.templates import Sample, Slot, look, look_lines
from gateway.wire.times import Time
from gateway.wire.values import MAX_KEY, Converter, Number, Text, reading

#: What may stand in an answer beside the fields of the call and of the reply.
ALWAYS_KNOWN = frozenset({"code", "message", "now"})
NAMES: dict[str, Shape] = {**CALL_FIELDS, **REPLY_FIELDS, "code": Shape.TEXT, "message": Shape.TEXT}
#: Texts for people.
_PROSE = frozenset({"player_text", "reason", "nickname", "country"})
#: Echoes: where a reply repeats one of these, it must be ours.
ECHOED = ("request_id", "transaction", "player", "currency")


class Unfilled(Exception):
    """A name that the shape demands and nobody could give; `args[0]` is the name."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the values of answers are spelled: the money form (it may cut a balance, never an amount), times, ids."""

    money: Mapping[str, MoneyForm]
    time: Time
    ids: Mapping[str, Converter] = field(default_factory=dict)

    def text(self, name: str, value: Any, currency: str | None) -> Any:
        """*value* as the sample takes it: texts, digits, flags, lists."""
        if isinstance(value, Decimal):
            try:
                return self.money[name].write(value, currency, exact=name != "balance")
            except Fault:
                return None
        if name in self.ids and isinstance(value, str):
            try:
                return self.ids[name].write(value)
            except Fault:
                return None
        if isinstance(value, datetime):
            return scalar_text(self.time.write(value))
        if isinstance(value, tuple):
            return list(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return value


@dataclass(frozen=True)
class AnswerForm:
    """*http* is a list of statuses (said as the first, heard as any), or "$code": the code is the status."""

    http: tuple[int, ...] | str
    headers: tuple[tuple[str, str], ...]
    sample: Sample | None
    spelling: Spelling
    #: every name that may stand in the sample, and what it holds
    names: Mapping[str, Shape] = field(default_factory=lambda: NAMES, repr=False)

    @cached_property
    def write(self) -> Callable[[WireAnswer, Mapping[str, Any], str], tuple[int, bytes]]:
        """`write(answer, facts, message)`: status and body. *facts* are ours by name.

        Raises Unfilled for a demanded name that has no value.
        """
        return written(self)

    def slot(self, name: str) -> Slot | None:
        """Where *name* stands, if it does."""
        return self.sample.names.get(name) if self.sample else None

    def demands(self) -> list[str]:
        """Names that must be filled, beside those that always are."""
        slots = self.sample.slots if self.sample else []
        return [slot.name for slot in slots if not slot.optional and slot.name not in ALWAYS_KNOWN]

    @cached_property
    def code_at(self) -> tuple[str | int, ...] | None:
        """The steps to the code; none where it is the status; None where nothing shows it."""
        slot = self.slot("code")
        if slot is not None:
            return slot.keys
        return () if self.http == "$code" else None

    def code_in(self, body: Any, status: int | None = None) -> Scalar | None:
        """The code as it stands in *body*, or is the *status* where the table says so; None when there is none."""
        if not self.code_at:
            return None if self.code_at is None else status
        value = look(body, self.code_at)
        return value if isinstance(value, (str, int)) else None

    @property
    def shows_code(self) -> bool:
        """Does the code stand somewhere, in the body or as the status? If not, only its absence can say success."""
        return self.code_at is not None

    @cached_property
    def echoes(self) -> tuple[str, ...]:
        """The names in it that repeat what was asked."""
        return tuple(name for name in ECHOED if self.slot(name) is not None)

    @cached_property
    def aside(self) -> tuple[str, ...]:
        """The names in it that are no part of a reply."""
        return tuple(name for name in (self.sample.names if self.sample else ()) if name not in REPLY_FIELDS)

    def message_in(self, body: Any) -> str:
        """The text that goes with the code; empty when there is none."""
        slot = self.slot("message")
        value = look(body, slot.keys) if slot else None
        return value if isinstance(value, str) else ""

    def trace_in(self, body: Any) -> bool:
        """Is any step towards the code there, although the code is not? Then its absence proves nothing."""
        slot = self.slot("code")
        return slot is not None and look(body, slot.keys[:1]) is not None

    @cached_property
    def read(self) -> Callable[..., dict[str, Any]]:
        """`read(body, currency, codeless=False)`: every name's value in our words.

        Fault where one is not what it should be, Unfilled where one is missing. *codeless*: the code may be missing.
        """
        return heard(self)


def written(form: AnswerForm) -> Callable[..., tuple[int, bytes]]:
    """`AnswerForm.write`, of straight lines."""
    code = Straight("write(answer, facts, message)", "answer")
    code.line("status, code = answer.http, answer.code")
    if form.sample is None:
        code.line(f"return status or {_status(form)}, b''")
        return code.made()
    code.line("if code is None and status is not None: return status, b''")
    code.line(f"if status is None: status = {_status(form)}")
    code.line("currency = facts.get('currency')")
    named = {"code": "code", "message": "message"}
    for slot in form.sample.slots:
        if slot.name not in named:
            named[slot.name] = value = f"value_{len(named)}"
            code.line(f"{value} = facts.get({slot.name!r})")
            _spell(code, form, slot, value)
    if "code" in form.sample.names:
        code.line("if type(code) is int: code = str(code)")
    with code.inside("try:"):
        code.line(f"return status, {form.sample.filled(code, named)}")
    unfilled = code.name(Unfilled, "Unfilled")
    code.line(f"except KeyError as error: raise {unfilled}(str(error.args[0])) from None")
    code.line(f"except ValueError as error: raise {unfilled}(str(error).split(' ', 1)[0]) from None")
    return code.made()


def _status(form: AnswerForm) -> str:
    return "int(code or 0)" if form.http == "$code" else str(int(form.http[0]))


def _spell(code: Straight, form: AnswerForm, slot: Slot, value: str) -> None:
    """Lines that make *value*, where it is one, what the sample takes."""
    name, shape, spelling = slot.name, form.names[slot.name], form.spelling
    if slot.bare and shape is Shape.TEXT:
        code.line(f"if {value} is not None: {value} = {code.name(_whole, 'whole')}({name!r}, {value})")
        return
    text = f"{code.name(spelling, 'spelling')}.text({name!r}, {value}, currency)"
    if shape is Shape.AMOUNT and name in spelling.money:
        money, decimal, fault = code.name(spelling.money[name]), code.name(Decimal, "Decimal"), code.name(Fault)
        with code.inside(f"if type({value}) is {decimal}:"):
            code.line(f"try: {value} = {money}.write({value}, currency, {name != 'balance'})")
            code.line(f"except {fault}: {value} = None")
        code.line(f"elif {value} is not None: {value} = {text}")
    elif name in spelling.ids:
        code.line(f"if {value} is not None: {value} = {text}")
    else:
        code.line(f"if {value} is not None and type({value}) is not str: {value} = {text}")


def heard(form: AnswerForm) -> Callable[..., dict[str, Any]]:
    """`AnswerForm.read`, of straight lines."""
    code = Straight("read(body, currency, codeless=False)", "answer")
    slots = form.sample.slots if form.sample else []
    values: dict[str, str] = {}
    code.line("if not isinstance(body, dict): body = {}")
    for number, slot in enumerate(slots):
        value = f"value_{number}"
        look_lines(code, "body", slot.keys, value)
        if slot.name in values:  # of two places the last one that has a value counts
            code.line(f"if {value} is not None: {values[slot.name]} = {value}")
        else:
            values[slot.name] = value
    code.line("found = {}")
    read: set[str] = set()
    for slot in slots:
        name, value = slot.name, values[slot.name]
        if not slot.optional:
            unless = " and not codeless" if name == "code" else ""
            code.line(f"if {value} is None{unless}: raise {code.name(Unfilled, 'Unfilled')}({name!r})")
        if name in ("code", "message") or name in read or (form.names[name] is Shape.AMOUNT and name not in _PROSE):
            continue
        read.add(name)
        with code.inside(f"if {value} is not None:"):
            if name in _PROSE:  # prose never decides, so an odd one is dropped and not an outcome
                with code.inside("try:"):
                    _read(code, form, name, value)
                code.line(f"except {code.name(Fault, 'Fault')}: pass")
            else:
                _read(code, form, name, value)
    for name, value in values.items():
        if name in form.names and form.names[name] is Shape.AMOUNT and name not in read:
            money = code.name(form.spelling.money[name])
            with code.inside(f"if {value} is not None:"):
                code.line(f"found[{name!r}] = {money}.read({value}, found.get('currency') or currency)")
    code.line("return found")
    return code.made()


def _read(code: Straight, form: AnswerForm, name: str, value: str) -> None:
    shape, ids = form.names[name], form.spelling.ids
    if shape is Shape.TIME:
        reading(code, form.spelling.time, value)
    elif shape is Shape.NUMBER:
        reading(code, Number(), value)
    elif shape is Shape.TEXT:
        reading(code, ids.get(name, Text(longest=MAX_KEY)), value)
    code.line(f"found[{name!r}] = {value}")


def _whole(name: str, value: str) -> str:
    """An id that stands without quotes is a JSON integer: as a number, "1e5" would be another player's id."""
    try:
        return Text(integer=True).write(value)
    except Fault:
        raise Unfilled(name) from None
