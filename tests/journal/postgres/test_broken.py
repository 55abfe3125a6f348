"""Connections that break, and answers that are lost: what is ours stays known, nothing is done twice."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from time import monotonic
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from gateway.journal.limits import Limits
from gateway.journal.postgres.store import Postgres
from gateway.journal.states import State
from gateway.journal.wishes import JournalUnavailable, Lease, Look, Verdict
from tests.journal.calls import bet, key
from tests.journal.postgres.conftest import Open
from tests.journal.postgres.patience import free, unavailable, until
from tests.journal.postgres.wire import Wire, wire_to
from tests.journal.postgres_server import asked

STRICT = Limits(reopen_s=0.1)
KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'gateway%'"
BLOCKED = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest_asyncio.fixture
async def wire(url: str) -> AsyncIterator[tuple[Wire, str]]:
    """A wire to the test's database, and the address of its near end."""
    async with wire_to(url) as found:
        yield found


async def row_of(url: str, transaction: str) -> asyncpg.Record | None:
    """Holder and version of a row as the database has it."""
    found = await asked(url, "SELECT holder, version FROM rows WHERE key = $1", key(transaction))
    return found[0] if found else None


async def test_a_backend_killed_between_two_wishes_is_not_noticed(instance: Open, url: str) -> None:
    """The next wish has a new connection."""
    store = await instance()
    await store.perform(bet("b1"))
    assert await asked(url, KILL)
    assert (await store.perform(bet("b2"))).verdict is Verdict.OURS
    assert (await store.perform(bet("b1"))).verdict is Verdict.IN_FLIGHT
    assert store.failing == ""


async def test_a_backend_killed_in_the_middle_of_a_batch(instance: Open, url: str) -> None:
    """Nothing of it was done: it is performed anew, and whoever waits gets its result."""
    store = await instance()
    other = await asyncpg.connect(url)
    held = other.transaction()
    await held.start()
    await other.execute("UPDATE instances SET wall = wall")
    claims = [asyncio.create_task(store.perform(bet(name))) for name in ("b1", "b2")]
    await until(lambda: asked(url, BLOCKED))
    assert await asked(url, KILL)
    await held.rollback()
    await other.close()
    assert [(await each).verdict for each in claims] == [Verdict.OURS, Verdict.OURS]
    found = await row_of(url, "b1")
    assert found is not None
    assert found["version"] == 1


@pytest.mark.heavy
async def test_backends_killed_again_and_again(instance: Open, url: str) -> None:
    """Every claim is ours once, whatever breaks while it is written; none is written twice."""
    store = await instance(limits=Limits(claim_s=5.0, reopen_s=0.05))
    names = [f"b{number}" for number in range(100)]
    killing, dice = True, Random(3)

    async def killer() -> int:
        count = 0
        while killing:
            count += len(await asked(url, KILL))
            await asyncio.sleep(dice.random() / 20)
        return count

    killer_task = asyncio.create_task(killer())
    for name in names:
        verdict = None
        while verdict is None:
            try:
                verdict = (await store.perform(bet(name))).verdict
            except JournalUnavailable:
                await until(lambda: not store.failing)
        assert verdict in (Verdict.OURS, Verdict.IN_FLIGHT), name
        if verdict is Verdict.IN_FLIGHT:  # its first try was given up in time, and is given back
            assert (await free(store, name)).state is State.OPEN
    killing = False
    assert await killer_task
    notes = await asked(url, "SELECT FROM notes WHERE what = 'claim' GROUP BY key HAVING count(*) > 1")
    assert notes == [], "a claim that was committed was performed again"


async def test_a_question_whose_answer_was_lost_is_asked_again(instance: Open, wire: tuple[Wire, str]) -> None:
    """Nothing was written: nobody notices."""
    carried, near = wire
    store = await instance(at=near)
    carried.loses = True
    looking = asyncio.create_task(store.perform(bet()))
    await asyncio.wait_for(carried.lost.wait(), 20)
    carried.loses = False
    carried.cut()
    assert (await looking).verdict is Verdict.OURS
    assert store.failing == ""


async def committed_unheard(store: Postgres, url: str, carried: Wire) -> asyncio.Task[Any]:
    """Claim b1; the server commits it, and its answer is lost."""
    await store.perform(bet("earlier"))
    link = store._transactions.link
    assert link is not None
    ask = link.rows

    async def deaf(sql: str, *values: Any) -> list[Any]:
        carried.loses = "journal_write" in sql
        return await ask(sql, *values)

    link.rows = deaf  # type: ignore[method-assign]
    claiming = asyncio.create_task(store.perform(bet()))
    await asyncio.wait_for(carried.lost.wait(), 20)
    await until(lambda: row_of(url, "b1"))
    return claiming


async def test_a_commit_whose_answer_was_lost_is_done_once(instance: Open, url: str, wire: tuple[Wire, str]) -> None:
    """The next connection tells us: the claim is ours, and it is not performed again."""
    carried, near = wire
    store = await instance(at=near)
    claiming = await committed_unheard(store, url, carried)
    carried.loses = False
    carried.cut()
    claimed = await claiming
    assert claimed.verdict is Verdict.OURS
    found = await row_of(url, "b1")
    assert found is not None
    assert (found["holder"], found["version"]) == (claimed.row.holder, 1)
    assert len(await asked(url, "SELECT FROM notes WHERE key = $1", key("b1"))) == 1


async def test_a_claim_that_comes_to_light_too_late_is_given_back(
    instance: Open, url: str, wire: tuple[Wire, str]
) -> None:
    """Its story heard that the journal is not available: it must not be held for ever."""
    carried, near = wire
    store = await instance(at=near, limits=STRICT)
    claiming = await committed_unheard(store, url, carried)
    carried.refuses, carried.loses = True, False
    carried.cut()
    with pytest.raises(JournalUnavailable):
        await claiming
    await until(lambda: store.failing)
    assert "PostgreSQL" in store.failing
    carried.refuses = False
    await until(lambda: not store.failing)
    row = await free(store, "b1")
    assert (row.state, row.sent) == (State.OPEN, 0)
    assert (await store.perform(bet())).verdict is Verdict.OURS


async def test_a_write_that_arrives_after_its_connection_is_refused(
    instance: Open, url: str, wire: tuple[Wire, str]
) -> None:
    """The network kept it. Its story heard that it was not done; the new connection was told so: it must stay so."""
    carried, near = wire
    store = await instance(at=near, limits=STRICT)
    await until(lambda: written(store))
    link = store._transactions.link
    assert link is not None
    ask, released = link.rows, asyncio.Event()

    async def slow(sql: str, *values: Any) -> list[Any]:
        nonlocal released
        if "journal_write" in sql:
            released = carried.hold_questions()
        return await ask(sql, *values)

    link.rows = slow  # type: ignore[method-assign]
    claiming = asyncio.create_task(store.perform(bet()))
    await asyncio.wait_for(carried.lost.wait(), 20)
    with pytest.raises(JournalUnavailable):
        await claiming
    carried.cut_near()
    await until(lambda: written(store, "b2"))
    released.set()
    await until(
        lambda: asked(url, "SELECT FROM pg_stat_activity WHERE query LIKE '%journal_write%' AND state = 'idle'")
    )
    await asyncio.sleep(0.1)
    assert await store.perform(Look(key("b1"))) is None


async def written(store: Postgres, name: str = "earlier") -> bool:
    """Could a claim be made?"""
    try:
        return (await store.perform(bet(name))).verdict is not None
    except JournalUnavailable:
        return False


async def test_a_slow_commit_is_no_claim_either(instance: Open, url: str, wire: tuple[Wire, str]) -> None:
    """The connection holds, the answer comes after the limit: given back as well."""
    carried, near = wire
    store = await instance(at=near, limits=STRICT)
    claiming = await committed_unheard(store, url, carried)
    with pytest.raises(JournalUnavailable, match=r"not durable within 0\.2 s"):
        await claiming
    carried.loses = False
    carried.cut()
    row = await free(store, "b1")
    assert (row.state, row.sent) == (State.OPEN, 0)


async def test_a_server_that_says_nothing_any_more(instance: Open, wire: tuple[Wire, str]) -> None:
    """Every wish hears so within its time; when the server speaks again, so do we."""
    carried, near = wire
    store = await instance(at=near, limits=Limits(claim_s=0.1, wish_s=0.3, reopen_s=0.1))
    carried.stall()
    started = monotonic()
    for wish in (bet(), Look(key("b1")), Lease(1)):
        assert "not durable within" in await unavailable(store, wish)
    assert monotonic() - started < 10
    carried.flow()
    await until(lambda: not store.failing)
    assert (await store.perform(bet("b2"))).verdict is Verdict.OURS


async def test_a_story_that_ends_as_it_is_given_its_claim(instance: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it began, while it was written, and when the result was there and nobody had taken it yet."""
    store = await instance()
    for moment in ("before", "meanwhile", "given"):
        claiming = asyncio.create_task(store.perform(bet(moment)))
        with monkeypatch.context() as patch:
            when = {"before": "taken", "meanwhile": "deliver", "given": "deliver"}[moment]
            wrapped = getattr(store._entries, when)

            def ended(*values: Any, moment: str = moment, wrapped: Any = wrapped, task: Any = claiming) -> Any:
                if moment == "meanwhile":
                    task.cancel()
                result = wrapped(*values)
                if moment != "meanwhile":
                    task.cancel()
                return result

            patch.setattr(store._entries, when, ended)
            await asyncio.wait([claiming])
        assert claiming.cancelled()
        if moment != "before":
            assert (await free(store, moment)).state is State.OPEN
    assert await store.perform(Look(key("before"))) is None
