"""What a signature is computed over: parts, each of which reads its bytes from a message, joined without separator.

A part reads what was sent, digit for digit, and never re-serialises. The same parts serve the sender: it encodes its
message first and reads the parts from those bytes. What a table says of a part is settled once, when its `reader` is
made; a reader does nothing but read, and raises Garbled for what it cannot read.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any
from urllib.parse import quote_plus

from gateway.canon.faults import Fault
from gateway.canon.money import exact
from gateway.wire.jsontext import scalar_text
from gateway.wire.message import Garbled, Request
from gateway.wire.money_forms import MoneyForm
from gateway.wire.opened import Opened
from gateway.wire.paths import MISSING, Place
from gateway.wire.recipes import Key, RecipeFault, one_of
from gateway.wire.straight import Straight

#: The bytes of each part in order; None stands where the secret goes.
Pieces = list[bytes | None]
#: Reads one part of a message.
Reader = Callable[[Opened], bytes | None]

WORDS = ("raw", "secret", "method", "path", "query")
SORTABLE = ("body", "query")
_REMEDY = (
    f"one of {', '.join(WORDS)}, a place such as body.amount, {{ text = ... }}, {{ money = ..., decimals = ... }}, "
    "{ sorted = body or query, take = ... }, { query_without = [...] }"
)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Word:
    """The raw body, the secret, the method, the raw path or the raw query (without "?")."""

    label: str

    def reader(self) -> Reader:
        label = self.label
        if label == "secret":
            return lambda opened: None
        if label == "raw":
            return attrgetter("message.body")

        def read(opened: Opened) -> bytes:
            message = opened.message
            if not isinstance(message, Request):
                raise Garbled(f"an answer has no {label} to sign")
            return _bytes(getattr(message, label))

        return read


@dataclass(frozen=True, slots=True)
class Field:
    """A place's text exactly as sent; at a `?` place an absent value signs as nothing."""

    place: Place

    @property
    def label(self) -> str:
        return str(self.place)

    def reader(self) -> Reader:
        place = self.place
        if place.source == "header" and not place.optional:
            return _header(place)
        if not place.optional:
            return lambda opened: _bytes(place.text(opened))
        return lambda opened: b"" if place.look(opened) is MISSING else _bytes(place.text(opened))


@dataclass(frozen=True, slots=True)
class Text:
    """A literal."""

    literal: str
    label: str = "text"

    def reader(self) -> Reader:
        literal = _bytes(self.literal)
        return lambda opened: literal


@dataclass(frozen=True, slots=True)
class Printed:
    """An amount printed with a fixed number of decimals; one that needs more of them is refused, never rounded."""

    place: Place
    decimals: int

    @property
    def label(self) -> str:
        return f"money {self.place}"

    def reader(self) -> Reader:
        place, form = self.place, MoneyForm("text", "major", self.decimals)

        def read(opened: Opened) -> bytes:
            try:
                return form.write(exact(place.text(opened)), None).encode()
            except Fault as fault:
                raise Garbled(f"{place}: {fault.why}") from None

        return read


@dataclass(frozen=True, slots=True)
class QueryWithout:
    """The raw query, byte for byte and in its order, but for the parameters of these names (and their "&")."""

    names: frozenset[str]
    label: str = "query without"

    def reader(self) -> Reader:
        names = frozenset(name.encode("latin-1") for name in self.names)

        def read(opened: Opened) -> bytes:
            if not isinstance(opened.message, Request):
                raise Garbled("an answer has no query to sign")
            pairs = _bytes(opened.message.query).split(b"&")
            return b"&".join([pair for pair in pairs if pair.partition(b"=")[0] not in names])

        return read


@dataclass(frozen=True, slots=True)
class Sorted:
    """Top-level fields of *source* in the order of their names' code points (which is that of their UTF-8 bytes).

    null signs as an empty text. Left out: names in *excepted*, values whose text is in *drop*, null if it holds "null".
    *renamed*: a field that takes the place, and in pairs the name, of another one. *headers*: places that are sorted
    among the fields, each under its name. *escaped*: names and values are signed as a form would have them.
    """

    source: str
    pairs: bool
    equals: str
    separator: str
    excepted: frozenset[str]
    drop: frozenset[str]
    renamed: tuple[tuple[str, str], ...] = ()
    headers: tuple[Place, ...] = ()
    escaped: bool = False

    @property
    def label(self) -> str:
        return f"sorted {self.source}"

    def reader(self) -> Reader:
        return _sorted(self)

    def _fields(self) -> Callable[[Opened], Mapping[str, Any]]:
        if self.source == "body":

            def of_body(opened: Opened) -> Mapping[str, Any]:
                if opened.codec == "none":
                    raise Garbled("a body that is not decoded has no fields to sort")
                return opened.body

            return of_body

        def of_query(opened: Opened) -> Mapping[str, Any]:
            if not isinstance(opened.message, Request):
                raise Garbled("an answer has no query to sign")
            return opened.query

        return of_query

    def _reordered(self) -> Callable[[Mapping[str, Any], Opened], list[tuple[str, Any]]]:
        """Fields under the names that count, with the headers among them; without those that are left out."""
        called, excepted, headers = dict(self.renamed), self.excepted, self.headers

        def reordered(fields: Mapping[str, Any], opened: Opened) -> list[tuple[str, Any]]:
            found = [(called.get(each, each), value) for each, value in fields.items() if each not in excepted]
            found += [(place.keys[0], place.text(opened)) for place in headers]
            return sorted(found, key=itemgetter(0))

        return reordered


@lru_cache(256)
def _sorted(part: Sorted) -> Reader:
    """`Sorted.reader`, of one straight line; what many accounts sign alike is compiled once."""
    code = Straight("read(opened)", part.label)
    code.line(f"fields = {code.name(part._fields(), 'fields_of')}(opened)")
    each, value = "name in sorted(fields)", "(value := fields[name])"
    if part.renamed or part.headers:
        each, value = f"name, value in {code.name(part._reordered(), 'reordered')}(fields, opened)", "value"
    elif part.excepted:
        each += f" if name not in {code.name(part.excepted, 'excepted')}"
    text = f"value if type({value}) is str else {code.name(_text_of, 'text_of')}(value)"
    if part.drop:
        each += f" if (text := {text}) not in {code.name(part.drop, 'drop')}"
        each += " and value is not None" if "null" in part.drop else ""
        text = "text"
    name = "name"
    if part.escaped:
        name, text = (f"{code.name(quote_plus, 'quote_plus')}({one})" for one in (name, text))
    shown = f"{name} + {code.literal(part.equals)} + ({text})" if part.pairs else text
    code.line(f"return {code.name(_bytes, 'bytes_of')}({code.literal(part.separator)}.join([{shown} for {each}]))")
    return code.made()


def _text_of(value: Any) -> str:
    text = "" if value is None else scalar_text(value)
    if text is None:
        raise Garbled("an object or a list among the signed fields")
    return text


def _header(place: Place) -> Reader:
    name = place.keys[0]

    def read(opened: Opened) -> bytes:
        text = opened.header(name)
        if text is None:
            raise Garbled(f"{place} is not a text or a number")
        return text.encode("utf-8", "surrogateescape")

    return read


Part = Word | Field | Text | Printed | Sorted | QueryWithout


def compile_parts(over: Any) -> tuple[Part, ...]:
    """The parts of a section's `over`; RecipeFault, its key beginning with "over", for what is none."""
    if not isinstance(over, list) or not over:
        raise RecipeFault(("over",), "it is not a list of parts", 'for example over = ["raw"]')
    return tuple(_part(part, ("over", number)) for number, part in enumerate(over))


def _part(part: Any, key: Key) -> Part:
    if isinstance(part, str):
        return Word(part) if part in WORDS else Field(place(part, key, _REMEDY))
    kinds = {"text": {"text"}, "money": {"money", "decimals"}}
    kinds["sorted"] = {"sorted", "take", "equals", "separator", "except", "drop", "renamed", "headers", "escaped"}
    kinds["query_without"] = {"query_without"}
    kind = next((kind for kind in kinds if kind in part), None) if isinstance(part, Mapping) else None
    if kind is None:
        raise RecipeFault(key, "it is not a part", _REMEDY)
    for name in part:
        if name not in kinds[kind]:
            raise RecipeFault((*key, name), f'a {kind} part has no "{name}"', one_of(sorted(kinds[kind])))
    if kind == "text":
        return Text(_text(part, "text", key))
    if kind == "money":
        decimals = part.get("decimals")
        if not isinstance(decimals, int) or isinstance(decimals, bool) or not 0 <= decimals <= 18:
            raise RecipeFault((*key, "decimals"), "it is not a number of decimals", "a whole number from 0 to 18")
        return Printed(place(part["money"], (*key, "money"), 'a place such as "body.amount"'), decimals)
    if kind == "query_without":
        names = _texts(part, kind, key)
        if not names or not all(re.fullmatch(r"[A-Za-z0-9._~-]+", name) for name in names):
            raise RecipeFault((*key, kind), "it does not name what is cut out", '{ query_without = ["key"] }')
        return QueryWithout(frozenset(names))
    if part["sorted"] not in SORTABLE:
        raise RecipeFault((*key, "sorted"), "only fields of the body or the query can be sorted", one_of(SORTABLE))
    if part.get("take") not in ("values", "pairs"):
        raise RecipeFault((*key, "take"), "it does not say what is taken of each field", one_of(("values", "pairs")))
    if part["take"] == "values" and "equals" in part:
        raise RecipeFault((*key, "equals"), "values have no names to set apart", 'take it away, or take = "pairs"')
    renamed = part.get("renamed", {})
    if not isinstance(renamed, Mapping) or not all(isinstance(name, str) and name for name in renamed.values()):
        raise RecipeFault((*key, "renamed"), "it maps no names", 'renamed = { theirs = "the name that counts" }')
    headers = [place(f"header.{name}", (*key, "headers"), "names of headers") for name in _texts(part, "headers", key)]
    if any(each.optional for each in headers):
        raise RecipeFault((*key, "headers"), "what is signed is there", "a name without ?")
    if not isinstance(part.get("escaped", False), bool):
        raise RecipeFault((*key, "escaped"), "it is not true or false", "escaped = true")
    return Sorted(
        part["sorted"],
        part["take"] == "pairs",
        _text(part, "equals", key) if "equals" in part else "",
        _text(part, "separator", key) if "separator" in part else "",
        frozenset(_texts(part, "except", key)),
        frozenset(_texts(part, "drop", key)),
        tuple(renamed.items()),
        tuple(headers),
        part.get("escaped", False),
    )


def place(text: Any, key: Key, remedy: str) -> Place:
    """Compile a place that a recipe names, one value each; RecipeFault at *key*."""
    try:
        compiled = Place.parse(text if isinstance(text, str) else "")
    except ValueError as error:
        raise RecipeFault(key, str(error), remedy) from None
    if compiled.item:
        raise RecipeFault(key, "a batch is signed as a whole, and not by its items", 'for example "raw"')
    if compiled.many:
        raise RecipeFault(key, "a list of values cannot be signed", "a place without []")
    return compiled


def _text(part: Mapping[str, Any], name: str, key: Key) -> str:
    if not isinstance(value := part[name], str):
        raise RecipeFault((*key, name), "it is not a text", f'{name} = "..."')
    return value


def _texts(part: Mapping[str, Any], name: str, key: Key) -> list[str]:
    value = part.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RecipeFault((*key, name), "it is not a list of texts", f'{name} = ["..."]')
    return value


def same(one: Place, other: Place) -> bool:
    """Whether both point at the same value; header names compare without case."""
    if one.source != other.source:
        return False
    return one.keys == other.keys or (one.source == "header" and one.keys[0].lower() == other.keys[0].lower())


def covers(parts: tuple[Part, ...], at: Place) -> bool:
    """Whether changing the value at *at* changes what is signed."""
    for part in parts:
        if isinstance(part, (Field, Printed)) and same(part.place, at):
            return True
        if isinstance(part, Sorted) and any(same(each, at) for each in part.headers):
            return True
        if isinstance(part, Sorted) and at.source == part.source and at.keys[0] not in part.excepted:
            return True
        if isinstance(part, QueryWithout) and at.source == "query" and at.keys[0] not in part.names:
            return True
        if isinstance(part, Word) and at.source == ("body" if part.label == "raw" else part.label):
            return True
    return False
