"""The trace of a callback over real sockets: to the wallet, into the log, and, where asked for, to a collector."""

import asyncio
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.edge import upstream
from gateway.edge.metrics import Told
from gateway.edge.tracing import Tracing
from gateway.exchange.errand import Errand
from gateway.exchange.journey import Journey
from gateway.sandbox.moods import Mood
from tests.edge.test_app import House, Served

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Three shipped dialects."""
    return House(tmp_path)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every message to the wallet, as it leaves."""
    found: list[bytes] = []
    ask = upstream.Connection.ask

    def noted(self: Any, message: bytes, hear: Any) -> None:
        found.append(message)
        ask(self, message, hear)

    monkeypatch.setattr(upstream.Connection, "ask", noted)
    return found


def parents(sent: list[bytes]) -> list[str]:
    """The traceparent of each message."""
    return [line.split(": ")[1] for each in sent for line in each.decode().split("\r\n") if "traceparent" in line]


async def bet(served: Served, name: str, header: str | None = None) -> Outcome:
    """A bet, with a traceparent if one is given."""
    caller = served.callers[name]
    form, request = caller.written(caller.call(Operation.BET, amount=Decimal("1.00")))
    given = {} if header is None else {"traceparent": header}
    url = f"{served.url}/{name}{request.path.rstrip('/')}{'?' if request.query else ''}{request.query}"
    headers = {**dict(request.headers), **given}
    async with served.client.request(request.method, url, data=request.body, headers=headers) as answer:
        assert answer.status == 200
        from gateway.wire.message import Response

        response = Response(answer.status, tuple(answer.headers.items()), await answer.read())
    reply, _ = caller.dialect.read_reply(form.name, caller.call(Operation.BET), response, caller.keys, 0)
    return reply.outcome


async def test_the_wallet_hears_of_the_trace(house: House, sent: list[bytes]) -> None:
    """Ours, or the one that came; the same with every question of one callback, and in the log line."""
    async with Served(house) as served:
        await bet(served, "acme")
        await bet(served, "acme", f"00-{TRACE}-{SPAN}-01")
        await bet(served, "acme", "00-nonsense")
        lines = list(served.lines("callback"))
        assert [line["outcome"] for line in lines] == ["ok"] * 3
        assert [line["trace_id"] for line in lines] == [lines[0]["id"], TRACE, lines[2]["id"]]
        heard = parents(sent)
        assert len(heard) == len(sent) >= 3
        for line in lines:
            own = [each for each in heard if each.split("-")[1] == line["trace_id"]]
            assert {*own} == {f"00-{line['trace_id']}-{line['id'][16:]}-00"}


async def test_an_errand_has_a_trace_too(house: House, sent: list[bytes], eventually: Any) -> None:
    """What we do of our own accord begins one."""
    async with Served(house) as served:
        served.wallet.moods.set(Mood.HTTP_500, operation=Operation.BET)
        told = [await bet(served, "slots")]
        while not sent and len(told) < 5:  # a disk that stands still for 0.2 s has one refused, and nobody is asked
            told.append(await bet(served, "slots"))
        assert sent, told
        await eventually(lambda: [*served.lines("outbox")], 15)
        line = next(served.lines("outbox"))
        assert line["trace_id"] == line["id"]
        assert line["trace_id"] in {each.split("-")[1] for each in parents(sent)}


class Collector:
    """An OTLP collector in this process: it takes JSON over HTTP, and is strict about it."""

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []
        self.resources: list[dict[str, Any]] = []
        there = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fits = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json"
                if fits:
                    for each in json.loads(body)["resourceSpans"]:
                        there.resources.append(each["resource"])
                        there.spans += [span for scope in each["scopeSpans"] for span in scope["spans"]]
                self.send_response(200 if fits else 400)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        """No more."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that listens."""
    there = Collector()
    yield there
    there.stop()


def facts(span: dict[str, Any]) -> dict[str, Any]:
    """Its attributes."""
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


async def test_spans_reach_a_collector(house: House, sent: list[bytes], collector: Collector, eventually: Any) -> None:
    """One for each callback, under the ids that the wallet was told; whose caller has a span hangs below it."""
    pytest.importorskip("opentelemetry.sdk")
    more = f'[otel]\nendpoint = "{collector.url}"\ndelay = 0.05\n'
    async with Served(house, more=more) as served:
        assert await bet(served, "acme") is Outcome.OK
        await bet(served, "acme", f"00-{TRACE}-{SPAN}-00")
        served.wallet.moods.set(Mood.SILENT, operation=Operation.BET, count=1)
        await bet(served, "slots")
        await eventually(lambda: len(collector.spans) >= 3, 10)
        lines = {line["trace_id"]: line for line in served.lines("callback")}
        first, carried, doubt = (
            next(span for span in collector.spans if span["traceId"] == trace and "callback" in span["name"])
            for trace in lines
        )
        assert carried["traceId"] == TRACE
        assert carried["parentSpanId"] == SPAN
        assert "parentSpanId" not in first
        assert f"00-{first['traceId']}-{first['spanId']}-01" in parents(sent)
        assert facts(first)["gateway.outcome"] == "ok"
        assert facts(first)["gateway.id"] == lines[first["traceId"]]["id"]
        assert (first["kind"], first["status"], doubt["status"]) == (2, {}, {"code": 2})
        assert 0 < int(first["endTimeUnixNano"]) - int(first["startTimeUnixNano"]) < 5e9
        names = {each["key"]: each["value"] for each in collector.resources[0]["attributes"]}
        assert names["service.name"] == {"stringValue": "gateway"}
        said = json.dumps(collector.spans)
        assert not [value for values in house.secrets.values() for value in values.values() if value.decode() in said]


async def test_a_recorder_that_fails_harms_no_callback(house: House) -> None:
    """Its fault is told, and nothing else comes of it."""

    class Broken:
        def callback(self, *_: Any) -> None:
            raise AttributeError("of another version")

        errand = callback

    found: list[BaseException] = []
    tracing = Tracing(Broken(), failed=found.append)
    journey, errand = Journey("acme", "evenbet", 0, 0, "ab" * 16), Errand("acme", "", 0, 0, "cd" * 16)
    tracing.begin(journey, None)
    errand.trace = tracing.own(errand.id)
    tracing.ended(journey, Told.IN_TIME, 0.1)
    tracing.errand(errand, 0.1)
    assert [type(fault) for fault in found] == [AttributeError] * 2


async def test_a_collector_that_is_gone_holds_nothing_up(house: House, collector: Collector) -> None:
    """Callbacks go on, and the end is an end; of a ratio of 0 nothing is recorded, and the wallet is told so."""
    pytest.importorskip("opentelemetry.sdk")
    more = '[otel]\nendpoint = "http://127.0.0.1:9"\ndelay = 0.05\n'
    async with Served(house, more=more) as served:
        assert await bet(served, "acme") is Outcome.OK
        await asyncio.sleep(0.2)
        assert await bet(served, "acme") is Outcome.OK
    house.settings()
    (house.folder / "journal.db").unlink()
    async with Served(house, more=f'[otel]\nendpoint = "{collector.url}"\ndelay = 0.05\nratio = 0\n') as served:
        assert await bet(served, "acme") is Outcome.OK
    assert collector.spans == []
