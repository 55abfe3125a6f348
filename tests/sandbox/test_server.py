"""The wallet on a port: canonical calls in, canonical answers out, forged ones refused, every mood as it says."""

import asyncio
import socket
import time
from typing import Any

import aiohttp
import orjson
import pytest
from msgspec.structs import replace

from gateway.dialect.shelf import Shelf
from gateway.sandbox.moods import LATE, Mood
from gateway.sandbox.server import SandboxServer
from gateway.wire.message import Request


async def test_a_conversation(line: Any) -> None:
    """Launch, login, bet, repeat, win, status, rollback too late: each reply reads back as what the wallet said."""
    line.server.wallet.open_player("ann", "EUR", 100, nickname="Ann", country="DE", launch="L")
    login = await line("authenticate", session="L")
    assert (login.outcome, login.player, login.nickname, f"{login.balance:.2f}") == ("ok", "ann", "Ann", "100.00")
    assert login.new_session
    bet = await line("bet", "b1", amount="10", session=login.new_session, round="r")
    assert (bet.outcome, f"{bet.balance:.2f}", bet.currency) == ("ok", "90.00", "EUR")
    assert bet.wallet_transaction
    assert (await line("bet", "b1", amount="10", session=login.new_session, round="r")).outcome == "already_done"
    assert (await line("bet", "b2", amount="1000")).outcome == "insufficient_funds"
    assert (await line("win", "w1", amount="5", round="r", reference=("b1",), round_end=True)).outcome == "ok"
    assert (await line("status", "b1")).outcome == "ok"
    assert (await line("rollback", "x1", reference=("b1",))).outcome == "already_settled"
    assert (await line("health")).outcome == "ok"
    assert f"{line.server.wallet.balance('ann'):.2f}" == "95.00"


async def test_a_forged_call_moves_nothing(line: Any) -> None:
    """One changed byte, or no signature: signature_invalid, and the wallet books nothing though it noted the call."""
    _, request = line.written("bet", "b1", amount="10")
    forged = replace(request, body=request.body.replace(b'"10', b'"11'))
    assert forged != request
    for message in (forged, replace(request, headers=tuple(h for h in request.headers if "signature" not in h[0]))):
        answer = await line.post(message)
        assert (answer.status, orjson.loads(answer.body)["outcome"]) == (200, "signature_invalid")
    assert not line.booked("b1")
    assert line.server.calls.count("b1", "/bet") == 2


@pytest.mark.parametrize(
    ("method", "path", "body", "outcome"),
    [
        ("POST", "/nowhere", b"{}", "unsupported_operation"),
        ("GET", "/bet", b"", "unsupported_operation"),
        ("POST", "/bet", b"{", "signature_invalid"),
    ],
)
async def test_what_cannot_be_read_is_refused_in_the_dialect(
    line: Any, method: str, path: str, body: bytes, outcome: str
) -> None:
    """Unknown path, wrong method, unsigned nonsense: HTTP 200 and an outcome, never a bare error page."""
    answer = await line.post(Request(method, path, "", (), body))
    assert (answer.status, orjson.loads(answer.body)["outcome"]) == (200, outcome)


#: What the caller sees: an HTTP status, or the exception that aiohttp raises.
SEEN: dict[Mood, Any] = {
    Mood.WELL: 200,
    Mood.SLOW: 200,
    Mood.DRIP: TimeoutError,
    Mood.SILENT: TimeoutError,
    Mood.SILENT_AFTER_BOOKING: TimeoutError,
    Mood.RESET_BEFORE_BOOKING: aiohttp.ClientOSError,
    Mood.RESET_AFTER_BOOKING: aiohttp.ClientOSError,
    Mood.CLOSE_AFTER_BOOKING: aiohttp.ServerDisconnectedError,
    Mood.CLOSE_MID_HEADER: aiohttp.ServerDisconnectedError,
    Mood.HALF_BODY: aiohttp.ClientPayloadError,
    Mood.HALF_CHUNK: aiohttp.ClientPayloadError,
    Mood.HTTP_500: 500,
    Mood.HTTP_500_AFTER_BOOKING: 500,
    Mood.NOT_FOUND_404: 404,
    Mood.NO_CONTENT_204: 204,
    Mood.REDIRECT_302: 302,
    Mood.UNAUTHORIZED_401: 401,
    Mood.TOO_MANY_429: 429,
    Mood.UNAVAILABLE_503: 503,
    **dict.fromkeys((Mood.HTML_200, Mood.EMPTY_200, Mood.GARBAGE, Mood.JSON_LIST, Mood.OVERSIZE), 200),
    **dict.fromkeys((Mood.WRONG_ECHO, Mood.WRONG_PLAYER, Mood.WRONG_CURRENCY, Mood.WRONG_OUTCOME), 200),
    **dict.fromkeys((Mood.ODD_OUTCOME, Mood.DUPLICATE_BOOKING, Mood.DUPLICATE_DELIVERY, Mood.FORGETS), 200),
    Mood.LATE_LANDING: TimeoutError,
    Mood.LATE_LANDING_RESET: aiohttp.ClientOSError,
    Mood.LATE_ARRIVAL: aiohttp.ClientOSError,
}
HONEST = {Mood.WELL, Mood.SLOW, Mood.DUPLICATE_BOOKING, Mood.FORGETS}
NOT_PROCESSED = {Mood.UNAUTHORIZED_401: "wallet_failed", Mood.TOO_MANY_429: "busy", Mood.UNAVAILABLE_503: "busy"}


@pytest.mark.parametrize("mood", Mood, ids=str)
async def test_each_mood_on_a_real_socket(line: Any, mood: Mood) -> None:
    """The caller sees what the mood says, the ledger holds what the mood says, and afterwards all is well again."""
    line.server.moods.set(mood, player="ann", count=1, seconds=3_600.0 if mood in LATE else None)
    _, request = line.written("bet", "b1", amount="10", currency="EUR")
    expected = SEEN[mood]
    if isinstance(expected, int):
        assert (await line.post(request)).status == expected
    else:
        line.patience = 0.3
        with pytest.raises(expected):
            await line.post(request)
    assert line.booked("b1") == mood.books
    assert f"{line.server.wallet.balance('ann'):.2f}" == ("90.00" if mood.books else "100.00")
    line.patience = 5
    line.server.late.cancel()
    assert (await line("bet", "b1", amount="10", currency="EUR")).outcome == ("already_done" if mood.books else "ok")
    assert line.server.calls.count("b1") == 2


@pytest.mark.parametrize("mood", [mood for mood in Mood if isinstance(SEEN[mood], int)], ids=str)
async def test_a_lying_answer_reads_as_unknown(line: Any, mood: Mood) -> None:
    """Read by the canonical table: only an honest answer is believed, and only the contract's statuses are a no."""
    line.server.moods.set(mood)
    reply = await line("bet", "b1", amount="10", currency="EUR")
    if mood in HONEST:
        assert reply.outcome == "ok"
    elif mood is Mood.DUPLICATE_DELIVERY:
        assert reply.outcome == "already_done"
    elif mood in NOT_PROCESSED:
        assert reply.outcome.moved.value == "no"
        assert not reply.outcome.lasting
    else:
        assert reply.outcome == "unknown"


async def test_duplicate_booking_breaks_the_promise(line: Any) -> None:
    """Each delivery of one key is booked again and called ok: what a gateway must never provoke."""
    line.server.moods.set(Mood.DUPLICATE_BOOKING)
    for balance in ("90.00", "80.00", "70.00"):
        reply = await line("bet", "b1", amount="10")
        assert (reply.outcome, f"{reply.balance:.2f}") == ("ok", balance)


async def test_slow_books_before_it_answers(line: Any) -> None:
    """Who does not wait for a slow answer has been debited all the same."""
    line.server.moods.set(Mood.SLOW)
    line.patience = 0.05
    with pytest.raises(TimeoutError):
        await line("bet", "b1", amount="10")
    assert line.booked("b1")


async def test_a_reset_is_a_reset(line: Any) -> None:
    """On the bare socket: RST, not an orderly end."""
    line.server.moods.set(Mood.RESET_AFTER_BOOKING)
    _, request = line.written("bet", "b1", amount="10")
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    host, port = line.server.url.removeprefix("http://").split(":")
    raw = f"POST {request.path} HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(request.body)}\r\n\r\n".encode()

    def ask() -> bytes:
        with socket.create_connection((host, int(port)), timeout=5) as plain:
            plain.sendall(raw + request.body)
            return plain.recv(100)

    with pytest.raises(ConnectionResetError):
        await asyncio.to_thread(ask)
    assert line.booked("b1")


async def test_stop_ends_silence_and_frees_the_port(line: Any) -> None:
    """A caller that waits for a silent wallet is hung up on, quickly, and the port can be taken again."""
    server = SandboxServer(line.dialect, {"signing": [b"whsec_c2FuZGJveC13YWxsZXQtc2VjcmV0LTAwMDE="]}, mood=Mood.SILENT)
    await server.start()
    line.server, first = server, line.server
    waiting = asyncio.create_task(line("health"))
    while not server.calls.lines():  # noqa: ASYNC110 - another party's doing, looked at from outside
        await asyncio.sleep(0.005)
    port = int(server.url.rsplit(":", 1)[1])
    await server.stop()
    with pytest.raises((aiohttp.ServerDisconnectedError, ConnectionResetError)):
        await waiting
    again = SandboxServer(line.dialect, {"signing": [b"whsec_c2FuZGJveC13YWxsZXQtc2VjcmV0LTAwMDE="]})
    await again.start(port=port)
    with pytest.raises(OSError, match="address"):
        await server.start(port=port)
    await again.stop()
    line.server = first


async def test_an_old_call_is_refused(line: Any) -> None:
    """The wallet's clock decides: a call signed long ago is not fresh."""
    call = line.written("bet", "b1", amount="10")[0]
    _, request = line.dialect.write_call(call, line.keys, time.time() - 3_600)
    assert orjson.loads((await line.post(request)).body)["outcome"] == "signature_invalid"
    assert not line.booked("b1")


def test_a_secret_is_needed() -> None:
    """Without its secret the wallet does not start: it would take anybody's word."""
    with pytest.raises(ValueError, match="signing"):
        SandboxServer(Shelf().dialect("canonical"), {})
