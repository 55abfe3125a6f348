"""Secrets with a `not_after`: warned of, over in the moment itself, and never shown."""

import asyncio
import io
import json
import ssl
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.problems import Refused
from gateway.edge.ending import Endings
from gateway.edge.logs import Log
from gateway.edge.parties import Bound, Parties
from gateway.edge.preparing import prepare
from gateway.edge.reload import Live
from gateway.edge.seats import seats
from gateway.edge.secrets import Held, Reference, first_live
from gateway.edge.settings import SettingsRefused, show
from gateway.edge.tls import Tls
from tests.edge.test_app import House, Served
from tests.edge.test_reload import metric, reload
from tests.exchange.accounts import account, wallet_side
from tests.exchange.shipped import DIALECTS

KEY = '{ file = "acme.key" }'


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Three shipped dialects."""
    return House(tmp_path)


def ends(seconds: float, place: str = 'file = "acme.key"') -> str:
    """A reference that ends so soon."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return f"{{ {place}, not_after = {moment.isoformat()} }}"


async def bet(served: Served, name: str = "acme", keys: Any = None) -> Any:
    """What a bet comes to, and the answer."""
    caller = served.callers[name]
    return await caller.send(caller.call(Operation.BET, amount=Decimal("1.00")), keys)


def test_it_is_shown_and_has_a_zone(house: House) -> None:
    """`config show` prints it in UTC; without a zone, or as something else, it is refused."""
    day = '{ file = "acme.key", not_after = 2100-01-01T01:00:00+01:00 }'
    shown = show(house.settings(**{KEY: day}))["providers.acme.secrets.key"].value
    assert shown == ['{ file = "acme.key", not_after = 2100-01-01T00:00:00Z }']
    for wrong in ("2100-01-01T00:00:00", "2100-01-01", '"soon"'):
        with pytest.raises(SettingsRefused, match="not_after"):
            house.settings(**{KEY: f'{{ file = "acme.key", not_after = {wrong} }}'})


def test_a_start_without_anything_that_lives_is_refused(house: House) -> None:
    """Where nothing is left of a secret; one that has ended beside one that lives is no fault."""
    with pytest.raises(Refused) as refused:
        prepare(house.settings(**{KEY: ends(-1)}), house.path)
    assert [problem.code for problem in refused.value.problems] == ["GW505"]
    assert "secret key: nothing is left of it, the last ended 20" in str(refused.value)
    (house.folder / "acme.old").write_bytes(b"an-old-secret-of-acme-012345")
    old = ends(-1, 'file = "acme.old"')
    parties = prepare(house.settings(**{KEY: f"{old}, {KEY}"}), house.path)
    assert [provider.name for provider in parties.providers] == ["marbles", "acme", "slots"]


def test_the_first_that_lives_is_the_password() -> None:
    """Of a list of references."""
    now = datetime.now(UTC)
    old = Reference(env="OLD", not_after=now - timedelta(days=1))
    new = Reference(env="NEW")
    assert first_live([old, new], now.timestamp()) is new
    assert first_live([old], now.timestamp()) is None


async def test_an_old_key_verifies_nothing_once_it_has_ended(house: House, eventually: Any) -> None:
    """The new one goes on; the gauge says when; the warning comes before; nobody reloads anything."""
    (house.folder / "acme.old").write_bytes(old := b"an-old-secret-of-acme-012345")
    soon = ends(1.5, 'file = "acme.old"')
    async with Served(house, **{KEY: f"{KEY}, {soon}"}) as served:
        caller = served.callers["acme"]
        keys = caller.dialect.bind({"key": [old]}, "sender")
        assert (await bet(served, keys=keys)).reply.outcome is Outcome.OK
        (gauge,) = (await metric(served, "gateway_secret_not_after_seconds")).items()
        assert gauge[0] == 'key="2",name="key",party="acme"'
        assert 0 < gauge[1] - datetime.now(UTC).timestamp() < 1.5
        (warned,) = served.lines("secret ends")
        assert (warned["level"], warned["party"], warned["key"]) == ("warning", "acme", 2)
        await eventually(lambda: [*served.lines("secret ended")])
        assert (await bet(served, keys=keys)).reply.outcome is not Outcome.OK
        assert (await bet(served)).reply.outcome is Outcome.OK
        assert old not in served.out.getvalue()


@pytest.mark.parametrize(
    ("name", "place", "busy"),
    [
        ("acme", "acme.key", True),
        ("marbles", "marbles.our_private_key", False),
        ("acme", "wallet.signing", True),
        ("marbles", "wallet.signing", True),
    ],
    ids=["verifies", "signs answers", "for the wallet", "for the wallet, signed"],
)
async def test_nothing_is_left(house: House, name: str, place: str, busy: bool, eventually: Any) -> None:
    """Busy, or no answer at all: nothing is signed with what has ended, and who asked asks again. A new one opens."""
    place = f'file = "{place}"'
    async with Served(house, **{f"{{ {place} }}": ends(1.5, place)}) as served:
        assert (await bet(served, name)).reply.outcome is Outcome.OK
        await eventually(lambda: [*served.lines("secret ended")])
        booked = served.wallet.wallet.balance("1001")
        got = await bet(served, name)
        dialect = served.callers[name].dialect
        if busy:
            said = dialect.heard("bet", Outcome.BUSY)
            assert got.response is not None
            assert (got.response.status, got.reply.outcome, got.why) == (200, said, ""), got.response.body
        else:
            assert (got.response, got.reply.outcome) == (None, Outcome.UNKNOWN)
        assert served.wallet.wallet.balance("1001") == booked
        *_, line = served.lines("callback")
        assert (line["told"], "has ended" in line["why"]) == ("in_time" if busy else "closed", True)
        assert not busy or line["outcome"] == "busy"
        assert name in {line["provider"] for line in served.lines("provider closed")}
        assert (await reload(served))[0] == 400
        assert ((await bet(served, name)).response is not None) == busy
        house.settings(served.wallet.url)
        assert (await reload(served))[0] == 200
        assert (await bet(served, name)).reply.outcome is Outcome.OK


def test_busy_is_said_where_everybody_comes_back_after_it() -> None:
    """Without a secret, unread: of the shipped dialects only these are told nothing, and why."""
    silent = {
        "155io",  # signs its answers
        "jdb",  # seals what is sent
        "caleta",  # falls silent after it, and the bet may be booked
    }
    over = Held(Reference(env="OLD", not_after=datetime.now(UTC) - timedelta(days=1)), b"old")
    told = {}
    for name in [*DIALECTS, *silent, "abstrapay", "payfield"]:
        provider, _ = account(name)
        bound = {"acme": Bound({"key": [over]}, frozenset({"key"}), lambda _: account("155io")[0])}
        parties = Parties((provider,), wallet_side()[0], bound).at(datetime.now(UTC).timestamp())
        (seat,) = seats(parties)
        assert seat.closed == "secret key has ended"
        told[name] = seat.busy
    assert {name for name, busy in told.items() if not busy} == silent


async def test_a_request_that_was_begun_keeps_its_keys(house: House) -> None:
    """What is made anew at the end of a secret are new parties: those that a story holds stay whole."""
    parties = prepare(house.settings(**{KEY: ends(3600)}), house.path)
    later = parties.at(parties.made_at + 7200)
    assert isinstance(later, Parties)
    assert later.closed == {"acme": "secret key has ended"}
    assert parties.closed == {}
    assert later.providers[0] is not parties.providers[0]
    assert not later.wallet_closed
    await asyncio.sleep(0)


def test_certificates_are_warned_of_each_day_until_there_are_others() -> None:
    """From fourteen days before on, and when they have ended; nothing of them is taken away. Authorities as well."""
    day = 86_400.0
    ends = {"certificate": 20 * day, "authorities": 100 * day}
    tls = Tls(ssl.create_default_context(), b"", ends)
    live = cast(Live, SimpleNamespace(parties=Parties((), wallet_side()[0], wallet_tls=tls)))
    out = io.BytesIO()
    endings = Endings(lambda: live, lambda live: pytest.fail("nothing is over"), Log(out))
    for at in (0, 5.9, 6, 6.5, 7, 20, 20.5, 21):
        endings.look(at * day)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["days"] for line in lines] == [14, 13, 0, -1]
    assert {(line["event"], line["party"], line["name"]) for line in lines} == {
        ("certificate ends", "wallet", "tls.certificate")
    }
    assert lines[0]["not_after"] == "1970-01-21T00:00:00Z"
