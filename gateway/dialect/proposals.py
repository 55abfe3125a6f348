"""The row that a sighting asks for, as it can be pasted into a table.

A row changes nothing that is said or done. What the documents must decide stands behind a TODO, which `gateway check`
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
    """*literal*, in TOML, at *keys*; a list joins the one that is there. *remark* stands behind it.

    Without *keys*, the remark is all: a line of comment, or with *sample* a member for the JSON sample of answers.
    *under*: the section of the table that it belongs to. *outbound*: it belongs where `[outbound]` stands.
    """

    under: tuple[str, ...]
    keys: tuple[str, ...] = ()
    literal: str = ""
    remark: str = ""
    sample: bool = False
    outbound: bool = False

    def line(self, after: int = 0) -> str:
        """The row, below the first *after* of all its keys."""
        if not self.keys:
            return self.remark if self.sample else f"# {self.remark}"
        row = f"{dotted((*self.under, *self.keys)[after:])} = {self.literal}"
        return f"{row}  # {self.remark}" if self.remark else row

    @property
    def section(self) -> str:
        """`operations.bet`; "" at the top of the table."""
        return dotted(self.under)


def dotted(keys: tuple[str, ...]) -> str:
    """Keys as TOML writes them."""
    return ".".join(key if _BARE.fullmatch(key) else _literal(key) for key in keys)


def proposed(seen: Sighting) -> Proposal:
    """The row for *seen*."""
    asked = seen.side is Side.ANSWER
    if seen.kind is Drift.FIELD:
        return _field(seen)
    if seen.kind is Drift.CONTENT_TYPE:
        if seen.side is Side.CALLBACK:
            return Proposal(("request",), ("fill", "header.Content-Type"), _literal(seen.name))
        under = ("outbound", "answers") if asked else ("answers",)
        return Proposal(under, ("headers", "Content-Type"), _literal(seen.name), outbound=asked)
    if seen.kind in (Drift.CODE, Drift.STATUS):
        return _code(seen)
    if seen.kind is Drift.MESSAGE:
        remark = f"TODO advice: how a message begins = [its cause, what to do]; {seen.shown}, to {seen.at}"
        return Proposal(("outbound",), remark=remark, outbound=True)
    if seen.kind is Drift.VALUE:
        name = str(seen.sample)
        if name == "state":
            return Proposal(
                ("payments",), remark=f"TODO states: which of ours is {seen.shown}? until then unknown, and parked"
            )
        remark = f"TODO values.{name}: what of ours is {seen.shown}? until then it is refused"
        return Proposal(("operations", seen.at), remark=remark)
    when = ", ".join(f"{_literal(place)} = {_literal(value)}" for place, value in (seen.sample or {}).items())
    row = f' operation = "...", when = {{ {when} }}' if when else ""
    return Proposal((), remark=f"TODO [operations.NAME]{row}; {seen.name}")


def _field(seen: Sighting) -> Proposal:
    source, _, path = seen.name.partition(".")
    if " " in seen.name:
        return Proposal((), remark=f"TODO a field whose name is not shown, of {seen.at}: {seen.shown}")
    if source in ("body", "item", "query"):
        # Not `fill`: a message that lacks what is filled, and has another new field, would be taken for renamed.
        return Proposal(("operations", seen.at), ("known",), _literal([seen.name]), f"{seen.shown}, not read")
    *outer, last = path.split(".")
    remark = f"{_literal(last)}: {_literal(seen.sample)}" + (f" (inside {'.'.join(outer)})" if outer else "")
    asked = seen.side is Side.ANSWER
    under = ("outbound", "requests", seen.at) if asked else ("operations", seen.at)
    return Proposal((*under, "answers"), remark=remark, sample=True, outbound=asked)


def _code(seen: Sighting) -> Proposal:
    """As it was understood: a code that has no row of its own may be decided by a wider one."""
    asked = seen.side is Side.ANSWER
    under = ("outbound", "requests", seen.at) if asked else ("operations", seen.at)
    hidden = seen.kind is Drift.CODE and seen.sample == ""
    if hidden:
        return Proposal(under, remark=f"TODO heard_as: a code that is a {seen.name}, and is not shown", outbound=asked)
    if seen.kind is Drift.STATUS:
        item = f"{{ http = {seen.http} }}"
    else:  # a code of a request alone would stand for it at every status, a success's included
        item = f"{{ code = {_literal(seen.sample)}, http = {seen.http} }}" if asked else _literal(seen.sample)
    remark = "TODO what does it mean? until then this, as before"
    return Proposal(under, ("heard_as", seen.means), f"[{item}]", remark, outbound=asked)


def _literal(value: Any) -> str:
    """A TOML literal: texts, numbers, flags and what is empty are spelled as in JSON."""
    return write_json(value).decode()
