"""A small dialect for tests, and calls in it: the sound table of tests/refusals, patched."""

from pathlib import Path

from gateway.dialect.compiler.build import build
from gateway.dialect.dialect import Dialect, Role
from gateway.dialect.keys import Keys
from gateway.dialect.problems import Refused, in_order
from gateway.dialect.shelf import Shelf
from gateway.dialect.source import Source
from gateway.wire.message import Request, Response

SECRET = b"not-a-real-secret-of-anybody"
BASE = Path(__file__).parents[1] / "refusals" / "base"


def dialect(patch: str = "") -> Dialect:
    """The base table with *patch* laid over it. Raises Refused when that is not sound."""
    source = Source("made.toml", f'dialect = "made"\nextends = "acme"\n{patch}')
    compiled, problems = Shelf(BASE).compiled(source, {})
    if compiled is None or problems:
        raise Refused(problems)
    return build(compiled)


def keys(made: Dialect, role: Role = "receiver") -> Keys:
    """Bound to the one secret of these tests."""
    return made.bind({"key": [SECRET]}, role)


def request(path: str, body: str, method: str = "POST") -> Request:
    """An unsigned request."""
    return Request(method, path, "", (), body.encode())


def answer(body: str, status: int = 200) -> Response:
    """An answer of a wallet that speaks this dialect."""
    return Response(status, (("Content-Type", "application/json"),), body.encode())


def complaints(patch: str) -> list[tuple[str, str]]:
    """Code and keypath of each complaint about the base table with *patch* laid over it, in reading order."""
    found = Shelf(BASE).check(Source("made.toml", f'dialect = "made"\nextends = "acme"\n{patch}'))
    return [(one.code, ".".join(map(str, one.keypath))) for one in in_order(found)]
