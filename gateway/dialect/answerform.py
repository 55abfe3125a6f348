"""One compiled shape of answers: how an outcome's bytes are written, and how a wallet's bytes are read back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.canon.calls import CALL_FIELDS, REPLY_FIELDS, Shape
from gateway.canon.faults import Fault
from gateway.dialect.wireanswer import Scalar, WireAnswer
from gateway.wire.jsontext import scalar_text
from gateway.wire.money_forms import MoneyForm
from gateway.wire.templates import Sample, Slot, look
from gateway.wire.times import Time
from gateway.wire.values import MAX_KEY, Converter, Number, Text

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

    def write(self, answer: WireAnswer, facts: Mapping[str, Any], message: str) -> tuple[int, bytes]:
        """Status and body. *facts* are ours by name; raises Unfilled for a demanded name that has no value."""
        status = answer.http or (int(answer.code or 0) if self.http == "$code" else int(self.http[0]))
        if self.sample is None or (answer.code is None and answer.http is not None):
            return status, b""
        currency = facts.get("currency")
        values: dict[str, Any] = {"code": _code(answer.code), "message": message}
        for slot in self.sample.slots:
            if slot.name not in values:
                value = facts.get(slot.name)
                if value is not None and slot.bare and self.names[slot.name] is Shape.TEXT:
                    values[slot.name] = _whole(slot.name, value)
                elif value is not None:
                    values[slot.name] = self.spelling.text(slot.name, value, currency)
        try:
            return status, self.sample.write(values)
        except KeyError as error:
            raise Unfilled(str(error.args[0])) from None
        except ValueError as error:
            raise Unfilled(str(error).split(" ", 1)[0]) from None

    def slot(self, name: str) -> Slot | None:
        """Where *name* stands, if it does."""
        return self.sample.names.get(name) if self.sample else None

    def demands(self) -> list[str]:
        """Names that must be filled, beside those that always are."""
        slots = self.sample.slots if self.sample else []
        return [slot.name for slot in slots if not slot.optional and slot.name not in ALWAYS_KNOWN]

    def code_in(self, body: Any, status: int | None = None) -> Scalar | None:
        """The code as it stands in *body*, or is the *status* where the table says so; None when there is none."""
        slot = self.slot("code")
        if slot is None:
            return status if self.http == "$code" else None
        value = look(body, slot.keys)
        return value if isinstance(value, (str, int)) else None

    @property
    def shows_code(self) -> bool:
        """Does the code stand somewhere, in the body or as the status? If not, only its absence can say success."""
        return self.slot("code") is not None or self.http == "$code"

    def message_in(self, body: Any) -> str:
        """The text that goes with the code; empty when there is none."""
        slot = self.slot("message")
        value = look(body, slot.keys) if slot else None
        return value if isinstance(value, str) else ""

    def trace_in(self, body: Any) -> bool:
        """Is any step towards the code there, although the code is not? Then its absence proves nothing."""
        slot = self.slot("code")
        return slot is not None and look(body, slot.keys[:1]) is not None

    def read(self, body: Any, currency: str | None, *, codeless: bool = False) -> dict[str, Any]:
        """Every name's value in our words; Fault where one is not what it should be, Unfilled where one is missing.

        *codeless*: the code may be missing as well.
        """
        if self.sample is None:
            return {}
        raw = self.sample.read(body)
        found: dict[str, Any] = {}
        for slot in self.sample.slots:
            if slot.name not in raw:
                if not (slot.optional or (codeless and slot.name == "code")):
                    raise Unfilled(slot.name)
            elif slot.name in _PROSE:
                found.update(self._prose(slot, raw[slot.name]))
            elif slot.name not in ("code", "message") and self.names[slot.name] is not Shape.AMOUNT:
                found[slot.name] = self._read(slot, raw[slot.name])
        for slot in self.sample.slots:
            if slot.name in raw and self.names[slot.name] is Shape.AMOUNT:
                form = self.spelling.money[slot.name]
                found[slot.name] = form.read(raw[slot.name], found.get("currency") or currency)
        return found

    def _prose(self, slot: Slot, value: Any) -> dict[str, Any]:
        """A text for people, if it is one; prose never decides, so an odd one is dropped and not an outcome."""
        try:
            return {slot.name: self._read(slot, value)}
        except Fault:
            return {}

    def _read(self, slot: Slot, value: Any) -> Any:
        shape = self.names[slot.name]
        if shape is Shape.TIME:
            return self.spelling.time.read(value)
        if shape is Shape.NUMBER:
            return Number().read(value)
        if slot.name in self.spelling.ids and shape is Shape.TEXT:
            return self.spelling.ids[slot.name].read(value)
        if shape is Shape.TEXT:
            return Text(longest=MAX_KEY).read(value)
        return value


def _whole(name: str, value: str) -> str:
    """An id that stands without quotes is a JSON integer: as a number, "1e5" would be another player's id."""
    try:
        return Text(integer=True).write(value)
    except Fault:
        raise Unfilled(name) from None


def _code(code: Scalar | None) -> Any:
    if code is None or isinstance(code, (bool, str)):
        return code
    return str(code)
