"""TLS on the public listener and mutual TLS to the wallet, by settings, with real certificates."""

import asyncio
import re
import ssl
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.edge.preparing import prepare
from gateway.edge.secrets import Reference
from gateway.edge.settings import SettingsRefused
from gateway.edge.surface import ClientTls, ServerTls
from gateway.edge.tls import TlsRefused, asking, serving
from gateway.edge.upstream import Upstream
from gateway.exchange.wishes import Send
from gateway.wire.message import Heard, Request, Unreachable
from tests.edge.callbacks import OK, plain, post
from tests.edge.certificates import Authority
from tests.edge.test_app import House, Served
from tests.edge.wishes import nothing_late


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authorities, and what they have signed."""
    folder = tmp_path_factory.mktemp("tls")
    ours, theirs = Authority(folder), Authority(folder / "other")
    for name in ("server", "wallet", "client"):
        ours.signs(name)
    theirs.signs("client")
    return folder


def believing(folder: Path) -> ssl.SSLContext:
    """A provider's side."""
    return ssl.create_default_context(cafile=str(folder / "ca.pem"))


async def test_the_public_listener_speaks_nothing_but_tls(gateway: Any, files: Path) -> None:
    """TLS 1.2 or later, HTTP/1.1; plain HTTP hears nothing of ours."""
    part = ServerTls(certificate=Path("server.pem"), key=Reference(file=Path("server.key")))
    one = await gateway(plain, tls=serving(part, files))
    reader, writer = await asyncio.open_connection(one.host, one.port, ssl=believing(files))
    writer.write(post())
    assert (await reader.read()).endswith(OK.body)
    assert writer.get_extra_info("ssl_object").version() in ("TLSv1.2", "TLSv1.3")
    writer.close()
    assert b"HTTP" not in await one.talk(post())
    old = believing(files)
    with pytest.warns(DeprecationWarning, match="TLS"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(one.host, one.port, ssl=old)
    assert len(one.lines()) == 1


async def test_a_handshake_that_never_comes_is_cut(gateway: Any, files: Path) -> None:
    """Like a head: it has so long, and no longer."""
    part = ServerTls(certificate=Path("server.pem"), key=Reference(file=Path("server.key")))
    one = await gateway(plain, tls=serving(part, files), head_within=0.3)
    began = time.monotonic()
    assert await one.talk(b"\x16\x03\x01") == b""
    assert time.monotonic() - began < 3


async def wallet_behind_tls(files: Path) -> tuple[asyncio.Server, int]:
    """It demands a certificate of our authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(files / "ca.pem"))
    context.load_cert_chain(files / "wallet.pem", files / "wallet.key")
    context.verify_mode = ssl.CERT_REQUIRED

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("tls", "heard"),
    [
        ({"authorities": "ca.pem", "certificate": "client.pem", "key": {"file": "client.key"}}, True),
        ({"authorities": "ca.pem", "certificate": "other/client.pem", "key": {"file": "other/client.key"}}, False),
        ({"authorities": "ca.pem"}, False),
        ({"authorities": "other/ca.pem", "certificate": "client.pem", "key": {"file": "client.key"}}, False),
        ({"certificate": "client.pem", "key": {"file": "client.key"}}, False),
    ],
)
async def test_mutual_tls_to_the_wallet(files: Path, tls: Any, heard: bool) -> None:
    """Both ends prove themselves; where one does not, the wallet has read nothing of ours."""
    server, port = await wallet_behind_tls(files)
    hop = Upstream(f"https://127.0.0.1:{port}", tls=asking(ClientTls.model_validate(tls), files), connect_timeout=2.0)
    await hop.start()
    now = time.monotonic()
    ending = await hop.send(Send(Request("POST", "/bet", "", (), b"{}"), now + 3, now + 3), nothing_late)
    await hop.stop(0.0)
    server.close()
    assert isinstance(ending, Heard) is heard
    if not heard and "other" in str(tls.get("authorities")) + str("authorities" not in tls):
        assert isinstance(ending, Unreachable)
        assert re.search(r"SSLCertVerificationError \(.*certificate", str(ending)), ending


def test_a_key_from_the_environment_is_loaded(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL wants a file; this one is never on a disk."""
    monkeypatch.setenv("SERVER_KEY", (files / "server.key").read_text())
    serving(ServerTls(certificate=Path("server.pem"), key=Reference(env="SERVER_KEY")), files)


@pytest.mark.parametrize(
    ("certificate", "key", "setting"),
    [
        ("none.pem", "server.key", "certificate"),
        ("server.pem", "none.key", "key"),
        ("server.pem", "client.key", "key"),
        ("server.key", "server.key", "key"),
        ("server.pem", "server.pem", "key"),
    ],
)
def test_what_cannot_be_used_is_refused_without_its_content(
    files: Path, certificate: str, key: str, setting: str
) -> None:
    """The place and the reason."""
    part = ServerTls(certificate=Path(certificate), key=Reference(file=Path(key)))
    with pytest.raises(TlsRefused) as refused:
        serving(part, files)
    assert refused.value.setting == setting
    assert "PRIVATE" not in str(refused.value)
    assert "BEGIN" not in str(refused.value)


def test_start_up_names_the_setting(tmp_path: Path, files: Path) -> None:
    """A complaint like any other, about the line that is wrong."""
    house = House(tmp_path)
    more = f'\n[public.tls]\ncertificate = "{files}/server.pem"\nkey = {{ file = "{files}/client.key" }}\n'
    (problem,) = house.complaints(more=more)
    assert (problem.code, problem.keypath) == ("GW505", ("public", "tls", "key"))


def test_tls_to_a_plain_wallet_is_refused(tmp_path: Path, files: Path) -> None:
    """It would be thought to protect what it does not."""
    with pytest.raises(Exception, match="not https"):
        House(tmp_path).settings(more=f'\n[wallet.tls]\nauthorities = "{files}/ca.pem"\n')


@pytest.mark.parametrize("table", ["public", "wallet"])
def test_a_key_of_a_certificate_has_no_end_of_its_own(tmp_path: Path, table: str) -> None:
    """Nothing would act upon it: it would be thought to protect what it does not."""
    key = '{ file = "server.key", not_after = 2100-01-01T00:00:00Z }'
    more = f'\n[{table}.tls]\ncertificate = "server.pem"\nkey = {key}\n'
    with pytest.raises(SettingsRefused, match=rf"{table}.tls.key: .*the certificate itself says when it ends"):
        House(tmp_path).settings("https://127.0.0.1:9", more=more)


def test_beyond_loopback_a_token_of_some_length_is_due(tmp_path: Path) -> None:
    """The admin listener for all, with a token: no complaint, and the token is held ready."""
    house = House(tmp_path)
    (tmp_path / "admin.token").write_text("0123456789abcdef0123456789abcdef\n")
    everywhere = {'admin.listen = "127.0.0.1:0"': 'admin.listen = "0.0.0.0:0"'}
    more = '\n[admin]\nlisten = "0.0.0.0:0"\nsecrets.token = [{ file = "admin.token" }]\n'
    parties = prepare(house.settings(without="admin", more=more), house.path)
    assert parties.tokens("admin") == (b"0123456789abcdef0123456789abcdef",)
    assert "0123456789abcdef" not in repr(parties)
    (problem,) = house.complaints(**everywhere)
    assert (problem.code, problem.keypath) == ("GW507", ("admin", "listen"))
    (tmp_path / "admin.token").write_text("short")
    (problem,) = house.complaints(without="admin", more=more)
    assert (problem.code, problem.keypath) == ("GW505", ("admin", "secrets", "token"))


async def test_a_gateway_of_settings_serves_its_list_and_its_limit(tmp_path: Path) -> None:
    """`providers.acme.allow` and `public.proxies`, from the file to the socket."""
    replaced = {
        "[wallet]": 'public.proxies = ["127.0.0.1"]\n[wallet]',
        'dialect = "evenbet"': 'dialect = "evenbet"\nallow = ["203.0.113.0/24"]',
    }
    async with Served(House(tmp_path), **replaced) as served:
        slots = served.callers["slots"]
        got = await slots.send(slots.call(Operation.BALANCE))
        assert got.reply.outcome is Outcome.OK, got.why
        with pytest.raises(aiohttp.ClientConnectionError):
            await served.client.post(f"{served.url}/acme/balance", data=b"{}")
        there = {"X-Forwarded-For": "203.0.113.77"}
        async with served.client.post(f"{served.url}/acme/balance", data=b"{}", headers=there) as answer:
            assert answer.status == 200
        assert len(list(served.lines("stranger"))) == 1
