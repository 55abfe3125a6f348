"""FastAPI and httpx as their documentation shows them, under uvicorn with uvloop and httptools.

The raw body is what was signed, so the handler reads it itself; the rest is the same code as the aiohttp peer's.
"""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from observed import saw
from prometheus_client import generate_latest
from translation import DEADLINE, PROVIDER, Invalid, refused, signed, told, verified, wallet_call

WALLET = os.environ["WALLET"] + "/bet"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One client for all calls, its pool as large as the load asks for."""
    limits = httpx.Limits(max_connections=1024, max_keepalive_connections=1024)
    async with httpx.AsyncClient(timeout=DEADLINE, limits=limits, trust_env=False) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)


@app.post(f"/{PROVIDER}/operator/wallet")
async def callback(request: Request) -> Response:
    """One bet."""
    began = time.perf_counter()
    transaction = ""
    body = await request.body()
    try:
        if not verified(body, request.headers.get("X-REQUEST-SIGN", "")):
            outcome, status, answer = refused("signature_invalid")
        else:
            transaction, _, call = wallet_call(body)
            data, headers = signed(call)
            reply = await app.state.client.post(WALLET, content=data, headers=headers)
            outcome, status, answer = told(transaction, call, reply.status_code, reply.content)
    except Invalid:
        outcome, status, answer = refused("request_invalid")
    except httpx.HTTPError:
        outcome, status, answer = refused("unknown")
    saw(began, outcome, transaction, status)
    return Response(answer, status, media_type="application/json")


@app.get("/metrics")
async def metrics() -> Response:
    """The text exposition."""
    return Response(generate_latest(), media_type="text/plain")


host, port = os.environ["LISTEN"].split(":")
uvicorn.run(app, host=host, port=int(port), loop="uvloop", http="httptools", access_log=False, log_level="warning")
