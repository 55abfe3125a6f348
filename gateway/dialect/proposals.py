"""The row that a sighting asks for, as it can be pasted into a table, and where.

A row changes nothing that is said or done: what the documents must decide stands behind a TODO, which `gateway check`
lists until somebody has looked.
"""

import re
from dataclasses import dataclass
from typing import Any

from gateway.dialect.drift import Drift, Side, Sighting
from gateway.wire.jsontext import write_json

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proposal:
    """*row* for the section *under*; *sample*: the row is a member for the JSON sample there, no line of TOML.

    *outbound*: it belongs where `[outbound]` stands. *key*: what the row sets, its list being *items*.
    """

    under: str
    row: str
    sample: bool = False
    outbound: bool = False
    key: str = ""
    items: str = ""


def proposed(seen: Sighting) -> Proposal:
    """The row for *seen*."""
    asked = seen.side is Side.ANSWER
    if seen.kind is Drift.FIELD:
        return _field(seen)
    if seen.kind is Drift.CONTENT_TYPE:
        if seen.side is Side.CALLBACK:
            return Proposal("request", f'fill."header.Content-Type" = {_text(seen.name)}')
        section = "outbound.answers" if asked else "answers"
        return Proposal(section, f"headers.Content-Type = {_text(seen.name)}", outbound=asked)
    if seen.kind in (Drift.CODE, Drift.STATUS):
        return _code(seen)
    if seen.kind is Drift.MESSAGE:
        row = "# TODO advice: how the message begins = [its cause, what to do]"
        return Proposal("outbound", f"{row}  # {seen.shown}, to {seen.at}", outbound=True)
    if seen.kind is Drift.VALUE:
        return _value(seen)
    when = ", ".join(f"{_text(place)} = {_literal(value)}" for place, value in (seen.sample or {}).items())
    row = f'# TODO [operations.NAME]  operation = "..."  when = {{ {when} }}' if when else "# TODO an operation"
    return Proposal("", f"{row}  # {seen.name}")


def _field(seen: Sighting) -> Proposal:
    source, _, path = seen.name.partition(".")
    if " " in seen.name:
        return Proposal("", f"# TODO a field whose name is not shown, in {seen.at}  # {seen.shown}")
    if source in ("body", "query"):
        literal = _literal("" if source == "query" else seen.sample)
        return Proposal(f"operations.{_key(seen.at)}", f"fill.{_text(seen.name)} = {literal}  # {seen.shown}, not read")
    steps = path.split(".")
    member = f"{write_json(steps[-1]).decode()}: {write_json(seen.sample).decode()}"
    inside = f" (inside {'.'.join(steps[:-1])})" if steps[1:] else ""
    if seen.side is Side.ANSWER:
        return Proposal(f"outbound.requests.{_key(seen.at)}.answers", member + inside, sample=True, outbound=True)
    return Proposal(f"operations.{_key(seen.at)}.answers", member + inside, sample=True)


def _code(seen: Sighting) -> Proposal:
    asked = seen.side is Side.ANSWER
    section = f"{'outbound.requests' if asked else 'operations'}.{_key(seen.at)}"
    if seen.kind is Drift.STATUS:
        items = f"{{ http = {seen.http} }}"
    elif not (isinstance(seen.sample, str) and not seen.sample):
        # A code alone would stand for it at every status, a success's included.
        items = f"{{ code = {_literal(seen.sample)}, http = {seen.http} }}" if asked else _literal(seen.sample)
    else:
        return Proposal(section, f"# TODO heard_as: a code that is a {seen.name}, and is not shown", outbound=asked)
    row = f"heard_as.unknown = [{items}]  # TODO what does it mean? until then a doubt, as before"
    return Proposal(section, row, outbound=asked, key="heard_as.unknown", items=items)


def _value(seen: Sighting) -> Proposal:
    name, shown = str(seen.sample), seen.shown
    if name == "state":
        return Proposal("payments", f"# TODO states: which of ours is {_text(shown)}? until then unknown, and parked")
    return Proposal(
        f"operations.{_key(seen.at)}", f"# TODO values.{name}: what is {_text(shown)}? until then it is refused"
    )  # fmt: skip


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    return write_json(text).decode()


def _literal(value: Any) -> str:
    """A TOML literal: texts, numbers, flags and what is empty are spelled as in JSON."""
    return "{}" if value == {} and isinstance(value, dict) else write_json(value).decode()
