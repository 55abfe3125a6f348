"""The public listener on real sockets: mounts, one exact answer, and what became of it."""

import asyncio
import socket
import struct
from typing import Any

import pytest

from gateway.exchange.wishes import Answer, Delivery, Send
from gateway.wire.message import Heard, Request, Response, Silence
from tests.edge.callbacks import OK, plain, post


async def test_an_answer_is_exactly_what_the_story_gave(gateway: Any) -> None:
    """No Date, no Server, no other header than ours for framing."""
    one = await gateway(plain)
    raw = await one.talk(post())
    assert raw == (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Sign: s1\r\nContent-Length: 8\r\n"
        b'Connection: close\r\n\r\n{"ok":1}'
    )


async def test_the_story_gets_the_raw_message(gateway: Any) -> None:
    """Path below the mount and query are raw, doubled headers stay double, the body is untouched."""
    one = await gateway(plain)
    await one.talk(post("/acme/a%2Fb/?q=%20&r", b"\x00\xff", "X-Sign: 1", "x-sign: 2"))
    name, request = one.requests[0]
    assert (name, request.method, request.path, request.query) == ("acme", "POST", "/a%2Fb/", "q=%20&r")
    assert [value for key, value in request.headers if key.lower() == "x-sign"] == ["1", "2"]
    assert request.body == b"\x00\xff"


@pytest.mark.parametrize(
    ("path", "provider", "below"),
    [
        ("/acme", "acme", "/"),
        ("/acme/", "acme", "/"),
        ("/acme/bet", "acme", "/bet"),
        ("/acme/v2", "second", "/"),
        ("/acme/v2/bet", "second", "/bet"),
        ("/acme/v23/bet", "acme", "/v23/bet"),
        ("/api/web/x/bet", "deep", "/bet"),
        ("/acme?x=1", "acme", "/"),
    ],
)
async def test_the_longest_mount_at_a_segment_wins(
    gateway: Any, accounts: Any, path: str, provider: str, below: str
) -> None:
    """A mount matches whole segments only, and the longest one wins."""
    one = await gateway(plain, providers=accounts(acme="/acme", second="/acme/v2", deep="/api/web/x"))
    await one.talk(post(path))
    name, request = one.requests[0]
    assert (name, request.path) == (provider, below)


@pytest.fixture
def accounts(make_gateway: Any) -> Any:
    """Providers by name and mount."""
    from types import SimpleNamespace

    def make(**mounts: str) -> Any:
        dialect = SimpleNamespace(name="plain")
        return [SimpleNamespace(name=name, mount=mount, dialect=dialect) for name, mount in mounts.items()]

    return make


async def test_the_root_can_be_a_mount(gateway: Any, accounts: Any) -> None:
    """A single provider whose paths cannot be prefixed."""
    one = await gateway(plain, providers=accounts(acme="/"))
    await one.talk(post("/bet"))
    assert one.requests[0][1].path == "/bet"


@pytest.mark.parametrize("path", ["/", "/acmex", "/other/bet", "/%61cme/bet", "//acme/bet", "http://h/acme/bet"])
async def test_outside_every_mount_is_an_empty_404(gateway: Any, path: str) -> None:
    """No story, no log line, no hint of who answers."""
    one = await gateway(plain)
    raw = await one.talk(post(path))
    assert raw == b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    assert (one.requests, one.lines()) == ([], [])
    assert one.sample("gateway_unrouted_total") == 1


@pytest.mark.parametrize(("status", "body"), [(204, b""), (500, b"x"), (599, b"odd")])
async def test_statuses_travel(gateway: Any, status: int, body: bytes) -> None:
    """Any status a table names, with a length where one is allowed."""

    def story(request: Request, journey: Any) -> Any:
        yield Answer(Response(status, (), body))

    raw = await (await gateway(story)).talk(post())
    assert raw.startswith(b"HTTP/1.1 %d " % status)
    assert (b"Content-Length" in raw) == (status != 204)


async def test_a_second_answer_is_impossible(gateway: Any) -> None:
    """The story hears AnsweredAlready at its second Answer; the wire holds one."""
    heard: list[BaseException] = []

    def story(request: Request, journey: Any) -> Any:
        yield Answer(OK)
        try:
            yield Answer(Response(500, (), b"second"))
        except RuntimeError as fault:
            heard.append(fault)

    one = await gateway(story)
    raw = await one.talk(post())
    assert raw.count(b"HTTP/1.1") == 1
    assert b"second" not in raw
    assert [type(fault).__name__ for fault in heard] == ["AnsweredAlready"]


async def test_an_answer_that_cannot_be_written_may_be_replaced(gateway: Any) -> None:
    """A header with a line break fails before the first byte: the story's catch-all can still answer."""

    def story(request: Request, journey: Any) -> Any:
        try:
            yield Answer(Response(200, (("X-Bad", "a\r\nb: c"),), b""))
        except ValueError:
            yield Answer(OK)

    raw = await (await gateway(story)).talk(post())
    assert raw.endswith(OK.body)
    assert b"X-Bad" not in raw


async def test_closing_without_an_answer(gateway: Any) -> None:
    """Answer(None): not one byte, and it is told as closed."""

    def story(request: Request, journey: Any) -> Any:
        journey.outcome = "unknown"
        delivery = yield Answer(None)
        assert delivery == Delivery(None)

    one = await gateway(story)
    assert await one.talk(post()) == b""
    assert one.lines()[0]["told"] == "closed"
    labels = {"provider": "acme", "operation": "unread", "outcome_class": "unanswered"}
    assert one.sample("gateway_callbacks_total", **labels) == 1


@pytest.mark.parametrize("how", ["start", "raise", "end", "after"])
async def test_a_story_that_dies_is_counted_and_logged_once(gateway: Any, how: str, eventually: Any) -> None:
    """Its connection is closed, or keeps the one answer; the bug's line names places, never values."""

    def dying(request: Request, journey: Any) -> Any:
        if how == "after":
            yield Answer(OK)
        if how in ("raise", "after"):
            raise LookupError(f"canary {request.body!r}")
        yield "a wish"

    def not_even_started(request: Request, journey: Any) -> Any:
        raise LookupError("canary")

    one = await gateway(not_even_started if how == "start" else dying)
    call = post(body=b"canary")
    raw = await one.talk(call if how == "after" else call.replace(b"Connection: close\r\n", b""))
    assert raw.endswith(OK.body) if how == "after" else raw == b""
    await eventually(one.lines)
    assert len(one.lines()) == 1
    assert one.lines()[0]["told"] == ("in_time" if how == "after" else "died")
    assert len(one.lines("bug")) == 1
    assert b"canary" not in one.out.getvalue()
    assert one.sample("gateway_bugs_total") == 1
    assert one.sample("gateway_callbacks_in_flight") == 0


async def test_delivery_says_when(gateway: Any) -> None:
    """The time of the last byte on the loop's clock; an answer after `answer_by` is late."""
    seen: list[Any] = []

    def story(request: Request, journey: Any) -> Any:
        journey.answer_by = journey.received - 1
        seen.append((yield Answer(OK)))
        seen.append(journey.received)

    one = await gateway(story)
    await one.talk(post())
    delivery, received = seen
    assert received <= delivery.at <= asyncio.get_running_loop().time()
    assert one.lines()[0]["told"] == "late"
    assert one.sample("gateway_late_answers_total", provider="acme", how="late") == 1


async def test_a_provider_that_hangs_up_does_not_cancel_its_call(
    gateway: Any, wallet: Any, upstream: Any, eventually: Any
) -> None:
    """The wallet's call ends, the story hears it, and the delivery says that nobody was there."""
    steps: list[Any] = []

    async def slow(one: Any, reader: Any, writer: Any) -> None:
        await one.read(reader)
        await asyncio.sleep(0.3)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def story(request: Request, journey: Any) -> Any:
        journey.asked = 1
        steps.append((yield Send(Request("POST", "/bet"), journey.received + 3, journey.received + 4)))
        steps.append((yield Answer(OK)))

    there = await wallet(slow)
    one = await gateway(story, await upstream(there.url))
    _reader, writer = await asyncio.open_connection(one.host, one.port)
    writer.write(post())
    await eventually(lambda: there.seen)
    writer.close()
    await eventually(one.lines)
    assert isinstance(steps[0], Heard)
    assert steps[1] == Delivery(None)
    assert one.lines()[0]["told"] == "gone"
    assert one.lines()[0]["ms_wallet"] >= 250
    assert one.sample("gateway_late_answers_total", provider="acme", how="gone") == 1
    assert len(there.seen) == 1


async def test_a_provider_that_resets_as_the_answer_leaves_is_gone(gateway: Any, eventually: Any) -> None:
    """A reset that the kernel knows of before our write is never reported as delivered."""
    deliveries: list[Any] = []

    def story(request: Request, journey: Any) -> Any:
        yield "wait"
        deliveries.append((yield Answer(OK)))

    class Waiting:
        async def perform(self, wish: Any, *, patient: bool = False) -> None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()

    one = await gateway(story)
    one.server._memory = Waiting()
    sock = socket.create_connection((one.host, one.port))
    sock.sendall(post())
    await eventually(one.lines)
    assert deliveries == [Delivery(None)]


async def test_a_late_story_is_carried_after_silence(gateway: Any, wallet: Any, upstream: Any, eventually: Any) -> None:
    """The provider has its answer; then the wallet's reaches the late story, which performs its wishes."""
    late: list[Any] = []

    async def slow(one: Any, reader: Any, writer: Any) -> None:
        await one.read(reader)
        await asyncio.sleep(0.4)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
        await asyncio.sleep(5)

    def afterwards(ending: Any) -> Any:
        late.append(ending)
        late.append((yield "remember"))

    def story(request: Request, journey: Any) -> Any:
        now = journey.received
        ending = yield Send(Request("POST", "/bet"), now + 0.1, now + 3, afterwards)
        assert isinstance(ending, Silence)
        yield Answer(OK)

    there = await wallet(slow)
    one = await gateway(story, await upstream(there.url))
    assert (await one.talk(post())).endswith(OK.body)
    assert late == []
    await eventually(lambda: len(late) == 2)
    assert late[0].response.body == b"late"
    assert late[1] == "remember"
    assert len(one.lines()) == 1


async def test_one_line_per_callback_and_its_series(gateway: Any) -> None:
    """Each callback: one line, one count; the series do not grow with odd words."""

    def odd(request: Request, journey: Any) -> Any:
        journey.operation, journey.outcome, journey.verified_by = "nonsense", "ok", "key 99"
        journey.alerts.append("never heard of")
        yield Answer(OK)

    one = await gateway(odd)
    before = sum(len(metric.samples) for metric in one.metrics.registry.collect())
    for _ in range(3):
        await one.talk(post())
    assert len({line["id"] for line in one.lines()}) == len(one.lines()) == 3
    labels = {"provider": "acme", "operation": "unread", "outcome_class": "done"}
    assert one.sample("gateway_callbacks_total", **labels) == 3
    assert one.sample("gateway_signatures_verified_total", provider="acme", key="other") == 3
    assert one.sample("gateway_alerts_total", kind="other") == 3
    assert sum(len(metric.samples) for metric in one.metrics.registry.collect()) == before


async def test_stop_cancels_callbacks_and_still_writes_their_line(gateway: Any, wallet: Any, upstream: Any) -> None:
    """A forced stop: the connection closes, the line says died, nothing hangs."""

    async def hang(one: Any, reader: Any, writer: Any) -> None:
        await one.read(reader)
        await asyncio.sleep(30)

    def story(request: Request, journey: Any) -> Any:
        yield Send(Request("POST", "/bet"), journey.received + 20, journey.received + 20)
        yield Answer(OK)

    there = await wallet(hang)
    one = await gateway(story, await upstream(there.url))
    talking = asyncio.create_task(one.talk(post()))
    await asyncio.sleep(0.1)
    await one.server.stop()
    assert await talking == b""
    assert one.lines()[0]["told"] == "died"
