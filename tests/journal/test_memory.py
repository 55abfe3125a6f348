"""What is the memory journal's own: it is bounded, and says so; the rest is in `test_stores_*`."""

from collections.abc import Iterable

from gateway.canon.outcomes import Outcome
from gateway.journal.memory import MOST_CLOSED, Memory
from gateway.journal.queue import LEAST_HEAP
from gateway.journal.sessions import Remembered, Sessions
from gateway.journal.states import Policy, State
from gateway.journal.wishes import Claimed, Lease, Look, Record, Settle, Told, Wait
from tests.journal.calls import DONE, bet, key


def claim(memory: Memory, transaction: str) -> Claimed:
    """Claim a bet by hand."""
    claimed = memory.do(bet(transaction, round=None))
    assert isinstance(claimed, Claimed)
    return claimed


def keys(transactions: Iterable[str]) -> set[str]:
    """The keys of these transactions."""
    return set(map(key, transactions))


async def test_perform_is_do() -> None:
    """The edge's door leads to the same room; only waiting needs the door."""
    memory = Memory()
    assert (await memory.perform(bet())).verdict == "ours"
    assert await memory.perform(Look(key("b1"))) == memory.do(Look(key("b1")))
    assert memory.do(Wait(key("b1"), 0.0)) is None


def test_histories_are_kept_where_somebody_reads_them() -> None:
    """Not otherwise: they grow without bound."""
    memory = Memory()
    claim(memory, "b1")
    assert memory.notes is None
    memory.notes = []
    claim(memory, "b2")
    assert [(note.key, note.what) for note in memory.notes] == [(key("b2"), "claim")]


def test_what_is_closed_is_forgotten_first() -> None:
    """A row in doubt outlives any number of closed ones: forgetting it would turn a doubt into a new bet."""
    memory = Memory(most_rows=3)
    holder = claim(memory, "doubt").row.holder
    memory.do(Record(key("doubt"), holder, State.UNKNOWN, Outcome.UNKNOWN, None, sent=True))
    for number in range(10):
        name = f"b{number}"
        holder = claim(memory, name).row.holder
        memory.do(Record(key(name), holder, State.DECLINED, Outcome.INSUFFICIENT_FUNDS, None))
    assert set(memory.rows) == keys(["doubt", "b8", "b9"])


def test_of_what_is_closed_only_the_last_is_kept() -> None:
    """The wallet answers for the rest; what is in doubt stays, however much is closed after it."""
    memory = Memory(most_closed=3)
    for number in range(20):
        name = f"b{number}"
        doubtful = number < 5
        holder = claim(memory, name).row.holder
        state, outcome = (State.UNKNOWN, Outcome.UNKNOWN) if doubtful else (State.DECLINED, Outcome.INSUFFICIENT_FUNDS)
        memory.do(Record(key(name), holder, state, outcome, None, sent=True))
    assert set(memory.rows) == keys(["b0", "b1", "b2", "b3", "b4", "b17", "b18", "b19"])


def test_closed_rows_are_few_by_themselves() -> None:
    """Nobody need set it: a million callbacks of one process end in no more rows than this."""
    memory = Memory()
    for number in range(MOST_CLOSED + 100):
        name = f"b{number}"
        holder = claim(memory, name).row.holder
        recorded = memory.do(Record(key(name), holder, State.APPLIED, Outcome.OK, DONE, sent=True))
        memory.do(Told(key(name), recorded.answer, DONE))
    assert (len(memory.rows), len(memory._closed)) == (MOST_CLOSED, MOST_CLOSED)


def test_steps_that_were_done_with_in_time_leave_nothing_behind() -> None:
    """Every bet has one, hours away, until the provider is known to have heard its yes."""
    memory = Memory(most_closed=10)
    for number in range(4 * LEAST_HEAP):
        name = f"b{number}"
        holder = claim(memory, name).row.holder
        recorded = memory.do(Record(key(name), holder, State.APPLIED, Outcome.OK, DONE, sent=True))
        memory.do(Told(key(name), recorded.answer, DONE))
    assert len(memory._queue) <= LEAST_HEAP


async def test_what_is_due_is_found_however_much_was_done_with_before() -> None:
    """Making room in the queue loses no step of a row that still has one."""
    now = [0.0]
    memory = Memory(Policy(frozenset({"status"})), clock=lambda: now[0])
    for number in range(LEAST_HEAP):
        name = f"b{number}"
        claimed = memory.do(bet(name, round=None, chain=f"c{number}"))
        state = State.UNKNOWN if number % 100 == 0 else State.APPLIED
        recorded = memory.do(Record(key(name), claimed.row.holder, state, None, DONE, sent=True))
        memory.do(Told(key(name), recorded.answer, DONE))
        memory.do(Told(key(name), recorded.answer, None))
    now[0] = 1.0
    leased = memory.do(Lease(1000))
    assert {each.row.key for each in leased} == keys(f"b{number}" for number in range(0, LEAST_HEAP, 100))


def test_where_all_are_open_the_oldest_that_nobody_works_on_goes() -> None:
    """Bounded still; but rows at work stay, whatever the bound."""
    memory = Memory(most_rows=2)
    for name in ("a", "b", "c"):
        holder = claim(memory, name).row.holder
        memory.do(Record(key(name), holder, State.UNKNOWN, Outcome.UNKNOWN, None, sent=True))
    assert set(memory.rows) == keys(["b", "c"])
    busy = Memory(most_rows=1)
    for name in ("a", "b", "c"):
        claim(busy, name)
    assert set(busy.rows) == keys(["a", "b", "c"])


def test_what_is_forgotten_leaves_nothing_behind() -> None:
    """Neither in its round nor in its chain."""
    memory = Memory(most_rows=1)
    for number in range(5):
        wish = bet(f"b{number}", round=f"r{number}", chain=f"c{number}")
        holder = memory.do(wish).row.holder
        memory.do(Record(key(f"b{number}"), holder, State.DECLINED, Outcome.PLAYER_BLOCKED, None))
    assert (len(memory.rows), len(memory._rounds), len(memory._queue._chains)) == (1, 1, 0)
    assert memory.do(Settle(key("b0"), "nobody/1")).row is None


def test_what_is_forgotten_with_work_left_to_do_leaves_nothing_behind_either() -> None:
    """Its chain would grow for as long as the process lives."""
    memory = Memory(most_rows=1)
    for number in range(5):
        wish = bet(f"b{number}", round=f"r{number}", chain=f"c{number}")
        holder = memory.do(wish).row.holder
        memory.do(Record(key(f"b{number}"), holder, State.UNKNOWN, Outcome.UNKNOWN, None, sent=True))
    assert (len(memory.rows), len(memory._rounds), list(memory._queue._chains)) == (1, 1, ["c4"])


def test_facts_are_bounded() -> None:
    """What was not used for longest goes first."""
    remembered = Remembered(most=2)
    for name in ("a", "b", "a", "c"):
        remembered.remember("acme", "session", name, {"player": name})
    assert remembered.recall("acme", "session", "b") is None
    assert remembered.recall("acme", "session", "a") == {"player": "a"}
    assert remembered.remember("acme", "session", "a", {"player": "a"}) is False
    assert remembered.remember("acme", "session", "a", {"player": "b"}) is True


def test_what_a_store_holds_is_known_for_a_day() -> None:
    """Then it is written once more, if it is used; other facts always."""
    sessions = Sessions(most=2, fresh_s=100.0)
    assert not sessions.knows("acme", "s", {"player": "p"}, 1_000.0)
    sessions.keep("acme", "s", {"player": "p", "currency": "EUR"}, 1_000.0)
    assert sessions.knows("acme", "s", {"player": "p"}, 1_050.0)
    assert not sessions.knows("acme", "s", {"player": "p"}, 1_101.0)
    assert not sessions.knows("acme", "s", {"player": "q"}, 1_050.0)
    assert sessions.recall("acme", "s") == {"player": "p", "currency": "EUR"}
    for name in ("t", "s", "u"):
        sessions.keep("acme", name, {}, 0.0)
    assert sessions.recall("acme", "t") is None
    assert sessions.recall("acme", "s") == {}


async def test_what_is_counted_is_what_is_there() -> None:
    """Of each row its state of now, once; nothing of what is forgotten."""
    memory = Memory(most_rows=2)
    for name in ("b1", "b2"):
        holder = claim(memory, name).row.holder
        memory.do(Record(key(name), holder, State.APPLIED, Outcome.OK, None, sent=True))
    empty = Memory()
    claim(empty, "b1")
    empty.do(Record(key("b1"), "nobody", None, None, None))
    assert [str(row.state) for row in memory.rows.values()] == ["applied", "applied"]
    before = await memory.counts()
    claim(memory, "b3")
    memory.do(Look(key("b3")))
    assert (await memory.counts()) != before
    assert (await empty.counts()) != (await Memory().counts())
