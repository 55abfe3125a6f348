"""A message is decoded once, whether it can be read or not: what is garbled must not cost more than what is right."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.wire import opened
from gateway.wire.message import Garbled, Request
from gateway.wire.opened import Opened

MANY = "&".join(f"k{number}=1" for number in range(300))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was decoded, by its codec."""
    calls: list[str] = []

    def counting(name: str, read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        def one(raw: bytes) -> Any:
            calls.append(name)
            return read(raw)

        return one

    monkeypatch.setattr(opened, "CODECS", {name: counting(name, read) for name, read in opened.CODECS.items()})
    monkeypatch.setattr(opened, "read_form", counting("query", opened.read_form))
    return calls


@pytest.mark.parametrize(
    ("codec", "body"), [("json", b'{"a":1'), ("json", b'{"a":1}'), ("form", MANY.encode()), ("form", b"a=1")]
)
def test_a_body_is_decoded_once(counted: list[str], codec: str, body: bytes) -> None:
    """However often it is asked for, and with one text each time."""
    message = Opened(Request("POST", "/", body=body), codec)
    said = set()
    for _ in range(3):
        try:
            said.add(str(message.body))
        except Garbled as error:
            said.add(str(error))
    assert len(said) == 1
    assert counted == [codec]


@pytest.mark.parametrize("query", [MANY, "a=1&a=2", "a=1"])
def test_a_query_is_decoded_once(counted: list[str], query: str) -> None:
    """The same of a query."""
    message = Opened(Request("GET", "/", query), "none")
    said = set()
    for _ in range(3):
        try:
            said.add(str(message.query))
        except Garbled as error:
            said.add(str(error))
    assert len(said) == 1
    assert counted == ["query"]
