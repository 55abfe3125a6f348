"""The lines: one per callback from the allow-list, and nothing foreign in a bug's."""

import asyncio
import io
import logging
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from gateway.edge.logs import Log
from gateway.edge.metrics import Told
from gateway.exchange.journey import Journey


def read(out: io.BytesIO) -> list[dict[str, Any]]:
    """Every line as JSON."""
    return [orjson.loads(line) for line in out.getvalue().splitlines()]


def test_one_line_with_what_is_known() -> None:
    """Every known field once, empty ones left out, times in milliseconds."""
    out = io.BytesIO()
    journey = Journey(
        "acme", "plain", 0.0, 4.0, "id1", "bet", "ok", effect=("done",), transaction="t1", wallet_seconds=0.25,
        claim="ours", state="applied",
    )  # fmt: skip
    Log(out, "json").line(journey, Told.IN_TIME, 0.5)
    (line,) = read(out)
    line.pop("timestamp")
    assert line == {
        "event": "callback",
        "level": "info",
        "id": "id1",
        "provider": "acme",
        "dialect": "plain",
        "operation": "bet",
        "outcome": "ok",
        "told": "in_time",
        "effect": ["done"],
        "transaction": "t1",
        "claim": "ours",
        "state": "applied",
        "asked": 0,
        "ms": 500.0,
        "ms_wallet": 250.0,
    }


def test_a_terminal_is_told_the_same() -> None:
    """The text has the fields of the JSON, and no others."""
    journey = Journey("acme", "plain", 0.0, 4.0, "id1", "bet", "ok", effect=("done",), wallet_seconds=0.25)
    out, text = io.BytesIO(), io.BytesIO()
    Log(out, "json").line(journey, Told.IN_TIME, 0.5)
    Log(text, "text").line(journey, Told.IN_TIME, 0.5)
    (line,) = read(out)
    stamp, level, event, *facts = text.getvalue().decode().split()
    assert (stamp[-1], level, event) == ("Z", "[info", "]")
    assert {fact.partition("=")[0] for fact in facts if "=" in fact} == {*line} - {"timestamp", "level", "event"}


def test_facts_may_be_anything() -> None:
    """What is no JSON is shown as Python shows it."""
    out = io.BytesIO()
    log = Log(out, "json")
    log.event("odd", what={1}, who=ValueError("x"))
    assert [(line["what"], line["who"]) for line in read(out)] == [([1], "ValueError('x')")]


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_foreign_transaction_cannot_forge_a_line(style: Any) -> None:
    """Line breaks, escapes and lone surrogates are replaced, length is bounded."""
    out = io.BytesIO()
    nasty = 't\n{"event":"callback"}\r\x1b[31m\x85\u2028\udc80' + "x" * 5000
    Log(out, style).line(Journey("acme", "plain", 0.0, 4.0, transaction=nasty), Told.IN_TIME, 0.1)
    raw = out.getvalue()
    assert raw.count(b"\n") == 1
    assert b"\x1b" not in raw
    assert len(raw.decode().splitlines()) == 1
    assert len(raw) < 1500


def test_a_bug_shows_places_and_types_only() -> None:
    """Neither the exception's text nor a local value, nor those of its cause."""
    out = io.BytesIO()

    def inner(secret: str) -> None:
        raise KeyError(secret)

    def outer(secret: str) -> None:
        try:
            inner(secret)
        except KeyError as fault:
            raise ValueError(f"about {secret}") from fault

    try:
        outer("canary")
    except ValueError as fault:
        Log(out, "json").bug(fault, "here")
    (line,) = read(out)
    assert b"canary" not in out.getvalue()
    assert line["types"] == ["builtins.ValueError", "builtins.KeyError"]
    assert line["where"] == "here"
    assert line["frames"][-1].endswith(" outer")
    assert "test_logs.py:" in line["frames"][-1]


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back afterwards."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


async def test_what_libraries_print_is_adopted_without_values(root: logging.Logger) -> None:
    """The library's fixed words and the place, never the arguments or an exception's text."""
    out = io.BytesIO()
    loop = asyncio.get_running_loop()
    log = Log(out, "json")
    log.adopt(loop)
    try:
        raise ValueError("canary")
    except ValueError:
        logging.getLogger("some.library").exception("could not read %r", "canary")
    logging.getLogger("some.library").warning("canary without arguments")
    loop.call_exception_handler({"message": "Task failed", "exception": KeyError("canary")})
    loop.set_exception_handler(None)
    lines = read(out)
    assert b"canary" not in out.getvalue()
    assert [line["event"] for line in lines] == ["library", "library", "bug"]
    assert lines[0]["note"] == "could not read %r"
    assert lines[0]["logger"] == "some.library"


def test_text_on_a_terminal_and_json_elsewhere() -> None:
    """Unless it is said otherwise."""

    class Terminal(io.BytesIO):
        def isatty(self) -> bool:
            return True

    for out, json in ((Terminal(), False), (io.BytesIO(), True)):
        Log(out).event("started", public="127.0.0.1:8080")
        line = out.getvalue()
        assert line.startswith(b"{") is json
        assert line.count(b"\n") == 1
        assert b"started" in line


def test_events_carry_their_facts() -> None:
    """The process's own milestones."""
    out = io.BytesIO()
    Log(out, "json").event("started", public="127.0.0.1:1")
    assert read(out)[0]["public"] == "127.0.0.1:1"
