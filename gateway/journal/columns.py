"""A row as columns of SQL, and back: the same on every store. Texts, integers and floats only; money stays text.

Calls and replies are JSON objects of our fields' names; amounts are decimal texts, times ISO 8601, ids as they came.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

import jiter
import orjson

from gateway.canon.calls import CALL_FIELDS, REPLY_FIELDS, Call, Reply, Shape
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import Effect, Flight, Row, State, Step
from gateway.wire.jsontext import write_json

_OUTCOMES = {str(outcome): outcome for outcome in Outcome}
Write = Callable[[Any], Any]


def call_text(call: Call | None) -> str | None:
    """A call as JSON text."""
    return None if call is None else _spelled({"operation": str(call.operation)}, _CALL_NAMES, _call_facts(call))


def read_call(text: str | None) -> Call | None:
    """The call that `call_text` wrote."""
    if text is None:
        return None
    facts = _object(text)
    return Call(Operation(facts.pop("operation")), **_ours(facts))


def reply_text(reply: Reply | None) -> str | None:
    """A reply as JSON text."""
    return None if reply is None else _spelled({"outcome": str(reply.outcome)}, _REPLY_NAMES, _reply_facts(reply))


def read_reply(text: str | None) -> Reply | None:
    """The reply that `reply_text` wrote."""
    if text is None:
        return None
    facts = _object(text)
    return Reply(_OUTCOMES[facts.pop("outcome")], **_ours(facts))


def facts_text(facts: Mapping[str, Any]) -> str:
    """What is remembered of a session, as JSON text: our fields, of calls and replies."""
    return write_json(
        {name: _SPELL[name](value) if name in _SPELL else value for name, value in facts.items()}
    ).decode()


def read_facts(text: str) -> dict[str, Any]:
    """The facts that `facts_text` wrote."""
    return _ours(_object(text))


def _spelled(facts: dict[str, Any], names: Sequence[str], values: Sequence[Any]) -> str:
    """*facts* and those of *values* that are there, as JSON text."""
    for name, value in zip(names, values, strict=True):
        if value is not None:
            facts[name] = _SPELL[name](value) if name in _SPELL else value
    return orjson.dumps(facts).decode()


def _ours(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _HEAR[name](value) if name in _HEAR else value for name, value in facts.items()}


def _same(value: Any) -> Any:
    return value


def _by_name(converters: Mapping[Shape, Write]) -> dict[str, Write]:
    """The converter of each field whose shape has one."""
    fields = {**CALL_FIELDS, **REPLY_FIELDS}
    return {name: converters[shape] for name, shape in fields.items() if shape in converters}


_SPELL = _by_name(
    {
        Shape.AMOUNT: lambda amount: format(amount, "f"),
        Shape.TEXTS: list,
        Shape.TIME: datetime.isoformat,
        Shape.BAG: lambda bag: orjson.Fragment(write_json(bag)),  # its numbers keep the digits that were sent
    }
)
_HEAR = _by_name({Shape.AMOUNT: Decimal, Shape.TEXTS: tuple, Shape.TIME: datetime.fromisoformat})
_CALL_NAMES, _REPLY_NAMES = tuple(CALL_FIELDS), tuple(REPLY_FIELDS)
_call_facts, _reply_facts = attrgetter(*_CALL_NAMES), attrgetter(*_REPLY_NAMES)


def _read(text: str) -> Any:
    """Our own text: numbers as they were sent, and no bounds, for what was taken in must be read again."""
    return jiter.from_json(text.encode(), float_mode="lossless-float", cache_mode="none")


def _object(text: str) -> dict[str, Any]:
    return dict(_read(text))


def _effect(effect: Effect | None) -> str | None:
    return None if effect is None else ",".join(sorted(effect))


def _read_effect(text: str | None) -> Effect | None:
    return None if text is None else frozenset(text.split(",")) - {""}


def _maybe(kind: Callable[[str], Any]) -> Callable[[str | None], Any]:
    return lambda text: None if text is None else kind(text)


def read_outcome(text: str | None) -> Outcome | None:
    """The outcome of that name."""
    return None if text is None else _OUTCOMES[text]


def _word(value: Any) -> str | None:
    return None if value is None else str(value)


def _fingerprint(text: str) -> tuple[str, ...]:
    return tuple(_read(text))


#: Column, its type (BIGINT is SQLite's INTEGER, REAL is PostgreSQL's DOUBLE PRECISION), how it is written and read.
COLUMNS: tuple[tuple[str, str, Write, Write], ...] = (
    ("key", "TEXT", _same, _same),
    ("account", "TEXT", _same, _same),
    ("transaction", "TEXT", _same, _same),
    ("operation", "TEXT", _word, _maybe(Operation)),
    ("name", "TEXT", _same, _same),
    ("fingerprint", "TEXT", lambda parts: orjson.dumps(parts).decode(), _fingerprint),
    ("call", "TEXT", call_text, read_call),
    ("player", "TEXT", _same, _same),
    ("round", "TEXT", _same, _same),
    ("chain", "TEXT", _same, _same),
    ("span", "REAL", float, _same),
    ("state", "TEXT", str, State),
    ("outcome", "TEXT", _word, read_outcome),
    ("reply", "TEXT", reply_text, read_reply),
    ("told", "TEXT", _effect, _read_effect),
    ("telling", "TEXT", _effect, _read_effect),
    ("answers", "BIGINT", _same, _same),
    ("sent", "BIGINT", _same, _same),
    ("holder", "TEXT", _same, _same),
    ("flight", "TEXT", _word, _maybe(Flight)),
    ("undo", "BIGINT", int, bool),
    ("undo_by", "TEXT", _same, _same),
    ("undo_sent", "BIGINT", int, bool),
    ("undos", "BIGINT", _same, _same),
    ("proved", "BIGINT", int, bool),
    ("settled_by", "TEXT", _same, _same),
    ("parked", "TEXT", _same, _same),
    ("step", "TEXT", _word, _maybe(Step)),
    ("due", "REAL", float, _same),
    ("tries", "BIGINT", _same, _same),
    ("since", "REAL", float, _same),
    ("created", "REAL", float, _same),
    ("updated", "REAL", float, _same),
    ("wall", "REAL", float, _same),
    ("version", "BIGINT", _same, _same),
)
NAMES = tuple(name for name, _, _, _ in COLUMNS)
_READERS = tuple(read for _, _, _, read in COLUMNS)


def writer(names: Sequence[str]) -> Callable[[Row], list[Any]]:
    """A function that gives these columns of a row, in this order; faster than to ask for each by itself."""
    take = attrgetter(*names)
    how = {name: write for name, _, write, _ in COLUMNS}
    converted = tuple((at, how[name]) for at, name in enumerate(names) if how[name] is not _same)

    def written(row: Row) -> list[Any]:
        found = list(take(row))
        for at, write in converted:
            found[at] = write(found[at])
        return found

    return written


_written = writer(NAMES)


def values(row: Row) -> tuple[Any, ...]:
    """The row's columns, in the order of NAMES."""
    return tuple(_written(row))


def row_of(found: Sequence[Any]) -> Row:
    """The row of those columns."""
    return Row(*(read(value) for read, value in zip(_READERS, found, strict=True)))
