"""A provider's call as a developer has it: curl commands, HTTP messages, bodies, and paths under a mount."""

import pytest

from gateway.cli.exits import Misuse
from gateway.cli.incoming import parse_curl, parse_message, request_of
from gateway.dialect.dialect import Dialect
from gateway.dialect.shelf import Shelf
from gateway.wire.message import Request


@pytest.fixture(scope="module")
def dialect() -> Dialect:
    return Shelf().dialect("evenbet")


@pytest.mark.parametrize(
    ("text", "method", "path", "query", "body"),
    [
        ("curl https://h/p/debit -d '{\"a\":1}'", "POST", "/p/debit", "", b'{"a":1}'),
        ("curl -X PUT 'https://h/p?x=1&y=2'", "PUT", "/p", "x=1&y=2", b""),
        ("curl -XPUT h:8080/p --data-raw '@literal'", "PUT", "/p", "", b"@literal"),
        ("curl --request=PUT --url https://h -d a=1 -d b=2", "PUT", "/", "", b"a=1&b=2"),
        ("curl -sS -o /dev/null --max-time 4 \\\n https://h/x", "GET", "/x", "", b""),
        ("/usr/bin/curl https://h/x --data-binary $'a'", "POST", "/x", "", b"$a"),
        ("curl 'https://h/ü' -d 'ü'", "POST", "/ü", "", "ü".encode()),
    ],
)
def test_curl(text: str, method: str, path: str, query: str, body: bytes) -> None:
    """The request that this command would send."""
    request = parse_curl(text)
    assert (request.method, request.path, request.query, request.body) == (method, path, query, body)


def test_curl_headers() -> None:
    """Headers keep their order; a body gets curl's own content type unless one is given."""
    assert parse_curl("curl h/x -H 'A: 1' -H'b:2'").headers == (("A", "1"), ("b", "2"))
    assert parse_curl("curl h/x -d a=1").headers == (("Content-Type", "application/x-www-form-urlencoded"),)
    assert parse_curl("curl h/x --json '{}'").headers == (("Content-Type", "application/json"),)
    assert parse_curl("curl h/x -H 'content-type: x' -d a").headers == (("content-type", "x"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("wget https://h", "does not begin with curl"),
        ("curl -d '{", "a quote is not closed"),
        ("curl -d", "nothing follows -d"),
        ("curl -d x", "there is no URL"),
        ("curl h/x -H nonsense", "Name: value"),
        ("", "does not begin with curl"),
    ],
)
def test_what_is_no_curl_command(text: str, says: str) -> None:
    """One sentence, never a traceback."""
    with pytest.raises(Misuse, match=says):
        parse_curl(text)


def test_a_whole_message() -> None:
    """Request line, headers, an empty line, the body byte for byte; either line end."""
    request = parse_message(b"PUT /a?x=1 HTTP/1.1\r\nHost: h\r\nX-Y: z\r\n\r\n{\r\n}")
    assert request == Request("PUT", "/a", "x=1", (("Host", "h"), ("X-Y", "z")), b"{\r\n}")


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"POST": "/"}\n', b"POST nowhere\n\n", b"BREW /pot HTTP/1.1\n\n"])
def test_a_body_alone(raw: bytes) -> None:
    """What does not begin like a message is a body, kept as it is."""
    assert parse_message(raw) == Request("POST", "", body=raw)


def test_the_mounts_prefix_is_taken_off(dialect: Dialect) -> None:
    """A pasted path is the provider's; the dialect's begins behind the mount."""
    found, prefix = request_of(dialect, None, curl="curl https://h/api/web/acme/debit -d '{}'")
    assert (found.path, prefix) == ("/debit", "/api/web/acme")
    found, prefix = request_of(dialect, None, curl="curl https://h/nowhere -d '{}'")
    assert (found.path, prefix) == ("/nowhere", "")


def test_options_lay_over_the_message(dialect: Dialect) -> None:
    """--path and --method win over what a curl command says; headers are added."""
    found, _ = request_of(dialect, None, curl="curl h/x", path="/credit?a=1", method="post", headers=["A: b"])
    assert (found.method, found.path, found.query) == ("POST", "/credit", "a=1")
    assert found.headers == (("A", "b"),)
