"""Certificates, keys and the journal's password, exchanged while callbacks are served."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import time
from typing import Any

import pytest
from cryptography import x509

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.edge import watching
from gateway.edge.journals import postgres_url
from gateway.edge.reload import reloadable
from gateway.edge.settings import load
from gateway.edge.surface import ClientTls
from gateway.edge.tls import asking
from gateway.edge.upstream import Upstream
from gateway.exchange.wishes import Send
from gateway.wire.message import Heard, Request
from tests.edge.certificates import Authority
from tests.edge.test_app import House, Served
from tests.edge.test_reload import metric, reload, rewrite
from tests.edge.wishes import nothing_late

TLS = 'public.tls = { certificate = "server.pem", key = { file = "server.key" } }'
LISTEN = 'public.listen = "127.0.0.1:0"'
QUESTION = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
WALLET = {"authorities": "ca.pem", "certificate": "client.pem", "key": {"file": "client.key"}}


def serial(path: Path) -> int:
    """Of the certificate in a file."""
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


async def opened(served: Served, folder: Path, **more: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
    """A provider's new connection, and the number of the certificate that it is shown."""
    believes = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    host, _, port = served.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=believes, **more)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return reader, writer, x509.load_der_x509_certificate(shown).serial_number


async def test_a_new_certificate_is_shown_to_whoever_connects(tmp_path: Path) -> None:
    """With a name of the server and without one; who is in stays in; what is bad keeps the old one, and complains."""
    authority = Authority(tmp_path)
    first = serial(authority.signs("server")[0])
    async with Served(House(tmp_path), **{LISTEN: f"{LISTEN}\n{TLS}"}) as served:
        reader, writer, shown = await opened(served, tmp_path)
        assert shown == first
        assert await reload(served) == (200, "nothing has changed\n")
        second = serial(authority.signs("server")[0])
        assert second != first
        assert await reload(served) == (200, "public.tls: other certificates or keys\n")
        for named in ({}, {"server_hostname": "localhost"}):
            _, fresh, shown = await opened(served, tmp_path, **named)
            assert shown == second
            fresh.close()
        writer.write(QUESTION)
        assert (await reader.readline()).startswith(b"HTTP/1.1 404")
        writer.close()

        good = (tmp_path / "server.pem").read_bytes()
        for bad in (b"no certificate", (tmp_path / "ca.pem").read_bytes()):
            (tmp_path / "server.pem").write_bytes(bad)
            status, text = await reload(served)
            assert (status, "GW505" in text, "public.tls.key" in text, "PRIVATE" in text) == (400, True, True, False)
            _, fresh, shown = await opened(served, tmp_path)
            assert shown == second
            fresh.close()
        (tmp_path / "server.pem").write_bytes(good)
        assert await reload(served) == (200, "nothing has changed\n")


async def test_a_certificate_tells_when_it_ends(tmp_path: Path) -> None:
    """A chain ends with the first of it: here the authority's, in a day. One that has ended is still shown."""
    authority = Authority(tmp_path)
    pem, _ = authority.signs("server", days=30)
    async with Served(House(tmp_path), **{LISTEN: f"{LISTEN}\n{TLS}"}) as served:

        async def days() -> float:
            (gauge,) = (await metric(served, "gateway_secret_not_after_seconds")).items()
            assert gauge[0] == 'key="1",name="tls.certificate",party="public"'
            return (gauge[1] - time()) / 86400

        assert 29.9 < await days() < 30.1
        assert [*served.lines("certificate ends")] == []
        pem.write_bytes(pem.read_bytes() + (tmp_path / "ca.pem").read_bytes())
        assert await reload(served) == (200, "public.tls: other certificates or keys\n")
        assert 0.9 < await days() < 1.1
        authority.signs("server", days=-0.02)
        assert (await reload(served))[0] == 200
        assert -0.1 < await days() < 0
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            await opened(served, tmp_path)


async def test_other_files_of_certificates_are_named_and_watched(tmp_path: Path) -> None:
    """The settings may lead elsewhere; only whether TLS is spoken at all waits for a restart."""
    authority = Authority(tmp_path)
    authority.signs("server")
    second = serial(authority.signs("next")[0])
    async with Served(House(tmp_path), **{LISTEN: f"{LISTEN}\n{TLS}"}) as served:
        path = served.house.path
        assert {tmp_path / "server.pem", tmp_path / "server.key"} <= watching.stamps(path, load(path)).keys()
        rewrite(path, TLS, TLS.replace("server.", "next."))
        status, text = await reload(served)
        assert (status, "public.tls.certificate: server.pem -> next.pem" in text) == (200, True)
        _, writer, shown = await opened(served, tmp_path)
        assert shown == second
        writer.close()
        rewrite(path, TLS.replace("server.", "next."), "")
        status, text = await reload(served)
        assert (status, "only a restart changes public.tls" in text) == (200, True)
        _, writer, shown = await opened(served, tmp_path)
        assert shown == second
        writer.close()


@asynccontextmanager
async def wallet(folder: Path, seen: list[int], slow: asyncio.Event) -> AsyncIterator[int]:
    """One that demands a certificate, and keeps connections; *seen*: whose certificate each question came with."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            seen.append(x509.load_der_x509_certificate(shown).serial_number)
            await slow.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_the_wallet_is_shown_the_new_certificate(tmp_path: Path, eventually: Any) -> None:
    """On new connections; an idle one is closed, one at work brings its answer and is asked no more."""
    authority, seen, slow = Authority(tmp_path), [], asyncio.Event()
    slow.set()
    authority.signs("server")
    first = serial(authority.signs("client")[0])
    tls = ClientTls.model_validate(WALLET)
    async with wallet(tmp_path, seen, slow) as port:
        hop = Upstream(f"https://127.0.0.1:{port}", tls=asking(tls, tmp_path), connect_timeout=2.0)
        await hop.start()

        async def asked() -> bool:
            until = asyncio.get_running_loop().time() + 5
            return isinstance(
                await hop.send(Send(Request("POST", "/b", body=b"{}"), until, until), nothing_late), Heard
            )

        assert await asked()
        slow.clear()
        at_work = asyncio.create_task(asked())
        await eventually(lambda: seen == [first, first])
        second = serial(authority.signs("client")[0])
        hop.secure(asking(tls, tmp_path))
        slow.set()
        assert await at_work
        assert await asked()
        assert await asked()
        assert seen == [first, first, second, second]
        hop.secure(asking(tls, tmp_path))
        assert await asked()
        assert len(hop._pool._open) == 1
        await hop.stop(0.0)


def test_tls_to_the_wallet_follows_its_url(tmp_path: Path) -> None:
    """A reload keeps the URL, and with it whether TLS is spoken."""
    Authority(tmp_path).signs("client")
    house = House(tmp_path)
    plain = house.settings()
    tls = '[wallet.tls]\nauthorities = "ca.pem"\n'
    secure = house.settings("https://127.0.0.1:9", more=tls)
    assert reloadable(plain, secure).wallet.tls is None
    assert reloadable(secure, plain).wallet.tls is secure.wallet.tls
    other = house.settings("https://127.0.0.2:9", more=tls.replace("ca.pem", "client.pem"))
    merged = reloadable(secure, other).wallet
    assert (merged.url, merged.tls) == ("https://127.0.0.1:9", other.wallet.tls)


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("postgresql://gw@db:5433/j", "postgresql://gw:p%2F%40@db:5433/j"),
        ("postgresql://gw@[::1]:5433/j", "postgresql://gw:p%2F%40@[::1]:5433/j"),
        ("postgresql://gw@/j?host=/run/pg", "postgresql://gw:p%2F%40@/j?host=/run/pg"),
        ("postgresql://gw@one:1,two:2/j", "postgresql://gw:p%2F%40@one:1,two:2/j"),
    ],
)
def test_a_password_is_put_into_every_kind_of_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, whole: str
) -> None:
    """Of a host, of IPv6, of a socket's folder, of several hosts."""
    monkeypatch.setenv("JOURNAL_PASSWORD", "p/@")
    named = f'journal.url = "{url}"\njournal.secrets.password = [{{ env = "JOURNAL_PASSWORD" }}]'
    assert postgres_url(House(tmp_path).settings(**{'journal.url = "sqlite:journal.db"': named})) == whole


def demand_passwords(hba: Path, instead: str = "") -> str:
    """Of the role `rotating`, or *instead* what the server's file said before; gives what it says now."""
    rules = hba.read_text("utf-8")
    hba.write_text(instead or f"local all rotating scram-sha-256\n{rules}", "utf-8")
    return rules


async def test_the_journals_password_is_exchanged(tmp_path: Path, eventually: Any) -> None:
    """New connections show the one that was read last; without it the journal is down, and we are not."""
    pytest.importorskip("asyncpg", reason="needs the extra postgres")
    from tests.journal.postgres_server import asked, fresh_database, server

    url = await fresh_database()
    (hba,) = (await asked(url, "SHOW hba_file"))[0]
    await asked(url, "CREATE ROLE rotating SUPERUSER LOGIN PASSWORD 'the first password'")
    rules = demand_passwords(Path(hba))
    await asked(url, "SELECT pg_reload_conf()")
    mine = url.replace("postgres@", "rotating@")
    assert str(server().folder) in mine
    (tmp_path / "journal.password").write_text("the first password\n")
    named = f'journal.url = "{mine}"\njournal.secrets.password = [{{ file = "journal.password" }}]'

    async def bet(served: Served) -> bool:
        caller = served.callers["slots"]
        return (await caller.send(caller.call(Operation.BET))).reply.outcome is Outcome.OK

    try:
        async with Served(House(tmp_path), **{'journal.url = "sqlite:journal.db"': named}) as served:
            assert await bet(served)
            assert tmp_path / "journal.password" in watching.stamps(served.house.path, load(served.house.path))
            await asked(url, "ALTER ROLE rotating PASSWORD 'the second password'")
            assert await bet(served)  # a connection that is open stays so
            await asked(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotating'")
            assert not await bet(served)
            assert served.app.journal.failing
            async with served.client.get(f"{served.admin}/readyz") as answer:
                assert answer.status == 200  # all instances would leave at once
            (tmp_path / "journal.password").write_text("the second password\n")
            assert await reload(served) == (200, "journal.secrets.password, key 1: another secret\n")
            await eventually(lambda: not served.app.journal.failing, 20)
            assert await bet(served)
            assert "password'" not in served.out.getvalue().decode()
            assert "the second password" not in served.out.getvalue().decode()
            (tmp_path / "journal.password").unlink()
            status, text = await reload(served)
            assert (status, "GW505" in text, "nothing was changed" in text) == (400, True, True)
    finally:
        demand_passwords(Path(hba), rules)
        await asked(url, "SELECT pg_reload_conf()")
