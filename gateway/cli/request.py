"""`gateway request`: ask a provider through a gateway that runs, as the operator's platform would."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import orjson
from cyclopts import Parameter

from gateway.cli.bearer import bearer
from gateway.cli.exits import CLEAN, FINDINGS, Finding, Misuse
from gateway.cli.send import ANYWHERE
from gateway.cli.serve import read_settings
from gateway.edge.addresses import parse_listen
from gateway.edge.settings import InternalPart


def request(
    provider: Annotated[str, Parameter(help="The account's name in the settings file.")],
    name: Annotated[str, Parameter(help="What is asked: launch_game, create_payout ...; GET /requests lists them.")],
    *,
    config: Annotated[Path, Parameter(help="The settings file of the gateway that runs.")],
    json: Annotated[str, Parameter(help="The facts as one JSON object of our fields; - is stdin.")] = "{}",
    raw: Annotated[bool, Parameter(negative="", help="Print the answer as it came, for scripts.")] = False,
    url: Annotated[str | None, Parameter(help="Where the internal listener is; default: internal.listen.")] = None,
) -> int:
    """Ask a provider through a running gateway, and read what came of it: result, their words, cause and action.

    Exit code 0 when it was done, 1 when it was not, or when nobody knows.
    """
    settings = read_settings(config)
    if settings is None:
        return FINDINGS
    if settings.internal is None:
        raise Misuse(f"{config}: there is no [internal] listener, so nobody can ask a provider")
    shown_token = bearer(settings, "internal", settings.internal)
    facts = sys.stdin.read() if json == "-" else json
    base = (url or _address(settings.internal)).rstrip("/")
    status, body = asyncio.run(_asked(f"{base}/requests/{provider}/{name}", shown_token, facts.encode()))
    if raw:
        print(body.decode("utf-8", "replace"))
    told = _object(body)
    if status != 200:
        raise Misuse(f"HTTP {status}: {told.get('why', 'the listener does not say why')}")
    if not raw:
        print("\n".join(shown(told)))
    return CLEAN if told.get("done") == "yes" else FINDINGS


def _address(internal: InternalPart) -> str:
    host, port = parse_listen(internal.listen)
    if port == 0:
        raise Misuse("internal.listen leaves the port to chance; say where the gateway is with --url")
    return f"http://{ANYWHERE.get(host, f'[{host}]' if ':' in host else host)}:{port}"


async def _asked(url: str, token: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    headers = {**token, "Content-Type": "application/json"}
    try:
        async with aiohttp.ClientSession(trust_env=False) as client, client.post(
            url, data=body, headers=headers
        ) as answer:  # fmt: skip
            return answer.status, await answer.read()
    except aiohttp.ClientError as fault:
        raise Finding(
            f"no answer from the gateway ({type(fault).__name__}): is it served, with an [internal]?"
        ) from None


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def shown(told: Mapping[str, Any]) -> Iterator[str]:
    """The canonical answer for people."""
    yield f"{told['request']} of {told['provider']}: {told['result']} ({told['sentence']})"
    yield f"  done       {told['done']} ({told['ending']})"
    if theirs := told.get("theirs"):
        code = "" if theirs["code"] is None else f", code {theirs['code']}"
        yield f"  theirs     HTTP {theirs['status']}{code}" + (f": {theirs['message']}" if theirs["message"] else "")
    for name in ("why", "cause", "action"):
        if name in told:
            yield f"  {name:<10} {told[name]}"
    for name in ("differs", "drift"):
        if name in told:
            yield f"  {name:<10} {', '.join(told[name])}"
    facts = told.get("facts") or {}
    for name, value in facts.items():
        yield f"  {name:<10} {value if isinstance(value, str) else orjson.dumps(value).decode()}"
