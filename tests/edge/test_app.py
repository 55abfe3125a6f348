"""The composition root: everything wrong is found before a port opens, and what is right serves real callbacks."""

import asyncio
import io
import os
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.cli.caller import Caller
from gateway.cli.madeup import made_up
from gateway.dialect.pages import pages
from gateway.dialect.problems import Problem, Refused
from gateway.dialect.shelf import Shelf
from gateway.edge.app import App, run_loop
from gateway.edge.logs import Log
from gateway.edge.preparing import prepare
from gateway.edge.settings import load
from gateway.journal.wishes import JournalRefused
from gateway.sandbox.server import SandboxServer

DIALECTS = {"marbles": "155io", "acme": "evenbet", "slots": "scorpio"}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine that runs the tests."""
    for name in os.environ:
        if name.upper().startswith("GATEWAY_"):
            monkeypatch.delenv(name)


@cache
def secrets_of(dialect: str, *tables: Path) -> dict[str, bytes]:
    """Made up once: RSA pairs take their time."""
    return made_up(Shelf(*tables).dialect(dialect))


class House:
    """A folder with settings and made-up secrets for three providers.

    *speaks*: the wallet's dialect. *tables*: the folder of the providers', where they are not shipped.
    """

    def __init__(self, folder: Path, speaks: str = "canonical", *tables: Path) -> None:
        self.folder, self.path, self.speaks, self.tables = folder, folder / "gateway.toml", speaks, tables
        self.secrets = {name: secrets_of(dialect, *tables) for name, dialect in DIALECTS.items()}
        self.secrets["wallet"] = secrets_of(speaks)
        for name in self.secrets:
            for secret, value in self.secrets[name].items():
                (folder / f"{name}.{secret}").write_bytes(value)

    def settings(
        self, wallet: str = "http://127.0.0.1:9", *, without: str = "", more: str = "", **replaced: str
    ) -> Any:
        """Write the settings and load them; a line that contains *without* is left out."""
        lines = [
            'public.listen = "127.0.0.1:0"',
            'admin.listen = "127.0.0.1:0"',
            'journal.url = "sqlite:journal.db"',
            "drain.accept_grace = 0",
            "[wallet]",
            f'url = "{wallet}"',
            'promises = ["idempotent", "tombstones", "status", "references"]',
        ]
        if self.speaks != "canonical":
            lines.append(f'dialect = "{self.speaks}"')
        for secret in sorted(Shelf().dialect(self.speaks).secrets("sender")):
            lines.append(f'secrets.{secret} = [{{ file = "wallet.{secret}" }}]')
        for name, dialect in DIALECTS.items():
            lines += [f"[providers.{name}]", f'dialect = "{dialect}"']
            lines += [f'tables = "{folder}"' for folder in self.tables]
            for secret in sorted(Shelf(*self.tables).dialect(dialect).secrets("receiver")):
                lines.append(f'secrets.{secret} = [{{ file = "{name}.{secret}" }}]')
        text = "\n".join(line for line in lines if not without or without not in line) + "\n" + more
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        self.path.write_text(text, "utf-8")
        return load(self.path)

    def complaints(self, **changed: str) -> list[Problem]:
        """What `prepare` says; nothing of any secret is in it, and every code has a page."""
        with pytest.raises(Refused) as refused:
            prepare(self.settings(**changed), self.path)
        text = str(refused.value)
        for values in self.secrets.values():
            assert not any(value.decode() in text for value in values.values())
        assert {problem.code for problem in refused.value.problems} <= pages().keys()
        return refused.value.problems


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Settings and secrets that are right until a test changes them."""
    return House(tmp_path)


def test_the_right_settings_have_no_complaint(house: House) -> None:
    """Three providers, their names, mounts and accounts; the wallet with its promises."""
    parties = prepare(house.settings(), house.path)
    assert [(one.name, one.mount, one.journal_id) for one in parties.providers] == [
        (name, f"/{name}", name) for name in DIALECTS
    ]
    assert parties.wallet.promises == {"idempotent", "tombstones", "status", "references"}
    assert all(one.last_words for one in parties.providers)


def test_no_callback_waits_for_what_a_start_can_make(house: House) -> None:
    """How every message is read and every answer is written is compiled when the parties are ready."""
    parties = prepare(house.settings(), house.path)
    for dialect in (one.dialect for one in parties.providers):
        assert all({"matches", "read"} <= vars(form).keys() for form in dialect.variants.values())
        assert all("write" in vars(said.form) for said in dialect.said.values())
    wallet = parties.wallet.dialect
    assert all("write" in vars(form) for form in wallet.variants.values() if not form.unsupported)
    assert all("read" in vars(shape) for hearing in wallet.hearings.values() for shape, _ in hearing.shapes)


def test_providers_that_speak_the_same_share_it(house: House) -> None:
    """One compiled table for many providers, each with its own secrets; other options are another table."""
    settings = house.settings()
    marbles = settings.providers["marbles"]
    settings.providers["twin"] = marbles.model_copy(update={"mount": "/twin", "journal_id": "twin"})
    settings.providers["other"] = marbles.model_copy(
        update={"mount": "/other", "journal_id": "other", "options": {"repeated_bet": "original"}}
    )
    speak = {one.name: one.dialect for one in prepare(settings, house.path).providers}
    assert speak["twin"] is speak["marbles"]
    assert speak["other"] is not speak["marbles"]


@pytest.mark.parametrize(
    ("changed", "code", "at", "says"),
    [
        ({"scorpio": "scorpoi"}, "GW003", "dialect", 'there is no dialect "scorpoi"'),
        ({"without": "secrets.key"}, "GW505", "secrets", 'providers.acme has no secret "key"'),
        ({"without": "secrets.signing"}, "GW505", "secrets", 'wallet has no secret "signing"'),
        ({"secrets.key": "secrets.kay"}, "GW505", "kay", 'the table has no secret "kay"'),
        ({"acme.key": "acme.lost"}, "GW505", "key", "No such file or directory"),
        ({"marbles.public_key": "marbles.our_private_key"}, "GW505", "public_key", "this is a private key"),
        ({"more": "options.unit = 'odd'"}, "GW504", "dialect", "providers.slots cannot use scorpio.toml"),
        ({"more": "options.unit = 'odd'"}, "GW109", "unit", 'option "unit" has no choice "odd"'),
        ({"more": "[drain]\ntimeout = 4", "without": "drain"}, "GW507", "timeout", "waits up to 5 s"),
        ({'admin.listen = "127.0.0.1:0"': 'admin.listen = "0.0.0.0:0"'}, "GW507", "listen", "no token protects it"),
    ],
)
def test_a_start_that_is_refused(house: House, changed: dict[str, str], code: str, at: str, says: str) -> None:
    """The complaint has its code, stands at its row, and says what is wrong without a value."""
    found = [problem for problem in house.complaints(**changed) if problem.code == code]
    assert [problem for problem in found if says in problem.says and problem.keypath[-1] == at], found
    assert all(problem.place is not None for problem in found)


def test_all_complaints_come_together(house: House) -> None:
    """Nobody mends one thing and is told the next."""
    (house.folder / "acme.key").write_text("short")
    (house.folder / "wallet.signing").write_text("whsec_no")
    found = house.complaints(scorpio="scorpoi", more="[drain]\ntimeout = 1", without="drain")
    assert {(problem.code, problem.keypath[:2]) for problem in found} >= {
        ("GW505", ("providers", "acme")),
        ("GW505", ("wallet", "secrets")),
        ("GW003", ("providers", "slots")),
        ("GW507", ("drain", "timeout")),
    }


def test_a_providers_own_tables_come_first(house: House) -> None:
    """`tables` is a folder beside the settings; a table there may extend a shipped one."""
    own = house.folder / "own"
    own.mkdir()
    (own / "mine.toml").write_text('dialect = "mine"\ntitle = "t"\nsource = ["s"]\nextends = "scorpio"\n')
    parties = prepare(house.settings(**{"scorpio": "mine", "more": "tables = 'own'"}), house.path)
    assert [one.dialect.name for one in parties.providers] == ["155io", "evenbet", "mine"]


def test_every_provider_is_proved_against_the_wallet(house: House) -> None:
    """Another table on the wallet's side: what does not fit is refused, at the rows of the providers' tables."""
    signing = 'secrets.signing = [{ file = "wallet.signing" }]'
    found = house.complaints(**{signing: 'dialect = "scorpio"\nsecrets.api_token = [{ file = "slots.api_token" }]'})
    assert {problem.code for problem in found} <= {"GW501", "GW502", "GW510", "GW511"}
    assert {(Path(problem.file).name, problem.keypath) for problem in found} >= {
        ("evenbet.toml", ("operations", "authenticate")),
        ("evenbet.toml", ("operations", "rollback")),
    }


def test_a_promise_that_the_wallets_dialect_has_no_words_for(tmp_path: Path) -> None:
    """GW510 at the settings' own row: what is promised must be sayable."""
    house = House(tmp_path, "hub88")
    found = [problem for problem in house.complaints() if problem.code == "GW510"]
    assert [(problem.keypath, problem.says) for problem in found] == [
        (("wallet", "promises"), 'the wallet cannot promise "status": hub88 has no operation status: nobody can ask '
         "what became of a transaction"),
    ]  # fmt: skip
    fewer = house.complaints(**{', "status"': ""})
    assert not [problem for problem in fewer if problem.code == "GW510"]


def test_the_wallets_options_tables_and_settings(house: House) -> None:
    """As a provider's: a switch of its table, a folder of tables beside the settings, values that it writes."""
    own = house.folder / "own"
    own.mkdir()
    extra = '[options.slow]\nwhy = "w"\ndefault = "no"\nchoices.no = {}\nchoices.yes.deadline_ms = { default = 9000 }\n'
    (own / "ours.toml").write_text(
        'dialect = "ours"\ntitle = "t"\nsource = ["s"]\nextends = "canonical"\n' + extra, "utf-8"
    )
    signing = 'secrets.signing = [{ file = "wallet.signing" }]'
    said = 'dialect = "ours"\ntables = "own"\noptions.slow = "yes"\nsettings.shop = "7"\n'
    wallet = prepare(house.settings(**{signing: said + signing}), house.path).wallet
    assert (wallet.dialect.name, wallet.dialect.deadline_s(None), wallet.settings) == ("ours", 9.0, {"shop": "7"})


class Served:
    """A gateway in this process, its sandbox wallet, and callers for its providers."""

    def __init__(self, house: House, *, watch: bool = False, **replaced: str) -> None:
        self.house, self.watch, self.replaced = house, watch, replaced
        self.out = io.BytesIO()

    async def __aenter__(self) -> "Served":
        secrets = {name: [value] for name, value in self.house.secrets["wallet"].items()}
        self.wallet = SandboxServer(Shelf().dialect(self.house.speaks), secrets)
        self.wallet.wallet.open_player("1001", "EUR", Decimal("100.00"), session="session-1001")
        await self.wallet.start()
        settings = self.house.settings(self.wallet.url, **self.replaced)
        parties = prepare(settings, self.house.path)
        self.app = App(settings, parties, Log(self.out, "json"), config=self.house.path, watch=self.watch)
        started: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.run = asyncio.create_task(self.app.run(lambda *addresses: started.set_result(addresses)))
        await asyncio.wait({started, self.run}, return_when=asyncio.FIRST_COMPLETED)
        (_, port), (_, admin) = await started
        self.url, self.admin = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{admin}"
        self.client = aiohttp.ClientSession()
        self.callers = {}
        for one in parties.providers:
            live = {name: [value] for name, value in self.house.secrets[one.name].items()}
            keys = one.dialect.bind(live, "sender")
            self.callers[one.name] = Caller(one.dialect, keys, self.url + one.mount, self.client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        self.app.lifecycle.stop()
        assert await self.run == 0
        await self.wallet.stop()
        self.wallet.wallet.close()

    def lines(self, event: str) -> Iterator[dict[str, Any]]:
        """The log so far."""
        every = (orjson.loads(line) for line in self.out.getvalue().splitlines())
        return (line for line in every if line["event"] == event)


async def test_every_provider_reaches_the_wallet(house: House) -> None:
    """A signed bet over real sockets: booked, answered, logged once with an id of its own, counted."""
    async with Served(house) as served:
        for name, caller in served.callers.items():
            got = await caller.send(caller.call(Operation.BET, amount=Decimal("1.50")))
            assert got.response is not None
            assert got.response.status == 200
            assert got.reply.outcome is Outcome.OK, (name, got.response.body, got.why)
        assert served.wallet.wallet.balance("1001") == Decimal("95.50")
        lines = list(served.lines("callback"))
        assert [(line["provider"], line["outcome"], line["told"]) for line in lines] == [
            (name, "ok", "in_time") for name in DIALECTS
        ]
        assert len({line["id"] for line in lines}) == 3
        async with served.client.get(f"{served.admin}/metrics") as answer:
            text = await answer.text()
        assert 'gateway_callbacks_total{operation="bet",outcome_class="done",provider="acme"} 1.0' in text
        assert 'gateway_wallet_calls_total{ending="heard"} 4.0' in text  # acme's session was asked for first
        async with served.client.get(f"{served.admin}/readyz") as answer:
            assert answer.status == 200


async def test_a_wallet_that_is_gone_is_left_alone(house: House) -> None:
    """Five attempts that found nobody open the breaker (one callback may try twice): logged, counted, left alone."""
    async with Served(house) as served:
        await served.wallet.stop()
        caller = served.callers["slots"]
        for _ in range(9):
            assert (await caller.send(caller.call(Operation.BET))).reply.outcome is not Outcome.OK
        assert [line["state"] for line in served.lines("breaker")] == ["open"]
        why = [line["why"] for line in served.lines("callback")]
        refused = [each == "the breaker is open" for each in why]
        assert refused == sorted(refused)
        assert refused.count(False) in (4, 5)
        async with served.client.get(f"{served.admin}/metrics") as answer:
            text = await answer.text()
        assert 'gateway_breaker_state{state="open"} 1.0' in text
        assert 'gateway_wallet_calls_total{ending="not_sent"} 5.0' in text
        async with served.client.get(f"{served.admin}/readyz") as answer:
            assert answer.status == 200  # all instances would leave at once


async def test_a_message_that_was_not_taken_in_is_refused_in_the_dialect(house: House) -> None:
    """A body above the limit gets the dialect's own refusal, signed, and the wallet hears nothing."""
    async with Served(house) as served:
        async with served.client.post(f"{served.url}/slots", data=b"x" * 70_000) as answer:
            body = orjson.loads(await answer.read())
            assert answer.status == 200
        assert body["statusCode"] == "ERR_UNKNOWN"
        assert served.wallet.calls.lines() == []


async def test_a_forged_call_never_reaches_the_wallet(house: House) -> None:
    """Another secret's signature is refused before anybody is asked."""
    async with Served(house) as served:
        caller = served.callers["acme"]
        nobody = caller.dialect.bind({"key": [b"a-secret-of-nobodys"]}, "sender")
        got = await caller.send(caller.call(Operation.BET), nobody)
        assert got.response is not None
        assert orjson.loads(got.response.body)["error"]["code"] == 2
        assert served.wallet.calls.lines() == []


async def test_a_taken_port_is_an_error_and_nothing_stays_open(house: House) -> None:
    """OSError from the start, and the parts that had started are stopped."""
    async with Served(house) as served:
        more = f'public.listen = "{served.url.removeprefix("http://")}"\n'
        text = house.path.read_text().replace('public.listen = "127.0.0.1:0"\n', more)
        house.path.write_text(text.replace("sqlite:journal.db", "sqlite:another.db"))
        settings = load(house.path)
        second = App(settings, prepare(settings, house.path), Log(io.BytesIO(), "json"))
        with pytest.raises(OSError, match="address already in use"):
            await second.run()


async def test_a_journal_serves_one_process(house: House) -> None:
    """A second gateway on the same file is refused by name, and nothing of it stays open."""
    async with Served(house):
        settings = load(house.path)
        second = App(settings, prepare(settings, house.path), Log(io.BytesIO(), "json"))
        with pytest.raises(JournalRefused, match=r"journal\.db is served by another process \(pid \d+\)"):
            await second.run()


def test_the_loop_is_uvloop_where_there_is_one() -> None:
    """`serve` runs on uvloop when it is installed."""
    uvloop = pytest.importorskip("uvloop")

    async def loop() -> object:
        return asyncio.get_running_loop()

    assert isinstance(run_loop(loop()), uvloop.Loop)
