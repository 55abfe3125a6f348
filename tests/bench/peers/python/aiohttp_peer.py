"""aiohttp as its documentation shows it: an Application, a handler, and one ClientSession; on uvloop."""

import asyncio
import os
import time

import aiohttp
import uvloop
from aiohttp import web
from observed import saw
from prometheus_client import generate_latest
from translation import BODY_LIMIT, DEADLINE, PROVIDER, Invalid, refused, signed, told, verified, wallet_call

WALLET = os.environ["WALLET"] + "/bet"
SESSION: web.AppKey[aiohttp.ClientSession] = web.AppKey("session", aiohttp.ClientSession)


async def callback(request: web.Request) -> web.Response:
    """One bet."""
    began = time.perf_counter()
    transaction = ""
    body = await request.read()
    try:
        if not verified(body, request.headers.get("X-REQUEST-SIGN", "")):
            outcome, status, answer = refused("signature_invalid")
        else:
            transaction, _, call = wallet_call(body)
            outcome, status, answer = await bet(request.app[SESSION], transaction, call)
    except Invalid:
        outcome, status, answer = refused("request_invalid")
    saw(began, outcome, transaction, status)
    return web.Response(body=answer, status=status, content_type="application/json")


async def bet(session: aiohttp.ClientSession, transaction: str, call: dict[str, str]) -> tuple[str, int, bytes]:
    """Ask the wallet; silence is unknown, never a decline."""
    data, headers = signed(call)
    try:
        async with session.post(WALLET, data=data, headers=headers) as reply:
            return told(transaction, call, reply.status, await reply.read())
    except (aiohttp.ClientError, TimeoutError):
        return refused("unknown")


async def metrics(_: web.Request) -> web.Response:
    """The text exposition."""
    return web.Response(body=generate_latest())


async def client(app: web.Application):
    """One session for all calls, its pool as large as the load asks for."""
    timeout, connector = aiohttp.ClientTimeout(total=DEADLINE), aiohttp.TCPConnector(limit=1024)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector, auto_decompress=False) as session:
        app[SESSION] = session
        yield


def main() -> None:
    """Serve until a signal."""
    app = web.Application(client_max_size=BODY_LIMIT)
    app.cleanup_ctx.append(client)
    app.router.add_post(f"/{PROVIDER}/operator/wallet", callback)
    app.router.add_get("/metrics", metrics)
    host, port = os.environ["LISTEN"].split(":")
    asyncio.set_event_loop(loop := uvloop.new_event_loop())
    web.run_app(app, host=host, port=int(port), access_log=None, print=None, loop=loop)


main()
