"""W3C trace context: one callback's name for itself, which the wallet hears with every question about it.

A trace id that came with a callback is carried on, so that a provider's trace and the wallet's are one. Nothing is
decided by it, and its flags are not taken over: whether anything is recorded is ours to say. https://www.w3.org/TR/trace-context/
"""

import re

from gateway.wire.message import Request

HEADER = "traceparent"
_ZEROS = "0" * 32
#: Version, trace id, the caller's span id, flags; of a later version there may be more. Version ff is none.
_GIVEN = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?", re.ASCII)


def trace_of(given: str | None, own: str) -> tuple[str, str]:
    """The trace id of a callback, and the span id of its caller ("" where the trace begins here).

    *given*: the header that came with it, if any; *own*: 32 hex digits that nobody else has.
    """
    found = None if given is None else _GIVEN.fullmatch(given)
    if found is None or (found[1] == "00" and found[4]) or found[2] == _ZEROS or found[3] == _ZEROS[:16]:
        return own, ""
    return found[2], found[3]


def traceparent(trace: str, own: str, *, recorded: bool = False) -> str:
    """The header that we send: in that trace, on behalf of the span that ends in *own*'s last 16 digits."""
    return f"00-{trace}-{own[16:]}-{'01' if recorded else '00'}"


def traced(request: Request, parent: str) -> Request:
    """*request* with the header; it is no part of what is signed."""
    if not parent:
        return request
    return Request(request.method, request.path, request.query, (*request.headers, (HEADER, parent)), request.body)
