"""A TOML file and where everything in it stands.

`Source.read(path).data` is the file as plain values (numbers with a point are Decimal); `position(keypath)` says at
which line and column a key or a value stands. The positions are looked up only once somebody asks: a table that has
nothing wrong never pays for them. What cannot be read is refused with `problems.Refused` (GW001, GW002).
"""

import re
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import tree_sitter
import tree_sitter_toml

from gateway.dialect.problems import Problem, Refused

KeyPath = tuple[str | int, ...]
What = Literal["key", "value"]

_TOML: Final = tree_sitter.Language(tree_sitter_toml.language())
_WHERE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class Span(NamedTuple):
    """A place in a file: line and column count from 1, column and length in characters, length on the first line."""

    line: int
    column: int
    length: int


@dataclass(frozen=True)
class Source:
    """One file. *path* is the name that complaints show; *text* keeps its line ends as they were."""

    path: Path | str
    text: str = field(repr=False)

    @classmethod
    def read(cls, path: Path | str, shown: Path | str | None = None) -> "Source":
        """Read *path*; complaints call it *shown*. Raises Refused: GW002 when it cannot be read, GW001 if not UTF-8."""
        name = path if shown is None else shown
        try:
            raw = Path(path).read_bytes()
        except OSError as error:
            says = f"cannot be read: {error.strerror or type(error).__name__}"
            raise Refused([Problem("GW002", cls(name, ""), (), says, "check the name and who may read it")]) from None
        try:
            return cls(name, raw.decode())
        except UnicodeDecodeError as error:
            source = cls(name, raw.decode(errors="replace"))
            at = len(raw[: error.start].decode())
            raise Refused([_not_toml(source, source._span(at, at + 1), "not UTF-8")]) from None

    @cached_property
    def data(self) -> dict[str, Any]:
        """The file as plain values. Raises Refused with GW001, at the line and column where reading stopped."""
        try:
            return tomllib.loads(self.text, parse_float=Decimal)
        except (ValueError, ArithmeticError, RecursionError) as error:
            if isinstance(error, tomllib.TOMLDecodeError):
                fact = str(error)
            else:
                fact = "a number that is out of bounds, or nesting too deep"
            where = _WHERE.search(fact)
            span = Span(int(where[1]), int(where[2]), 1) if where and where[1] else self._end() if where else None
            raise Refused([_not_toml(self, span or Span(1, 1, 1), _WHERE.sub("", fact))]) from None

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its line end; empty past the end."""
        lines = self.text.split("\n")
        return lines[number - 1].removesuffix("\r") if 0 < number <= len(lines) else ""

    def position(self, keypath: KeyPath, what: What = "value", part: str = "") -> Span:
        """Where the key or the value at *keypath* stands; an int step counts in an array or an array of tables.

        The value of a `[section]` is its header. With *part*, the first place inside the token where that text stands
        as a whole word (a `$name` in a long sample), the token itself when it does not. A keypath that is not in the
        file gets the nearest enclosing key or section header that is, in the end the first line. Only of a file that
        `data` can read; the empty keypath, the first line, of any.
        """
        if not keypath:
            return Span(1, 1, max(1, len(self.line(1))))
        found = (self._keys if what == "key" else self._values).get(keypath)
        if found is None:
            for length in range(len(keypath) - 1, 0, -1):
                enclosing = keypath[:length]
                if enclosing in self._keys or enclosing in self._values:
                    places = self._values if enclosing in self._headers else self._keys
                    found = places.get(enclosing, self._values.get(enclosing))
                    break
        if found is None:
            return self.position(())
        start, end = found
        if part:
            edge = r"(?<!\w)" if re.match(r"\w", part) else ""
            if hit := re.compile(f"{edge}{re.escape(part)}(?!\\w)").search(self.text, start, end):
                start, end = hit.span()
        return self._span(start, end)

    def extent(self, keypath: KeyPath) -> tuple[int, int] | None:
        """The characters of `text` that the value at *keypath* takes, quotes included; None when it is not in it."""
        return self._values.get(keypath)

    def _span(self, start: int, end: int) -> Span:
        bol = self.text.rfind("\n", 0, start) + 1
        eol = self.text.find("\n", start)
        stop = min(end, len(self.text) if eol < 0 else eol)
        token = self.text[start:stop].removesuffix("\r")
        return Span(self.text.count("\n", 0, start) + 1, start - bol + 1, max(1, len(token)))

    def _end(self) -> Span:
        return self._span(len(self.text.rstrip()), len(self.text))

    @cached_property
    def _places(self) -> "_Places":
        return _Places(self.text)

    @property
    def _keys(self) -> dict[KeyPath, tuple[int, int]]:
        return self._places.keys

    @property
    def _values(self) -> dict[KeyPath, tuple[int, int]]:
        return self._places.values

    @property
    def _headers(self) -> set[KeyPath]:
        return self._places.headers


def _not_toml(source: Source, span: Span, fact: str) -> Problem:
    says = f"not TOML: {fact[:1].lower()}{fact[1:]}"
    return Problem("GW001", source, (), says, "the rules of TOML: https://toml.io/en/v1.0.0", span=span)


class _Places:
    """Character offsets of all keys and values of a text, by keypath."""

    def __init__(self, text: str) -> None:
        self.keys: dict[KeyPath, tuple[int, int]] = {}
        self.values: dict[KeyPath, tuple[int, int]] = {}
        self.headers: set[KeyPath] = set()
        self._raw = text.encode()
        self._plain = len(self._raw) == len(text)
        self._last: dict[KeyPath, int] = {}
        for node in tree_sitter.Parser(_TOML).parse(self._raw).root_node.named_children:
            if node.type == "pair":
                self._pair(node, ())
            elif node.type in ("table", "table_array_element"):
                section = self._section(node)
                for pair in node.named_children:
                    if pair.type == "pair":
                        self._pair(pair, section)

    def _section(self, node: tree_sitter.Node) -> KeyPath:
        bracket = next(child for child in node.children if child.type in ("]", "]]"))
        header = self._offset(node.start_byte), self._offset(bracket.end_byte)
        *outer, (last, place) = self._steps(node.named_children[0])
        path: KeyPath = ()
        for step, at in outer:
            path = (*path, step)
            self.keys.setdefault(path, at)
            self.values.setdefault(path, at)
            if path in self._last:
                path = (*path, self._last[path])
        path = (*path, last)
        if node.type == "table_array_element":
            self.keys.setdefault(path, place)
            self.values.setdefault(path, header)
            self.headers.add(path)
            self._last[path] = self._last.get(path, -1) + 1
            path = (*path, self._last[path])
        self.keys[path], self.values[path] = place, header
        self.headers.add(path)
        return path

    def _pair(self, node: tree_sitter.Node, prefix: KeyPath) -> None:
        *outer, (last, place) = self._steps(node.named_children[0])
        for step, at in outer:
            prefix = (*prefix, step)
            self.keys.setdefault(prefix, at)
            self.values.setdefault(prefix, at)
        path = (*prefix, last)
        self.keys[path] = place
        self._value(node.named_children[1], path)

    def _value(self, node: tree_sitter.Node, path: KeyPath) -> None:
        self.values[path] = self._offset(node.start_byte), self._offset(node.end_byte)
        inner = [child for child in node.named_children if child.type not in ("comment", "ERROR")]
        if node.type == "inline_table":
            for pair in inner:
                self._pair(pair, path)
        elif node.type == "array":
            for index, item in enumerate(inner):
                self._value(item, (*path, index))

    def _steps(self, node: tree_sitter.Node) -> list[tuple[str, tuple[int, int]]]:
        if node.type == "dotted_key":
            return [step for child in node.named_children for step in self._steps(child)]
        text = self._raw[node.start_byte : node.end_byte].decode()
        if node.type == "quoted_key":
            (text,) = tomllib.loads(f"{text} = 0")
        return [(text, (self._offset(node.start_byte), self._offset(node.end_byte)))]

    def _offset(self, byte: int) -> int:
        return byte if self._plain else len(self._raw[:byte].decode())
