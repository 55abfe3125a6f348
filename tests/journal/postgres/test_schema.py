"""The schema: made once, by whoever is first; every column is written; an older program works beside a newer one."""

import asyncio
import re

import asyncpg
import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.page import Page
from gateway.journal.postgres import loading, outbox, pruning, reader, serving
from gateway.journal.postgres.link import connected
from gateway.journal.postgres.loading import Loaded, Needs
from gateway.journal.postgres.opening import LOCK
from gateway.journal.postgres.writing import Writing
from gateway.journal.states import Row, State, Step
from gateway.journal.wishes import JournalRefused, Look, Recall, Record, Remember, Verdict
from tests.journal.calls import ACCOUNT, DONE, PAID, bet, key
from tests.journal.postgres.conftest import Open
from tests.journal.postgres_server import asked, fresh_database
from tests.journal.test_columns import FULL


async def test_instances_that_start_at_once_make_it_once(instance: Open) -> None:
    """One does, the others wait for it, all serve."""
    url = await fresh_database(empty=True)
    stores = await asyncio.gather(*(instance(at=url) for _ in range(4)))
    assert (await stores[0].perform(bet())).verdict is Verdict.OURS
    assert (await stores[3].perform(bet())).verdict is Verdict.IN_FLIGHT
    had = await asked(url, "SELECT number, readable_from FROM versions")
    assert [tuple(found) for found in had] == [(1, 1), (2, 1)]


async def test_whoever_starts_waits_while_another_makes_it(instance: Open) -> None:
    """However long that takes; and says so, once, where there is something to wait for."""
    url, waits = await fresh_database(empty=True), []
    other = await asyncpg.connect(url)
    await other.execute(f"SELECT pg_advisory_lock({LOCK})")
    starting = asyncio.create_task(instance(at=url, on_wait=lambda: waits.append("first")))
    await asyncio.wait([starting], timeout=0.5)
    assert not starting.done()
    assert waits == ["first"]
    await other.close()
    assert (await (await starting).perform(bet())).verdict is Verdict.OURS
    await instance(at=url, on_wait=lambda: waits.append("second"))
    assert waits == ["first"]


async def test_a_step_that_fails_leaves_nothing(instance: Open) -> None:
    """Something stands in its way: the whole of it is undone, and the reason is said."""
    url = await fresh_database(empty=True)
    await asked(url, "CREATE TABLE audit (x INTEGER)")
    with pytest.raises(JournalRefused, match='relation "audit" already exists'):
        await instance(at=url)
    assert await asked(url, "SELECT number FROM versions") == []
    assert await asked(url, "SELECT FROM pg_tables WHERE tablename = 'rows'") == []
    await asked(url, "DROP TABLE audit")
    assert (await (await instance(at=url)).perform(bet())).verdict is Verdict.OURS


async def test_an_older_program_works_beside_a_newer_schema(instance: Open, url: str) -> None:
    """A step that only expands: who serves goes on, and who starts can."""
    store = await instance()
    claimed = await store.perform(bet())
    await asked(url, "ALTER TABLE rows ADD COLUMN flavour TEXT NOT NULL DEFAULT 'plain'")
    await asked(url, "INSERT INTO versions (number, name, readable_from) VALUES (3, 'flavour', 1)")
    await store.perform(Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID))
    fresh = await instance()
    assert (await fresh.perform(bet("b2"))).verdict is Verdict.OURS
    assert (await store.perform(Look(key("b1")))).reply == PAID
    found = await asked(url, "SELECT flavour FROM rows")
    assert [each[0] for each in found] == ["plain", "plain"]


async def test_a_schema_that_leaves_us_behind_is_refused(instance: Open, url: str) -> None:
    """With what to do."""
    await asked(url, "INSERT INTO versions (number, name, readable_from) VALUES (3, 'less', 3)")
    with pytest.raises(JournalRefused, match="needs one that knows schema step 3, this one knows 2"):
        await instance()


async def test_every_column_is_written_and_read_back(url: str) -> None:
    """Of a new row, of one in which everything has changed that may, of one that only moved; strange texts."""
    strange = "'; DROP TABLE rows; -- \" \\ \t ✓ \U0001f3b0 {a: [1]}"
    first = Row("k", "acme", strange)
    await written(url, first)
    assert await read(url) == replace(first, version=1, created=7.0, updated=7.0, wall=1.7e9)
    second = replace(FULL, key="k", account="acme", transaction=strange, name=strange, parked=strange, version=1)
    await written(url, second)
    assert await read(url) == replace(second, version=2, created=7.0, updated=7.0, wall=1.7e9)
    about = {name: getattr(second, name) for name in ("operation", "name", "fingerprint", "call", "player", "round")}
    third = replace(Row("k", "acme", strange), chain=second.chain, span=second.span, **about)
    await written(url, third)
    assert await read(url) == replace(third, version=3, created=7.0, updated=7.0, wall=1.7e9)
    await written(url, replace(second, reply=None))
    assert await read(url) == replace(second, reply=None, version=4, created=7.0, updated=7.0, wall=1.7e9)
    await written(url, second)
    assert await read(url) == replace(second, version=5, created=7.0, updated=7.0, wall=1.7e9)


async def written(url: str, row: Row) -> None:
    """Write *row* by a batch of one."""
    link = await connected(url, limit_s=5, name="test")
    await asked(url, "INSERT INTO instances (instance, wall) VALUES ('me', 0) ON CONFLICT DO NOTHING")
    loaded, needs = Loaded(), Needs()
    needs.add(row.key)
    await loaded.read(link, needs)
    page = Page(loaded, 7.0, 1.7e9, "me")
    page.put(row)
    await Writing(page, loaded).write(link, "me", 0, 1)
    await link.close()


async def read(url: str) -> Row:
    """The row k as it is read for a batch."""
    link = await connected(url, limit_s=5, name="test")
    loaded, needs = Loaded(), Needs()
    needs.add("k")
    await loaded.read(link, needs)
    await link.close()
    row = loaded.row("k")
    assert row is not None
    return row


async def test_rounds_of_many_players_are_summed_up_by_the_server(instance: Open) -> None:
    """A recall of a round reads two rows of it, however many there are; it is what the whole round would say."""
    store = await instance()
    for number, player in enumerate(["p1", "p1", "p2"]):
        assert await store.perform(Recall(ACCOUNT, "round", "r1")) == (
            {"reference": (f"b{number - 1}",), "player": "p1", "currency": "EUR"} if number else {}
        )
        await store.perform(bet(f"b{number}", player=player))
    assert await store.perform(Recall(ACCOUNT, "round", "r1")) == {}


async def test_facts_of_one_session_in_one_batch(instance: Open) -> None:
    """Newer ones over older ones, in the order in which they were said."""
    store = await instance()
    await asyncio.gather(
        store.perform(Remember(ACCOUNT, "session", "s", {"player": "1", "currency": "EUR"})),
        store.perform(Remember(ACCOUNT, "session", "s", {"player": "2"})),
    )
    assert await store.perform(Recall(ACCOUNT, "session", "s")) == {"player": "2", "currency": "EUR"}


def test_what_is_full_is_full() -> None:
    """The sample row leaves no column at its default; `test_every_column_is_written_and_read_back` rests on it."""
    plain = Row("other", "other", "other")
    names = [name for name in Row.__slots__ if getattr(FULL, name) == getattr(plain, name)]
    assert names == []
    assert (FULL.operation, FULL.step) == (Operation.BET, Step.JUDGE)


@pytest.mark.parametrize(
    ("question", "indexes"),
    [
        (loading.ROWS, {"rows_pkey", "pruned_pkey"}),
        (loading.ROUNDS, {"rows_of_round"}),
        (loading.LAST_OF_ROUNDS, {"rows_of_round"}),
        (loading.SESSIONS, {"sessions_pkey"}),
        (outbox.PAGE_OF_DUE, {"rows_due", "rows_working"}),
        (outbox.DUE, {"rows_due", "rows_working"}),
        (outbox.HELD, {"rows_held"}),
        (serving.LEFT_BEHIND, {"rows_held", "instances_pkey"}),
        (reader.LONGEST_DUE, {"rows_due"}),
        (reader.NOTES, {"notes_pkey"}),
        (pruning.ROWS, {"rows_closed", "Tid Scan on rows"}),
        (pruning.SESSIONS, {"sessions_by_age", "Tid Scan on sessions"}),
        (pruning.HASHES, {"pruned_by_age", "Tid Scan on pruned"}),
    ],
)
async def test_every_question_has_its_index(url: str, question: str, indexes: set[str]) -> None:
    """With a plan that is made once, for values that nobody knows yet: none of ours reads a whole table."""
    link = await connected(url, limit_s=5, name="test")
    await link.run(f"PREPARE question AS {question}")
    unknown = ", ".join("NULL" for _ in set(re.findall(r"\$\d", question)))
    asks = f"EXPLAIN EXECUTE question({unknown})" if unknown else "EXPLAIN EXECUTE question"
    plan = "\n".join(str(line[0]) for line in await link.rows(asks))
    await link.close()
    assert {name for name in indexes if name in plan} == indexes, plan
    for table in ("rows", "sessions", "pruned", "notes"):
        assert f"Seq Scan on {table}" not in plan, plan
    assert re.findall(r"Scan using \w+_pkey on .*\n(?!\s+Index Cond)", plan) == [], plan
