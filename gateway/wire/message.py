"""Messages as bytes on the wire, and the three ways in which asking somebody can end.

Header values are text decoded by UTF-8 with surrogateescape, as aiohttp hands them over; names compare without case.
"""

from msgspec import Struct

Headers = tuple[tuple[str, str], ...]


class Garbled(ValueError):
    """A message that cannot be read as what it claims to be. The text names the rule, never the content."""


class Unopened(Garbled):
    """A sealed body that opens with none of the keys. One text, whatever was the matter: nobody learns which check."""

    def __init__(self) -> None:
        super().__init__("the body opens with none of the keys")


class Request(Struct, frozen=True, gc=False):
    """A call as it travels. *path* is raw, relative to the party's mount, and begins with "/"; *query* is raw too."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""


class Response(Struct, frozen=True, gc=False):
    """An answer as it travels."""

    status: int
    headers: Headers = ()
    body: bytes = b""


class Heard(Struct, frozen=True, gc=False):
    """A whole answer came back. Whether it means anything is the dialect's to say."""

    response: Response


class NotSent(Struct, frozen=True, gc=False):
    """Proved: not one byte of the request left us."""

    why: str


class Unreachable(NotSent, frozen=True, gc=False):
    """Not sent because no connection was to be had: the other end's fault, where other NotSents are our own choice."""


class Silence(Struct, frozen=True, gc=False):
    """The request (or a part of it) left, and no whole answer came: nobody knows what was done.

    *running*: nobody waits any longer, but the call is carried on and its end will be told.
    """

    why: str
    running: bool = False


Ending = Heard | NotSent | Silence


def header(headers: Headers, name: str) -> str | None:
    """The one value of a header; None when absent; Garbled when it is sent twice (which of them was meant?)."""
    lowered, length, found = name.lower(), len(name), None
    for key, value in headers:
        if len(key) == length and key.lower() == lowered:
            if found is not None:
                count = sum(key.lower() == lowered for key, _ in headers)
                raise Garbled(f"header {name} is sent {count} times")
            found = value
    return found
