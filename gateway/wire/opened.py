"""A message while it is being read (Opened) and while it is being written (Draft).

Opened decodes each part at most once and only when somebody asks, so that a signature over raw bytes is checked before
anything is parsed. Draft collects values by place and encodes them once. A message that holds a list of items, a batch,
is read item by item, and written with one.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import quote, unquote_to_bytes

from msgspec import Struct

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.wire.jsontext import MAX_KEYS, MAX_TEXT, read_json, scalar_text, write_json
from gateway.wire.message import Garbled, Headers, Request, Response, Unopened, header
from gateway.wire.xmltext import read_xml, write_xml

Message = Request | Response


def read_form(raw: bytes) -> dict[str, str]:
    """`application/x-www-form-urlencoded` or a query string as {name: value}.

    Raises Garbled for a repeated name, invalid UTF-8, a broken %-escape or U+0000: each would let two readers differ;
    and for what JSON may not hold either: more than 256 fields, more than 4,096 characters in one.
    """
    fields: dict[str, str] = {}
    for pair in raw.split(b"&") if raw else ():
        if len(fields) >= MAX_KEYS:
            raise Garbled(f"more than {MAX_KEYS} form fields")
        name, _, value = pair.partition(b"=")
        key, text = _form_text(name), _form_text(value)
        if key in fields:
            raise Garbled("a form field is sent twice")
        fields[key] = text
    return fields


_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_TOO_LONG = f"a form field longer than {MAX_TEXT} characters"
#: In UTF-8; of a field of more bytes there are too many characters for sure.
_MOST_BYTES = 4 * MAX_TEXT


def _form_text(raw: bytes) -> str:
    if _ESCAPE.search(raw):
        raise Garbled("a broken %-escape in a form field")
    if len(raw) - 2 * raw.count(b"%") > _MOST_BYTES:  # not decoded to be told so: that costs CPU by the escape
        raise Garbled(_TOO_LONG)
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise Garbled("a form field is not UTF-8") from None
    if "\0" in text:
        raise Garbled("U+0000 in a form field")
    if len(text) > MAX_TEXT:
        raise Garbled(_TOO_LONG)
    return text


def write_form(fields: Mapping[str, str]) -> bytes:
    """The inverse of `read_form`: percent-encoded UTF-8, in the order given."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in fields.items()).encode()


def _texts(fields: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: scalar_text(value) for name, value in fields.items()}
    if None in texts.values():
        raise TypeError("a form holds texts, numbers and flags only")
    return texts  # type: ignore[return-value]


def _nothing(raw: bytes) -> Any:
    return {}


#: How a body is decoded, by the table's word. "none": the body is not looked at.
CODECS: dict[str, Callable[[bytes], Any]] = {"json": read_json, "form": read_form, "xml": read_xml, "none": _nothing}
CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded", "xml": "application/xml"}


_TYPES = {codec: ("Content-Type", kind) for codec, kind in CONTENT_TYPES.items()}


class Sealing(Protocol):
    """The envelope of a body with its live keys, as `envelopes.Seal` has them."""

    def open(self, raw: bytes, read: Callable[[bytes], Any]) -> tuple[dict[str, Any], str]: ...

    def close(self, plain: bytes) -> bytes: ...

    @property
    def outer(self) -> str | None: ...


class Opened(Struct, eq=False):
    """A received message with its parts decoded on demand. Every accessor raises Garbled for what it cannot read.

    *seal*: the envelope that the body came in; its key is tried once. *opened_by*: which key that was, "key 1".
    """

    message: Message
    codec: str = "json"
    each: tuple[str, ...] | None = None  # the steps to the list of items, of which one is looked at; (): the body is it
    seal: Sealing | None = None
    number: int = 0
    opened_by: str = ""
    path_fields: Mapping[str, str] = MappingProxyType({})
    _unopened: bool = False
    _decoded: bool = False
    _body: Any = None
    _object: dict[str, Any] | None = None
    _query: dict[str, str] | None = None
    _garbled: str = ""  # why it could not be read: what fails once is not tried again
    _query_garbled: str = ""

    @property
    def raw(self) -> bytes:
        """The body as it was received."""
        return self.message.body

    @property
    def body(self) -> dict[str, Any]:
        """The decoded body; Garbled if it is not an object."""
        if self._object is None:
            value = self._value()
            if not isinstance(value, dict):
                raise Garbled("the body is not an object")
            self._object = value
        return self._object

    def _value(self) -> Any:
        if not self._decoded:
            value = self._plain() if self.seal is None else self._unsealed(self.seal)
            self._body, self._decoded = value, True
        return self._body

    def _plain(self) -> Any:
        if self._garbled:
            raise Garbled(self._garbled)
        try:
            return CODECS[self.codec](self.message.body)
        except Garbled as error:
            self._garbled = str(error)
            raise

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items of a batch; Garbled where there is no list of objects, or an empty one."""
        value = self._value()
        for key in self.each or ():
            value = value.get(key) if isinstance(value, dict) else None
        if self.each is None or not isinstance(value, list) or not value:
            raise Garbled("there is no list of items")
        if not all(isinstance(item, dict) for item in value):
            raise Garbled("an item is not an object")
        return value

    @property
    def item(self) -> dict[str, Any]:
        """The item that is looked at. Garbled."""
        return self.items[self.number]

    def at(self, number: int) -> "Opened":
        """The same message, item *number* of it, from 0; nothing is decoded again."""
        other = Opened(self.message, self.codec, self.each, seal=self.seal)
        other.number, other.opened_by, other._unopened = number, self.opened_by, self._unopened
        if self._decoded:
            other._body, other._decoded = self._body, True
        return other

    def _unsealed(self, seal: Sealing) -> dict[str, Any]:
        """A body that did not open does not open at the next look either, and costs nothing more."""
        if self._unopened:
            raise Unopened
        try:
            value, self.opened_by = seal.open(self.message.body, CODECS[self.codec])
        except Unopened:
            self._unopened = True
            raise
        return value

    @property
    def query(self) -> dict[str, str]:
        """The query string's fields."""
        if self._query is None:
            if self._query_garbled:
                raise Garbled(self._query_garbled)
            text = self.message.query if isinstance(self.message, Request) else ""
            try:
                self._query = read_form(text.encode("utf-8", "surrogateescape"))
            except Garbled as error:
                self._query_garbled = str(error)
                raise
        return self._query

    def header(self, name: str) -> str | None:
        """One header's value, None when absent; names compare without case."""
        return header(self.message.headers, name)


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both, step by step; where only one of them has an object it stands as it is."""
    found = dict(one)
    for key, value in other.items():
        mine = found.get(key)
        found[key] = _merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return found


class Draft(Struct, eq=False):
    """A message being written: values by place, encoded by `request` or `response`.

    *raw* is a body, *raw_query* the beginning of a query, that is encoded already. *seal*: what the body is put into.
    `written`: the body as it was signed; nothing is put into it any more.
    """

    codec: str = "json"
    method: str = "POST"
    path: str = "/"
    raw: bytes | None = None
    raw_query: str = ""
    each: tuple[str, ...] | None = None
    item: dict[str, Any] = {}
    path_fields: dict[str, str] = {}
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}
    seal: Sealing | None = None
    written: bytes | None = None
    _closed: tuple[bytes, bytes] | None = None

    def _encoded(self) -> tuple[Headers, bytes]:
        body = self.written
        if body is None:
            body = self._body() if self.seal is None else self._sealed(self._body(), self.seal)
        headers = self.headers.items()
        if self.raw is not None or self.codec == "none" or "content-type" in map(str.lower, self.headers):
            return tuple(headers), body
        kind = self.codec if self.seal is None else self.seal.outer
        return (_TYPES[kind] if kind else ("Content-Type", "text/plain"), *headers), body

    def _body(self) -> bytes:
        if self.raw is not None or self.codec == "none":
            return self.raw or b""
        if self.codec == "json":
            return write_json(self.body if self.each is None else self._whole(self.each))
        if self.codec == "form":
            return write_form(_texts(self.body))
        try:
            return write_xml(self.body)
        except ValueError as error:
            raise Fault(Outcome.WALLET_FAILED, str(error)) from None

    def _sealed(self, body: bytes, seal: Sealing) -> bytes:
        """*body* in its envelope, the same one each time: what was signed is what is sent."""
        if self._closed is None or self._closed[0] != body:
            self._closed = body, seal.close(body)
        return self._closed[1]

    def _whole(self, each: tuple[str, ...]) -> Any:
        """The body of a batch, with the one item in its list."""
        whole: Any = [self.item]
        for key in reversed(each):
            whole = {key: whole}
        return _merged(self.body, whole) if each else whole

    def request(self) -> Request:
        """Encode as a request; `{name}` in the path is replaced by the path fields, percent-encoded."""
        path, query = self.path, self.raw_query
        for name, value in self.path_fields.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        headers, body = self._encoded()
        if self.query:
            written = write_form(self.query).decode()
            query = f"{query}&{written}" if query else written
        return Request(self.method, path, query, headers, body)

    def sent(self) -> Opened:
        """This message as its receiver has it, encoded as a request."""
        opened = Opened(self.request(), self.codec, seal=self.seal)
        opened.path_fields = self.path_fields
        return opened

    def response(self, status: int) -> Response:
        """Encode as an answer."""
        headers, body = self._encoded()
        return Response(status, headers, body)
