"""A served gateway with an [internal] listener and a durable journal: asked by `gateway request`, killed, asked."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.canon.requests import Ask
from gateway.cli.madeup import made_up
from gateway.dialect.problems import Refused
from gateway.dialect.shelf import Shelf
from gateway.edge.preparing import prepare
from gateway.edge.settings import load
from gateway.sandbox.provider import SandboxProvider, Trouble
from tests.asked.stage import FACTS, PAYOUT, examples, table
from tests.cli.process import Running, free_port, gateway

SETTINGS = """
public.listen = "127.0.0.1:0"
admin.listen = "127.0.0.1:0"
journal.url = "sqlite:journal.db"
drain.accept_grace = 0
drain.timeout = 20
[internal]
listen = "127.0.0.1:{port}"
secrets.token = [{{ file = "token" }}]
[wallet]
url = "http://127.0.0.1:9"
promises = ["idempotent", "tombstones", "status", "references"]
secrets.signing = [{{ file = "signing" }}]
[providers.payer]
dialect = "payfield"
secrets.api_key = [{{ file = "api_key" }}]
secrets.api_secret = [{{ file = "api_secret" }}]
secrets.webhook_secret = [{{ file = "webhook_secret" }}]
urls.api = "{url}"
"""


class Served:
    """Settings in a folder, a provider beside, a gateway between them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.config = folder, folder / "gateway.toml"
        self.port = free_port()
        self.config.write_text(SETTINGS.format(port=self.port, url=url))
        for name, text in examples("payfield").file.secrets.items():
            (folder / name).write_text(text)
        (folder / "webhook_secret").write_text("not-a-real-secret-of-webhooks")
        (folder / "token").write_text("not-a-real-token-of-anybody")
        (folder / "signing").write_bytes(made_up(Shelf().dialect("canonical"))["signing"])
        self.running: Running | None = None

    async def start(self) -> None:
        """Serve, until it says where."""
        self.running = Running("serve", "--config", "gateway.toml", cwd=self.folder)
        await asyncio.to_thread(self.running.until, "  admin  ")

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal it; its exit code."""
        assert self.running is not None
        return await asyncio.to_thread(self.running.stop, number)

    async def request(self, name: str, facts: dict[str, Any], *more: str) -> tuple[int, str, str]:
        """`gateway request`."""
        words = ["request", "payer", name, "--json", json.dumps(facts), "--config", "gateway.toml", *more]
        return await asyncio.to_thread(lambda: gateway(*words, cwd=self.folder))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of its own."""
    return tmp_path


async def test_asked_killed_and_asked_again(folder: Path) -> None:
    """The claim is durable before the first byte: after a kill the payment is in doubt, and is asked about."""
    made = examples("payfield")
    provider = SandboxProvider(table("payfield"), made.keys(table("payfield"), playing=True), FACTS["payfield"])
    served = Served(folder, (await provider.start())["api"])
    await served.start()
    try:
        code, out, err = await served.request("create_payout", {**PAYOUT, "reference": "po-0"})
        assert (code, err) == (0, "")
        assert out.startswith("create_payout of payer: ok (Done)\n  done       yes (heard)\n  theirs     HTTP 201\n")
        rows = table("payfield").forms[Ask.CREATE_PAYOUT].rows
        refused = next(row for row in rows if row.result == "insufficient_funds")
        provider.meets(refused)
        code, out, _ = await served.request("create_payout", PAYOUT)
        assert code == 1
        assert "  theirs     HTTP 422: Insufficient balance\n" in out
        assert "  cause      Not enough balance for payout.\n  action     Top up balance or reduce amount.\n" in out
        provider.meets(Trouble.SILENCE_AFTER)
        waiting = asyncio.create_task(served.request("create_payout", PAYOUT))
        while len(provider.books.payments) < 2:  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.02)
        await served.stop(signal.SIGKILL)
        code, _, err = await waiting
        assert code == 1
        assert "no answer from the gateway" in err
        await served.start()
        code, out, _ = await served.request("create_payout", PAYOUT, "--raw")
        told = json.loads(out)
        assert (code, told["result"], told["facts"]["reference"]) == (0, "already_exists", "po-1"), told
        assert len(provider.books.payments) == 2
        words = ["find", "po-1", "--config", "gateway.toml"]
        code, out, err = await asyncio.to_thread(lambda: gateway(*words, cwd=folder))
        assert (code, err) == (0, "")
        assert "payer:=create_payout:po-1" in out
        code, out, err = await served.request("create_payot", PAYOUT)
        assert (code, out) == (2, "")
        assert 'did you mean "create_payout"?' in err
        assert await served.stop() == 0
    finally:
        assert served.running is not None
        served.running.__exit__()
        await provider.stop()


async def test_the_platform_is_drained_as_providers_are(folder: Path) -> None:
    """Nobody new is taken, idle connections are closed, who is in is waited for; a second signal waits for nobody."""
    made = examples("payfield")
    provider = SandboxProvider(table("payfield"), made.keys(table("payfield"), playing=True), FACTS["payfield"])
    served = Served(folder, (await provider.start())["api"])
    await served.start()
    try:
        provider.meets(Trouble.SILENCE_AFTER)
        waiting = asyncio.create_task(served.request("create_payout", PAYOUT))
        while not provider.books.payments:  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.02)
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(b"GET /requests HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 401 ")
        assert served.running is not None
        served.running.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(reader.read(), 10)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", served.port)
        assert not waiting.done()
        assert await asyncio.wait_for(served.stop(), 10) == 1
        code, out, _ = await waiting
        assert (code, "unknown" in out) == (1, True), out
        writer.close()
    finally:
        assert served.running is not None
        served.running.__exit__()
        await provider.stop()


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("urls.api", "urls.apy", "GW509", 'the table has no URL "apy"'),
        ('[internal]\nlisten = "127.0.0.1:1"\nsecrets.token = [{ file = "token" }]\n', "", "GW509", "nobody who could"),
        ("drain.timeout = 20", "drain.timeout = 12", "GW507", "or is waited for"),
        ("secrets.api_secret", "# ", "GW505", 'no secret "api_secret", with which it is asked'),
        ('{ file = "token" }', '{ file = "short" }', "GW505", "a token shorter than 16 bytes"),
        ('{ file = "token" }', '{ file = "nowhere" }', "GW505", "secret token: "),
    ],
)
def test_a_start_that_is_refused(folder: Path, old: str, new: str, code: str, says: str) -> None:
    """Everything about asking is found before a port opens."""
    served = Served(folder, "http://127.0.0.1:9/api")
    text = SETTINGS.format(port=1, url="http://127.0.0.1:9/api")
    assert old in text
    served.config.write_text(text.replace(old, new))
    (folder / "short").write_text("short")
    with pytest.raises(Refused) as refused:
        prepare(load(served.config), served.config)
    assert [each for each in refused.value.problems if each.code == code and says in each.says]


async def test_a_status_in_no_row_is_told_once(folder: Path) -> None:
    """Of an answer to what we asked: one line of the log and one row, however often it comes; the result is a doubt."""
    made = examples("payfield")
    provider = SandboxProvider(table("payfield"), made.keys(table("payfield"), playing=True), FACTS["payfield"])
    served = Served(folder, (await provider.start())["api"])
    admin = free_port()
    served.config.write_text(
        served.config.read_text().replace('admin.listen = "127.0.0.1:0"', f'admin.listen = "127.0.0.1:{admin}"')
    )
    await served.start()
    try:
        provider.meets(Trouble.FAILURE, Trouble.FAILURE)
        for _ in range(2):
            code, out, _ = await served.request("provider_balance", {})
            assert (code, out.partition(" (")[0]) == (1, "provider_balance of payer: unknown")
        code, out, err = await asyncio.to_thread(lambda: gateway("drift", "--config", "gateway.toml", cwd=folder))
        assert (code, err) == (1, "")
        assert "payer (payfield), its answers to our requests:\n  status of provider_balance: 503  (2 times" in out
        assert out.count("heard_as.unknown = [{ http = 503 }]") == 1
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{admin}/metrics") as answer:
            counted = [line for line in (await answer.text()).splitlines() if line.startswith("gateway_drift_total{")]
        assert [line for line in counted if not line.endswith(" 0.0")] == [
            'gateway_drift_total{kind="status",provider="payer",side="answer"} 1.0'
        ]
        assert await served.stop() == 0
        assert served.running is not None
        assert sum('"event":"drift"' in line.replace(": ", ":") for line in served.running.lines) == 1
    finally:
        assert served.running is not None
        served.running.__exit__()
        await provider.stop()
