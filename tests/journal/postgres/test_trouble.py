"""What the server itself refuses or cannot do: locks that last, content that it does not take, a full disk, a standby.
It is said at once and in plain words, harms no other wish, and service goes on by itself.
"""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from time import monotonic

import asyncpg
import pytest

from gateway.canon.outcomes import Outcome
from gateway.journal.limits import Limits
from gateway.journal.states import State
from gateway.journal.wishes import JournalRefused, JournalUnavailable, Look, Record, Verdict
from tests.journal.calls import DONE, PAID, RETRIES, bet, key, win
from tests.journal.postgres.conftest import Open
from tests.journal.postgres.patience import free, unavailable, until
from tests.journal.postgres_server import Server, asked, fresh_database

STRICT = Limits(reopen_s=0.1)
ROOMY = Limits(claim_s=2.0, reopen_s=0.05)
FULL = """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"""


@asynccontextmanager
async def locking(url: str, sql: str) -> AsyncIterator[None]:
    """Somebody's open transaction that has done *sql*."""
    connection = await asyncpg.connect(url)
    held = connection.transaction()
    await held.start()
    await connection.execute(sql)
    try:
        yield
    finally:
        await held.rollback()
        await connection.close()


async def test_a_row_that_somebody_holds_delays_its_own_wishes_only(instance: Open, url: str) -> None:
    """Others go through meanwhile; it is written when it can be."""
    store = await instance(limits=Limits(claim_s=1.0, wish_s=20.0))
    claimed = await store.perform(bet("b1"))
    wish = Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID)
    async with locking(url, "SELECT FROM rows FOR UPDATE"):
        recording = asyncio.create_task(store.perform(wish))
        await asyncio.sleep(0)

        async def through() -> bool:
            try:
                return (await store.perform(win("w1", round=None))).verdict is Verdict.OURS
            except JournalUnavailable:
                return False

        await until(through)
        assert not recording.done()
    assert (await recording).row.state is State.APPLIED


async def test_a_claim_that_waits_for_a_lock_too_long_never_happens(instance: Open, url: str) -> None:
    """Not in time, and not after."""
    store = await instance(limits=STRICT)
    async with locking(url, "UPDATE instances SET wall = wall"):
        assert "not durable within" in await unavailable(store, bet())
    await until(lambda: not store.failing)
    await store.perform(Look("anything"))
    assert await store.perform(Look(key("b1"))) is None


async def test_what_cannot_be_written_harms_no_other(instance: Open) -> None:
    """A text that the server refuses, and one that nobody can write, in the middle of a batch."""
    store = await instance()
    wishes = (bet("b1"), bet("b2", player="nul\0"), bet("b3", player="half \ud800"), bet("b4"))
    found = await asyncio.gather(*map(store.perform, wishes), return_exceptions=True)
    assert [getattr(each, "verdict", type(each)) for each in found] == [
        Verdict.OURS, JournalUnavailable, JournalUnavailable, Verdict.OURS,
    ]  # fmt: skip
    assert store.failing == ""


async def test_a_full_disk_is_said_and_recovered_from(instance: Open, url: str) -> None:
    """The server refuses every write for a reason of its own; then it does not any more."""
    store = await instance(limits=ROOMY)
    await asked(url, FULL)
    await asked(url, "CREATE TRIGGER no_space BEFORE INSERT ON notes EXECUTE FUNCTION full_disk()")
    assert "No space left on device" in await unavailable(store, bet())
    await asked(url, "DROP TRIGGER no_space ON notes")
    await until(lambda: not store.failing)
    assert (await store.perform(bet())).verdict is Verdict.OURS


async def test_what_the_wallet_said_on_a_full_disk_is_written_later(instance: Open, url: str) -> None:
    """Without the telling: nobody was told so."""
    store = await instance(limits=ROOMY)
    claimed = await store.perform(bet())
    await asked(url, FULL)
    await asked(url, "CREATE TRIGGER no_space BEFORE INSERT ON notes EXECUTE FUNCTION full_disk()")
    await unavailable(store, Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID, sent=True))
    await asked(url, "DROP TRIGGER no_space ON notes")
    await until(lambda: not store.failing)
    row = await free(store, "b1")
    assert (row.state, row.reply, row.telling) == (State.APPLIED, PAID, None)


async def test_a_database_that_takes_no_writes_is_none_to_serve(instance: Open, url: str) -> None:
    """A standby, or one made read-only: the service waits until it is the primary."""
    store = await instance(limits=STRICT)
    name = url.partition("?")[0].rpartition("/")[2]
    await asked(url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await asked(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'gateway%'")
    await until(lambda: store.failing)
    await unavailable(store, bet())
    with pytest.raises(JournalRefused):
        await instance(limits=STRICT)
    connection = await asyncpg.connect(url, server_settings={"default_transaction_read_only": "off"})
    await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    await connection.close()
    await until(lambda: not store.failing)
    assert (await store.perform(bet())).verdict is Verdict.OURS


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://postgres@/x?host=/no/such/folder", "PostgreSQL cannot be reached"),
        ("postgresql://nobody:secret@127.0.0.1:1/x", "PostgreSQL cannot be reached"),
        ("postgresql://postgres@[::1/x", "journal.url is no address"),
    ],
)
async def test_a_journal_that_cannot_be_opened_says_why(instance: Open, url: str, said: str) -> None:
    """In plain words, without the password."""
    with pytest.raises(JournalRefused, match=said) as refused:
        await instance(at=url)
    assert "secret" not in str(refused.value)


async def test_a_database_that_is_not_there(instance: Open, url: str) -> None:
    """The server's own words."""
    with pytest.raises(JournalRefused, match='database "absent" does not exist'):
        await instance(at=re.sub(r"/test\d+\?", "/absent?", url))


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server of this test's own, which writes to the disk as in service."""
    made = Server("fsync=on", "full_page_writes=on")
    yield made
    made.remove()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
async def test_a_server_that_goes_and_comes_back(instance: Open, own_server: Server, how: signal.Signals) -> None:
    """Every wish fails fast meanwhile; nothing acknowledged is lost; what the wallet said is written afterwards."""
    store = await instance(at=await fresh_database(own_server), limits=Limits(claim_s=5.0, reopen_s=0.1))
    claims = [await store.perform(bet(f"b{number}")) for number in range(20)]
    own_server.stop(how)
    await until(lambda: store.failing)
    started = monotonic()
    for claimed in claims:
        wish = Record(claimed.row.key, claimed.row.holder, State.APPLIED, Outcome.OK, RETRIES, PAID, sent=True)
        assert "PostgreSQL" in await unavailable(store, wish)
    assert "PostgreSQL" in await unavailable(store, bet("later"))
    assert monotonic() - started < 5
    own_server.start()
    await until(lambda: not store.failing)
    for number in range(20):
        row = await free(store, f"b{number}")
        assert (row.state, row.telling) == (State.APPLIED, None)
    assert await store.perform(Look(key("later"))) is None
