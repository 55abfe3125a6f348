"""Places: where in a message a value stands. `body.a.b`, `header.X-Name`, `query.x`, `path.id`, compiled once.

In a batch `item.a.b` is a place in one of its items; it holds what a place in a body holds.

A trailing `?` says that the value may be absent, `[]` that it is a list. Absent and null are missing alike; an empty
text is a value, except at a `?` place, where it is missing too.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from gateway.wire.jsontext import scalar_text
from gateway.wire.message import Garbled
from gateway.wire.opened import Draft, Opened


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()
SOURCES = ("body", "header", "query", "path", "item")
#: What a header's name may be (RFC 9110, 5.6.2).
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A compiled place. *keys* are the steps into the body, or the one name of a header, query or path field.

    *item*: the steps lead into an item of a batch; its *source* is "body".
    """

    source: str
    keys: tuple[str, ...]
    optional: bool = False
    many: bool = False
    item: bool = False

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Compile `"body.a.b"`, `"header.X?"`, `"body.ids[]?"`; ValueError with the fact if it is none of these."""
        optional = text.endswith("?")
        rest = text[:-1] if optional else text
        many = rest.endswith("[]")
        rest = rest[:-2] if many else rest
        source, _, name = rest.partition(".")
        if source not in SOURCES:
            raise ValueError(f'a place begins with one of {", ".join(SOURCES)}, not "{source}"')
        keys = tuple(name.split(".")) if source in ("body", "item") else (name,)
        if not all(keys):
            raise ValueError("a place names what stands there: an empty step")
        if source == "header" and TOKEN.fullmatch(name) is None:
            raise ValueError("a place in a header has a name that HTTP allows")
        item = source == "item"
        return cls("body" if item else source, keys, optional, many, item)

    def __str__(self) -> str:
        source = "item" if self.item else self.source
        return f"{source}.{'.'.join(self.keys)}{'[]' if self.many else ''}{'?' if self.optional else ''}"

    def look(self, opened: Opened) -> Any:
        """The raw value (JSON value, or text), or MISSING. Raises Garbled when the message cannot be read."""
        if self.source == "body":
            value: Any = opened.item if self.item else opened.body
            for key in self.keys:
                if not isinstance(value, dict) or (value := value.get(key)) is None:
                    return MISSING
        elif self.source == "header":
            value = opened.header(self.keys[0])
        elif self.source == "query":
            value = opened.query.get(self.keys[0])
        else:
            value = opened.path_fields.get(self.keys[0])
        if value is None or (self.optional and value == ""):
            return MISSING
        return value

    def text(self, opened: Opened) -> str:
        """The value's text exactly as sent, for signatures; Garbled when it is absent or not a scalar."""
        value = self.look(opened)
        text = None if value is MISSING else scalar_text(value)
        if text is None:
            raise Garbled(f"{self} is not a text or a number")
        return text

    def put(self, draft: Draft, value: Any) -> None:
        """Write *value* (a JSON-ready value; only a body can hold more than a scalar) where this place points."""
        if self.source == "body":
            target = draft.item if self.item else draft.body
            for key in self.keys[:-1]:
                target = target.setdefault(key, {})
            target[self.keys[-1]] = value
            return
        text = scalar_text(value)
        if text is None:
            raise TypeError(f"{self} holds one text, number or flag")
        fields = {"header": draft.headers, "query": draft.query, "path": draft.path_fields}[self.source]
        fields[self.keys[0]] = text
