"""Our own call as JSON, both ways: amounts as exact texts, times in ISO 8601, several ids as a list."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.canon.calls import CALL_FIELDS, Call, Shape
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.cli.exits import Misuse
from gateway.dialect.examples import canonical
from gateway.dialect.problems import suggest
from gateway.wire.jsontext import read_json
from gateway.wire.message import Garbled

_KINDS: dict[Shape, tuple[type, ...]] = {
    Shape.FLAG: (bool,), Shape.NUMBER: (int,), Shape.BAG: (dict,), Shape.TEXTS: (list, str),
    Shape.AMOUNT: (str, int),
}  # fmt: skip


def call_json(call: Call) -> str:
    """*call* as JSON, one field a line."""
    return json.dumps({"operation": str(call.operation), **plain(call.facts())}, indent=2, ensure_ascii=False)


def plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as JSON has them."""
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return plain(value)
    return value if isinstance(value, (str, int, bool, list)) or value is None else str(value)


def read_call(raw: bytes) -> Call:
    """The call that `call_json` wrote. Misuse, naming the field that is wrong."""
    try:
        found = read_json(raw)
    except Garbled as error:
        raise Misuse(f"this is no canonical call: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("operation"), str):
        raise Misuse('a canonical call is a JSON object with an "operation"')
    word = found.pop("operation")
    if word not in set(Operation):
        near = suggest(word, Operation)
        raise Misuse(
            f'there is no operation "{word}"' + (f": {near}" if near else f"; there are {', '.join(Operation)}")
        )
    return Call(Operation(word), **facts(found))


def facts(found: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a call in our types. Misuse for an unknown field, or a value that is not what it should be."""
    for name, value in found.items():
        if name not in CALL_FIELDS:
            near = suggest(name, CALL_FIELDS)
            raise Misuse(f'a call has no field "{name}"' + (f": {near}" if near else "; gateway describe fields"))
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise Misuse(f"{name} is not what it should be: it is a list of texts")
        kinds = _KINDS.get(CALL_FIELDS[name], (str,))
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            written = (
                "an amount is a text such as 12.50" if int in kinds and str in kinds else f"it is {kinds[0].__name__}"
            )
            raise Misuse(f"{name} is not what it should be: {written}")
    try:
        return canonical(found)
    except (Fault, ValueError) as error:
        raise Misuse(f"a field cannot be read: {error.why if isinstance(error, Fault) else error}") from None
