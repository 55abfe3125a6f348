"""Samples: a party's own JSON, or XML, with `$names` where values go. A sample writes a body and reads one back.

`"$name"` is JSON text, a bare `$name` a number, flag or list; with a trailing `?` the key is left out when there is
nothing to put. `$$` begins a text that really starts with a dollar. Literals are scenery: written, never compared.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from gateway.wire.jsontext import read_json, scalar_text, write_json
from gateway.wire.message import Garbled
from gateway.wire.straight import Straight
from gateway.wire.xmltext import read_xml, write_xml

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\$[A-Za-z_]*\??')
_NAME = re.compile(r"\$([a-z_]+)(\?)?")
_BARE = "\x01"  # cannot stand in JSON text, so it cannot collide with the author's own strings
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


class SampleFault(ValueError):
    """A sample that cannot be compiled; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a name stands. *keys* lead to it; *bare*: without quotes; *optional*: left out when empty."""

    name: str
    keys: tuple[str | int, ...]
    bare: bool
    optional: bool


_Node = Slot | bytes | tuple[str, tuple[tuple[bytes, "_Node"], ...]]


class Sample:
    """A compiled sample. `slots` lists the names in order of appearance, `levels` the members of each object in it."""

    def __init__(self, text: str) -> None:
        """Raises SampleFault if *text* is not one JSON object once the names are filled in."""
        try:
            tree = self._tree(text)
        except Garbled as error:
            raise SampleFault(str(error)) from None
        if not isinstance(tree, dict):
            raise SampleFault("a sample is one JSON object")
        self.text = text
        self.slots: list[Slot] = []
        self.levels: dict[tuple[str | int, ...], frozenset[str]] = {}
        self._root = self._compile(tree, ())
        self.names = {slot.name: slot for slot in self.slots}

    @staticmethod
    def _tree(text: str) -> Any:
        def marked(match: re.Match[str]) -> str:
            token = match.group()
            return token if token.startswith('"') else f'"\\u0001{token}"'

        return read_json(_TOKEN.sub(marked, text).encode())

    def __repr__(self) -> str:
        return f"Sample({self.text!r})"

    def _compile(self, value: Any, keys: tuple[str | int, ...]) -> _Node:
        if isinstance(value, dict):
            self.levels[keys] = frozenset(value)
            members = tuple(
                (orjson.dumps(key) + b":", self._compile(item, (*keys, key))) for key, item in value.items()
            )
            return ("{}", members)
        if isinstance(value, list):
            return ("[]", tuple((b"", self._compile(item, (*keys, at))) for at, item in enumerate(value)))
        if isinstance(value, str):
            bare = value.startswith(_BARE)
            text = value.removeprefix(_BARE)
            if match := _NAME.fullmatch(text):
                slot = Slot(match.group(1), keys, bare, match.group(2) is not None)
                self.slots.append(slot)
                return slot
            if bare or (text.startswith("$") and not text.startswith("$$")):
                raise SampleFault(f'"{text}" is not a name: lower-case letters and _, then nothing but ?')
            value = text[1:] if text.startswith("$$") else text
        return write_json(value)

    def write(self, values: Mapping[str, Any]) -> bytes:
        """Fill in *values* (texts, digits as text, flags, lists) and encode.

        Raises KeyError for a name without `?` that has no value, ValueError for a bare text that is not a number.
        """
        return self._write(values)

    @cached_property
    def _write(self) -> Callable[[Mapping[str, Any]], bytes]:
        code = Straight("write(values)", "sample")
        named = {name: f"value_{number}" for number, name in enumerate(self.names)}
        for name, value in named.items():
            code.line(f"{value} = values.get({name!r})")
        code.line(f"return {self.filled(code, named)}")
        return code.made()

    def filled(self, code: Straight, named: Mapping[str, str]) -> str:
        """Lines that encode what the variables *named* for the names hold, and the expression of the whole body.

        They raise as `write` does.
        """
        texts: dict[Slot, str] = {}
        for number, slot in enumerate(self.slots):
            texts[slot] = f"text_{number}"
            _encode(code, slot, named[slot.name], texts[slot])
        return _joined(_pieces(self._root, texts))

    def read(self, body: Any) -> dict[str, Any]:
        """Every name's raw value where *body* has one; absent and null are left out alike."""
        found: dict[str, Any] = {}
        for slot in self.slots:
            value = look(body, slot.keys)
            if value is not None:
                found[slot.name] = value
        return found


class MarkupSample(Sample):
    """The same of XML: `$name` is the text of an element or of an attribute, and nothing stands without quotes."""

    @staticmethod
    def _tree(text: str) -> Any:
        return read_xml(text.encode())

    def filled(self, code: Straight, named: Mapping[str, str]) -> str:
        """As of any sample; ValueError too for a text that XML cannot hold."""
        xml, json = code.name(write_xml, "write_xml"), code.name(read_json, "read_json")
        return f"{xml}({json}({super().filled(code, named)}))"


def look(body: Any, keys: tuple[str | int, ...]) -> Any:
    """The value at *keys*, None if any step is missing."""
    for key in keys:
        if isinstance(key, str):
            body = body.get(key) if isinstance(body, dict) else None
        else:
            body = body[key] if isinstance(body, list) and key < len(body) else None
        if body is None:
            return None
    return body


def look_lines(code: Straight, body: str, keys: tuple[str | int, ...], value: str) -> None:
    """Lines that put into the variable *value* what `look` finds in *body*, which is known to be an object."""
    for key in keys:
        if body != value:
            code.line(f"{value} = {body}.get({key!r})")
        elif isinstance(key, str):
            code.line(f"{value} = {value}.get({key!r}) if isinstance({value}, dict) else None")
        else:
            code.line(f"{value} = {value}[{key}] if isinstance({value}, list) and {key} < len({value}) else None")
        body = value


def _encode(code: Straight, slot: Slot, value: str, text: str) -> None:
    """Lines that put the bytes of *value* into *text*: None where nothing is to be put."""
    if slot.bare:
        fits, bare = code.name(_NUMBER.fullmatch, "number"), code.name(_bare, "bare")
        encoded = f"{value}.encode() if type({value}) is str and {fits}({value}) else {bare}({slot.name!r}, {value})"
    else:
        dumps, quoted = code.name(orjson.dumps, "dumps"), code.name(_quoted, "quoted")
        encoded = f"{dumps}({value}) if type({value}) is str else {quoted}({value})"
    if slot.optional:
        code.line(f"{text} = None if {value} is None else {encoded}")
    else:
        code.line(f"if {value} is None: raise KeyError({slot.name!r})")
        code.line(f"{text} = {encoded}")


def _bare(name: str, value: Any) -> bytes:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError(f"{name} is not a number, and stands without quotes")
    return value.encode("ascii") if isinstance(value, str) else write_json(value)


def _quoted(value: Any) -> bytes:
    text = scalar_text(value)
    return orjson.dumps(text) if text is not None else write_json(value)


#: Bytes as they stand, or an expression for them.
_Piece = bytes | str


def _pieces(node: _Node, texts: Mapping[Slot, str]) -> list[_Piece]:
    if isinstance(node, bytes):
        return [node]
    if isinstance(node, Slot):
        return [texts[node]]
    (begin, end), members = (bracket.encode() for bracket in node[0]), node[1]
    if members and _optional(members[0][1]):  # which of them is the first is known when they are
        each = ", ".join(
            f"None if {texts[child]} is None else {member}" if isinstance(child, Slot) and child.optional else member
            for key, child in members
            for member in [_joined([key, *_pieces(child, texts)])]
        )
        return [begin, f"b','.join([each for each in ({each},) if each is not None])", end]
    found: list[_Piece] = [begin]
    for number, (key, child) in enumerate(members):
        member: list[_Piece] = [b"," if number else b"", key, *_pieces(child, texts)]
        if isinstance(child, Slot) and child.optional:
            member = [f"(b'' if {texts[child]} is None else {_joined(member)})"]
        found += member
    return [*found, end]


def _optional(node: _Node) -> bool:
    return isinstance(node, Slot) and node.optional


def _joined(pieces: list[_Piece]) -> str:
    """One expression of *pieces*; bytes that stand beside each other are one literal."""
    whole: list[_Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and whole and isinstance(whole[-1], bytes):
            whole[-1] += piece
        else:
            whole.append(piece)
    return " + ".join(repr(piece) if isinstance(piece, bytes) else piece for piece in whole)
