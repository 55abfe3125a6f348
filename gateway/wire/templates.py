"""Samples: a party's own JSON, or XML, with `$names` where values go. A sample writes a body and reads one back.

`"$name"` is JSON text, a bare `$name` a number, flag or list; with a trailing `?` the key is left out when there is
nothing to put. `$$` begins a text that really starts with a dollar. Literals are scenery: written, never compared.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.wire.jsontext import read_json, scalar_text, write_json
from gateway.wire.message import Garbled
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
        body = _written(self._root, values)
        return body if body is not None else b"{}"

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

    def write(self, values: Mapping[str, Any]) -> bytes:
        """As `Sample.write`; ValueError too for a text that XML cannot hold."""
        return write_xml(read_json(super().write(values)))


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


def _written(node: _Node, values: Mapping[str, Any]) -> bytes | None:
    if isinstance(node, bytes):
        return node
    if isinstance(node, Slot):
        return _slot(node, values)
    brackets, members = node
    return brackets[0].encode() + b",".join(_members(members, values)) + brackets[1].encode()


def _members(members: tuple[tuple[bytes, _Node], ...], values: Mapping[str, Any]) -> Iterator[bytes]:
    for key, child in members:
        written = _written(child, values)
        if written is not None:
            yield key + written


def _slot(slot: Slot, values: Mapping[str, Any]) -> bytes | None:
    value = values.get(slot.name)
    if value is None:
        if slot.optional:
            return None
        raise KeyError(slot.name)
    if not slot.bare:
        text = scalar_text(value)
        return orjson.dumps(text) if text is not None else write_json(value)
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError(f"{slot.name} is not a number, and stands without quotes")
    return value.encode("ascii") if isinstance(value, str) else write_json(value)
