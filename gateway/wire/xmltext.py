"""XML text: strict reading, and writing that is read back as it was.

An element with nothing but text is that text; any other is an object of its children, its attributes as `@name`, and
its text, where it has attributes as well, as `#`. A child that is sent twice is a list, which no place takes for one
value. Everything is text: XML knows no numbers.

Reading refuses what could make two readers differ or one of them suffer: document types (and so every entity that is
not XML's own), processing instructions, comments, other encodings than UTF-8, text beside elements, unbounded shapes.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, NoReturn
from xml.parsers import expat

from gateway.wire.jsontext import MAX_DEPTH, MAX_KEYS, MAX_TEXT, scalar_text
from gateway.wire.message import Garbled

#: What an element or an attribute may be called.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_:-]*")
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Blanks that a reader would change: all of them in attributes, the carriage return everywhere.
_BLANKS = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


def read_xml(raw: bytes) -> dict[str, Any]:
    """Decode one XML document as {root: value}. Raises Garbled, naming the rule, never the content.

    Bounds: 16 levels, 256 attributes and children of one element, 4,096 characters of text in one.
    """
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Garbled("the XML is not UTF-8") from None
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.XmlDeclHandler = reader.declared
    parser.StartDoctypeDeclHandler = reader.refuse("a document type")
    parser.EntityDeclHandler = reader.refuse("an entity")
    parser.ProcessingInstructionHandler = reader.refuse("a processing instruction")
    parser.CommentHandler = reader.refuse("a comment")
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise Garbled(f"not XML: {expat.ErrorString(error.code)} at line {error.lineno}") from None
    return reader.found


class _Reader:
    """What has been opened so far: (name, attributes and children, pieces of text)."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._sizes: list[int] = []

    def declared(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() != "utf-8":
            raise Garbled("the XML claims another encoding than UTF-8")

    @staticmethod
    def refuse(what: str) -> Any:
        def refused(*_: object) -> NoReturn:
            raise Garbled(f"{what} in the XML")

        return refused

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise Garbled(f"more than {MAX_DEPTH} levels deep")
        if any(len(value) > MAX_TEXT for value in attributes.values()):
            raise Garbled(f"a text longer than {MAX_TEXT} characters")
        if self._sizes:
            self._sizes[-1] += 1
        self._sizes.append(len(attributes))
        if max(self._sizes) > MAX_KEYS:
            raise Garbled(f"more than {MAX_KEYS} attributes and children of one element")
        self._open.append((name, {f"@{key}": value for key, value in attributes.items()}, []))

    def text(self, piece: str) -> None:
        pieces = self._open[-1][2]
        pieces.append(piece)
        if sum(map(len, pieces)) > MAX_TEXT:
            raise Garbled(f"a text longer than {MAX_TEXT} characters")

    def end(self, _: str) -> None:
        name, members, pieces = self._open.pop()
        self._sizes.pop()
        text = "".join(pieces)
        value: Any = text
        if any(not key.startswith("@") for key in members):
            if text.strip():
                raise Garbled("text beside elements in the XML")
            value = members
        elif members:
            value = {**members, "#": text}
        parent = self._open[-1][1] if self._open else self.found
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]


def write_xml(body: Mapping[str, Any]) -> bytes:
    """The inverse of `read_xml`, without a declaration. ValueError for a text that XML cannot hold."""
    if len(body) != 1:
        raise TypeError("an XML document has one root")
    ((name, value),) = body.items()
    return "".join(_element(name, value)).encode("utf-8")


def _element(name: str, value: Any) -> Iterator[str]:
    if NAME.fullmatch(name) is None:
        raise TypeError("not a name of XML")
    if isinstance(value, list):
        for each in value:
            yield from _element(name, each)
        return
    if not isinstance(value, Mapping):
        yield f"<{name}>{_escaped(value)}</{name}>"
        return
    yield f"<{name}"
    for key, each in value.items():
        if key.startswith("@"):
            if NAME.fullmatch(key[1:]) is None:
                raise TypeError("not a name of XML")
            yield f' {key[1:]}="{_escaped(each, attribute=True)}"'
    yield ">"
    for key, each in value.items():
        if key == "#":
            yield _escaped(each)
        elif not key.startswith("@"):
            yield from _element(key, each)
    yield f"</{name}>"


def _escaped(value: Any, *, attribute: bool = False) -> str:
    text = scalar_text(value)
    if text is None:
        raise TypeError("XML holds texts, numbers and flags")
    if _FORBIDDEN.search(text):
        raise ValueError("text that XML cannot hold")
    text = escape(text, quote=attribute)
    for blank in _BLANKS if attribute else ("\r",):
        text = text.replace(blank, _BLANKS[blank])
    return text
