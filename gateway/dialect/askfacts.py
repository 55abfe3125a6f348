"""The facts of a request or an answer as canonical JSON, and back: amounts as decimal texts, times as ISO 8601."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.canon.calls import Shape
from gateway.canon.faults import Fault
from gateway.canon.money import Money, exact
from gateway.canon.outcomes import Outcome
from gateway.canon.requests import ANSWER_FIELDS, ASK_FIELDS
from gateway.dialect.problems import suggest
from gateway.wire.values import MAX_KEY, Text

_TEXT = Text(longest=MAX_KEY)


def read_facts(given: Mapping[str, Any], fields: Mapping[str, Shape] = ASK_FIELDS) -> dict[str, Any]:
    """*given*, as JSON or TOML has it, in our types. Fault request_invalid names the field and the rule.

    An amount is a decimal text in major units of `currency`, and a whole number of its smallest unit.
    """
    facts = {name: _one(name, value, fields) for name, value in given.items() if value is not None}
    for name, value in facts.items():
        if isinstance(value, Decimal) and (currency := facts.get("currency")) is not None:
            try:
                Money.of(value, currency)
            except Fault as fault:
                raise _refused(f"{name}: {fault.why}") from None
    return facts


def _one(name: str, value: Any, fields: Mapping[str, Shape]) -> Any:
    if name not in fields:
        near = suggest(name, fields)
        raise _refused(
            f'there is no field "{name[:40]}"' + (f": {near}" if near else f"; there are {', '.join(fields)}")
        )
    shape = fields[name]
    try:
        if shape is Shape.AMOUNT:
            if not isinstance(value, str):
                raise _refused('an amount is a text, such as "5000.00"')
            amount = exact(value)
            if amount < 0:
                raise _refused("an amount is not negative")
            return amount
        if shape is Shape.TIME:
            return _time(value)
        if shape is Shape.NUMBER:
            if type(value) is not int or not 0 <= value < 10**9:
                raise _refused("a small whole number is due")
            return value
        if shape is Shape.TEXT:
            if not isinstance(value, str):
                raise _refused("a text is due")
            return _TEXT.read(value)
    except Fault as fault:
        raise _refused(f"{name}: {fault.why}") from None
    return value


def _time(value: Any) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise _refused("a time is ISO 8601, such as 2026-01-31T12:00:00Z") from None
    if moment.tzinfo is None:
        raise _refused("a time has its offset, such as Z")
    return moment


def _refused(why: str) -> Fault:
    return Fault(Outcome.REQUEST_INVALID, why)


def plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """*facts* as JSON takes them."""
    return {name: _plain(value) for name, value in facts.items() if name in ANSWER_FIELDS}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, datetime) else value
