"""A text put into each field of a signed message in turn, which is then signed anew."""

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

from msgspec.structs import replace

from gateway.wire.message import Request
from tests.attack.messages import Line

_STRING = r'"(?:[^"\\]|\\.)*"'
_TEXT = re.compile(rf"({_STRING})\s*:\s*({_STRING})")


def fields(line: Line, request: Request) -> Iterator[str]:
    """The names of the texts in it; of a form and of a query, all."""
    at = line.recipe(request).recipe.at
    mine = at.keys[-1] if at is not None else ""
    names = [name for name, _ in _pairs(line, request)]
    if not names:
        names = [json.loads(found[1]) for found in _TEXT.finditer(_text(line, request))]
    yield from (name for name in names if name != mine)


def filled(line: Line, request: Request, name: str, text: str) -> Request:
    """*request* with *text* in the field *name*."""
    pairs = _pairs(line, request)
    if pairs:
        written = "&".join(
            f"{key}={quote(text.encode('utf-8', 'surrogatepass'), safe='') if key == name else value}"
            for key, value in pairs
        )
        changed = replace(request, query=written) if request.query else line.with_body(request, written.encode())
    else:
        whole = _text(line, request)
        found = next(found for found in _TEXT.finditer(whole) if json.loads(found[1]) == name)
        body = whole[: found.start(2)] + json.dumps(text, ensure_ascii=not text.isprintable()) + whole[found.end(2) :]
        changed = line.with_body(request, body.encode("utf-8", "surrogatepass"))
    return line.resigned(changed)


def _text(line: Line, request: Request) -> str:
    return line.plain(request).decode()


def _pairs(line: Line, request: Request) -> list[tuple[str, str]]:
    form = line.form(request)
    text = request.query or (_text(line, request) if form is not None and form.codec == "form" else "")
    return [(name, value) for name, _, value in (pair.partition("=") for pair in text.split("&") if pair)]
