"""How a mood looks on the socket: real resets, half bodies, silence. What was booked is decided elsewhere.

Each breakage takes the aiohttp request, the honest answer and a Stage, and returns what aiohttp shall send, or a
response that can no longer be sent because the connection is gone.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from aiohttp import web

from gateway.sandbox.moods import Mood, Taken
from gateway.wire.message import Response

Breakage = Callable[[web.BaseRequest, Response, "Stage"], Awaitable[web.StreamResponse]]

HTML = b"<!DOCTYPE html><html><body><h1>Just a moment...</h1></body></html>"
GARBAGE = b'{"outcome": "ok", \xff\xfe\x00 "balance'
OVERSIZE = 4 << 20


@dataclass(slots=True)
class Stage:
    """What breakages need: seconds that slow answers take and that lie between dripped bytes; *over* ends silence."""

    slow_seconds: float = 5.0
    drip_seconds: float = 1.0
    over: asyncio.Event = field(default_factory=asyncio.Event)


def sendable(response: Response) -> web.Response:
    """The answer as aiohttp sends it."""
    answer = web.Response(status=response.status, body=response.body)
    for name, value in response.headers:
        answer.headers[name] = value
    return answer


def hang_up(request: web.BaseRequest) -> web.StreamResponse:
    """Close after what has been written so far."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def reset(request: web.BaseRequest) -> web.StreamResponse:
    """Abort the connection so that the peer sees RST: linger 0 and close."""
    transport = request.transport
    if transport is not None:
        plain = transport.get_extra_info("socket")
        with socket.socket(fileno=os.dup(plain.fileno())) as twin:  # options belong to the connection, not the handle
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _honest(request: web.BaseRequest, response: Response, stage: Stage) -> web.StreamResponse:
    return sendable(response)


async def _slow(request: web.BaseRequest, response: Response, stage: Stage) -> web.StreamResponse:
    await _wait(stage, stage.slow_seconds)
    return sendable(response)


async def _silent(request: web.BaseRequest, response: Response, stage: Stage) -> web.StreamResponse:
    await stage.over.wait()
    return hang_up(request)


async def _reset(request: web.BaseRequest, response: Response, stage: Stage) -> web.StreamResponse:
    return reset(request)


async def _close(request: web.BaseRequest, response: Response, stage: Stage) -> web.StreamResponse:
    return hang_up(request)


async def _close_mid_header(request: web.BaseRequest, response: Response, stage: Stage) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: applic")
    return hang_up(request)


async def _half_body(request: web.BaseRequest, response: Response, stage: Stage) -> web.StreamResponse:
    announced = web.StreamResponse(status=response.status, headers=dict(response.headers))
    announced.content_length = max(len(response.body), 2)
    await announced.prepare(request)
    await announced.write(response.body[: len(response.body) // 2] or b"{")
    return _cut(request, announced)


async def _half_chunk(request: web.BaseRequest, response: Response, stage: Stage) -> web.StreamResponse:
    if request.transport is not None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        size = b"%x\r\n" % max(len(response.body), 2)
        request.transport.write(head + size + (response.body[: len(response.body) // 2] or b"{"))
    return hang_up(request)


async def _drip(request: web.BaseRequest, response: Response, stage: Stage) -> web.StreamResponse:
    announced = web.StreamResponse(status=response.status, headers=dict(response.headers))
    announced.content_length = len(response.body)
    await announced.prepare(request)
    for byte in response.body:
        await announced.write(bytes((byte,)))
        if await _wait(stage, stage.drip_seconds):
            return _cut(request, announced)
    return announced


def _cut(request: web.BaseRequest, announced: web.StreamResponse) -> web.StreamResponse:
    hang_up(request)
    return announced


async def _wait(stage: Stage, seconds: float) -> bool:
    """Wait that long; True if the server stopped meanwhile."""
    try:
        await asyncio.wait_for(stage.over.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _says(status: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> Breakage:
    async def breakage(request: web.BaseRequest, response: Response, stage: Stage) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type=kind, headers=headers)

    return breakage


#: What each mood does instead of sending the honest answer; moods that are not here send the answer they are given.
BREAKAGES: dict[Mood, Breakage] = {
    Mood.SLOW: _slow,
    Mood.DRIP: _drip,
    Mood.SILENT: _silent,
    Mood.SILENT_AFTER_BOOKING: _silent,
    Mood.RESET_BEFORE_BOOKING: _reset,
    Mood.RESET_AFTER_BOOKING: _reset,
    Mood.LATE_LANDING: _silent,
    Mood.LATE_LANDING_RESET: _reset,
    Mood.LATE_ARRIVAL: _reset,
    Mood.CLOSE_AFTER_BOOKING: _close,
    Mood.CLOSE_MID_HEADER: _close_mid_header,
    Mood.HALF_BODY: _half_body,
    Mood.HALF_CHUNK: _half_chunk,
    Mood.HTTP_500: _says(500, b"Internal Server Error", "text/plain"),
    Mood.HTTP_500_AFTER_BOOKING: _says(500, b"Internal Server Error", "text/plain"),
    Mood.NOT_FOUND_404: _says(404, b"Not Found", "text/plain"),
    Mood.NO_CONTENT_204: _says(204),
    Mood.REDIRECT_302: _says(302, Location="/elsewhere"),
    Mood.UNAUTHORIZED_401: _says(401),
    Mood.TOO_MANY_429: _says(429),
    Mood.UNAVAILABLE_503: _says(503),
    Mood.HTML_200: _says(200, HTML, "text/html"),
    Mood.EMPTY_200: _says(200),
    Mood.GARBAGE: _says(200, GARBAGE),
    Mood.JSON_LIST: _says(200, b'["ok"]'),
    Mood.OVERSIZE: _says(200, b'{"outcome": "ok", "filler": "' + b"x" * OVERSIZE + b'"}'),
}


async def perform(taken: Taken, request: web.BaseRequest, response: Response, stage: Stage) -> web.StreamResponse:
    """Answer *request* with *response* as the mood has it; its own seconds, if it has some, go before the stage's."""
    if taken.seconds is not None:
        stage = replace(stage, slow_seconds=taken.seconds)
    return await BREAKAGES.get(taken.mood, _honest)(request, response, stage)
