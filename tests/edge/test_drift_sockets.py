"""Drift over real sockets, of callbacks and of the wallet's answers: one count, one line, one row at first sight."""

from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from tests.edge.test_app import House, Served, clean

__all__ = ["clean"]


class Between:
    """Stands between the gateway and its wallet, and changes what the wallet says."""

    def __init__(self) -> None:
        self.changes: dict[str, Any] = {}
        self.target = ""

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close it."""
        await self._runner.cleanup()

    async def _pass(self, request: web.Request) -> web.Response:
        kept = {name: value for name, value in request.headers.items() if name not in ("Host", "Content-Length")}
        async with aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as client:
            url = self.target + request.raw_path
            async with client.request(request.method, url, data=await request.read(), headers=kept) as answer:
                body = orjson.dumps(orjson.loads(await answer.read()) | self.changes)
                return web.Response(status=answer.status, body=body, content_type="application/json")


class BehindHouse(House):
    """A house whose wallet is reached through what stands between."""

    between: Between

    def settings(self, wallet: str = "http://127.0.0.1:9", **more: Any) -> Any:
        """The wallet's URL is the target of what stands between."""
        self.between.target = wallet
        return super().settings(self.between.url, **more)


async def sent(served: Served, operation: Operation, headers: dict[str, str] | None = None, **fields: Any) -> int:
    """A signed message of the Scorpio account with *fields* beside its own; the status of its answer."""
    caller = served.callers["slots"]
    form = caller.form(operation)
    draft = form.write(caller.call(operation), {})
    draft.body.update(fields)
    caller.keys.of(form.name).make(draft, 0)
    request = draft.request()
    said = {**dict(request.headers), **(headers or {})}
    async with served.client.post(caller.url + request.path, data=request.body, headers=said) as answer:
        await answer.read()
        return answer.status


async def seen(served: Served) -> tuple[Counter[tuple[str, str]], list[str], list[dict[str, Any]]]:
    """Lines by side and kind; the series of the metric that count something; what `gateway drift` prints."""
    lines = Counter((line["side"], line["kind"]) for line in served.lines("drift"))
    async with served.client.get(f"{served.admin}/metrics") as answer:
        text = (await answer.text()).splitlines()
    series = [line for line in text if line.startswith("gateway_drift_total{") and not line.endswith(" 0.0")]
    async with served.client.get(f"{served.admin}/drift") as answer:
        return lines, series, orjson.loads(await answer.read())


async def test_a_field_and_a_content_type_of_a_callback(tmp_path: Path) -> None:
    """Told once each, however often they come; the callback is served as before."""
    async with Served(House(tmp_path)) as served:
        for _ in range(3):
            assert await sent(served, Operation.BALANCE, {"Content-Type": "text/x-odd"}, vipLevel="gold") == 200
        lines, series, rows = await seen(served)
        assert lines == {("callback", "field"): 1, ("callback", "content_type"): 1}
        assert [line.rpartition(" ")[2] for line in series] == ["1.0", "1.0"]
        assert {(row["name"], row["row"]) for row in rows} == {
            ("body.vipLevel", 'known = ["body.vipLevel"]  # text of 4 characters, not read'),
            ("text/x-odd", 'fill."header.Content-Type" = "text/x-odd"'),
        }
        assert {row["times"] for row in rows} == {3}
        assert [line["outcome"] for line in served.lines("callback")] == ["ok"] * 3


@pytest.mark.parametrize(
    ("changes", "kind", "name", "outcome"),
    [
        ({"tier": "gold"}, "field", "answer.tier", Outcome.OK),
        ({"outcome": "no_luck"}, "code", "no_luck", Outcome.UNKNOWN),
    ],
)
async def test_a_field_and_a_code_of_the_wallet(
    tmp_path: Path, changes: dict[str, Any], kind: str, name: str, outcome: Outcome
) -> None:
    """A field changes nothing of what was heard; a code in no row is a doubt, and never a decline."""
    house = BehindHouse(tmp_path)
    house.between = Between()
    await house.between.start()
    try:
        async with Served(house) as served:
            house.between.changes = changes
            for _ in range(2):
                assert await sent(served, Operation.BET) == 200
            lines, series, rows = await seen(served)
            assert lines["wallet", kind] == 1
            assert sum(kind in line and 'side="wallet"' in line for line in series) == 1
            (row,) = [each for each in rows if each["kind"] == kind]
            assert (row["name"], row["side"], row["times"], bool(row["row"])) == (name, "wallet", 2, True)
            assert next(served.lines("callback"))["outcome"] == outcome
    finally:
        await house.between.stop()
