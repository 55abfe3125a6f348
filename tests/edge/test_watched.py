"""The watched journal: failures are noticed once and told, waiting is measured, gauges follow every beat."""

import io
from typing import Any

import orjson
import pytest

from gateway.canon.operations import Operation
from gateway.edge import watched
from gateway.edge.logs import Log
from gateway.edge.metrics import Metrics
from gateway.edge.watched import Watched
from gateway.journal.memory import Memory
from gateway.journal.states import Policy, State, Step
from gateway.journal.wishes import Claim, JournalUnavailable, Record, Row, Told


class Failing(Memory):
    """A journal that cannot write while *failing* says why; a Told is never waited for."""

    async def perform(self, wish: Any, *, patient: bool = False) -> Any:
        if self.failing and not isinstance(wish, Told):
            raise JournalUnavailable(self.failing)
        return await super().perform(wish, patient=patient)


class Watching:
    """A failing journal, watched, with its metrics and its log."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(watched, "monotonic", lambda: self.now)
        self.store = Failing(clock=lambda: self.now)
        self.metrics = Metrics({})
        self.out = io.BytesIO()
        self.journal = Watched(self.store, self.metrics.journal, Log(self.out, "json").journal)

    def value(self, name: str, **labels: str) -> float | None:
        """One sample."""
        return self.metrics.registry.get_sample_value(name, labels)

    @property
    def lines(self) -> list[tuple[str, str, bool, str | None]]:
        """What was logged: event, level, unavailable, why."""
        found = map(orjson.loads, self.out.getvalue().splitlines())
        return [(line["event"], line["level"], line["unavailable"], line.get("why")) for line in found]


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Watching:
    """See Watching."""
    return Watching(monkeypatch)


def bet(number: int) -> Claim:
    """The claim of a new row."""
    return Claim(Row(f"a::{number}", "a", str(number), Operation.BET))


async def test_patience_is_passed_on(watching: Watching) -> None:
    """It is for the store to make something of it."""
    patience: list[bool] = []

    async def perform(wish: Any, *, patient: bool) -> None:
        patience.append(patient)

    watching.store.perform = perform  # type: ignore[method-assign,assignment]
    await watching.journal.perform(bet(1))
    await watching.journal.perform(bet(2), patient=True)
    assert patience == [False, True]


async def test_a_failure_is_told_once_and_its_end_once(watching: Watching) -> None:
    """The gauge goes to 1 with one error line; what is not waited for proves nothing; a claim that holds ends it."""
    await watching.journal.perform(bet(1))
    watching.store.failing = "the disk is full"
    for number in (2, 3):
        with pytest.raises(JournalUnavailable):
            await watching.journal.perform(bet(number))
    assert watching.value("gateway_journal_unavailable") == 1
    watching.now += 5
    await watching.journal.perform(Told("a::1", 1, None))
    assert watching.value("gateway_journal_unavailable") == 1
    watching.store.failing = ""
    await watching.journal.perform(bet(4))
    assert watching.value("gateway_journal_unavailable") == 0
    assert watching.lines == [
        ("journal", "error", True, "the disk is full"),
        ("journal", "info", False, None),
    ]


async def test_single_slow_claims_do_not_fill_the_log(watching: Watching) -> None:
    """What fails and holds by turns is one failure, until it has held for a while."""
    for number in range(10):
        watching.store.failing = "not durable within 0.2 s" if number % 2 == 0 else ""
        watching.now += 0.3
        try:
            await watching.journal.perform(bet(number))
        except JournalUnavailable:
            continue
    assert len(watching.lines) == 1
    assert watching.value("gateway_journal_unavailable") == 1


async def test_a_beat_brings_the_gauges_up_to_date(watching: Watching) -> None:
    """Rows by state, the steps to come, what is overdue; a beat that fails is noticed too."""
    await watching.journal.perform(bet(1))
    claimed = await watching.journal.perform(bet(2))
    await watching.journal.perform(Record("a::2", claimed.row.holder, State.UNKNOWN, None, None, sent=True))
    await watching.journal.beat()
    assert watching.value("gateway_journal_rows", state="claimed") == 1
    assert watching.value("gateway_journal_rows", state="unknown") == 1
    assert watching.value("gateway_journal_wait_seconds_count", wish="claim") == 2
    assert (await watching.journal.counts()).rows[State.UNKNOWN] == 1


async def test_a_failure_is_noticed_when_nobody_asks(watching: Watching) -> None:
    """No callback, and the outbox rests: the next beat says it."""
    watching.store.failing = "the disk is full"
    await watching.journal.beat()
    assert watching.lines == [("journal", "error", True, "the disk is full")]
    assert watching.journal.failing == "the disk is full"


@pytest.mark.parametrize("promises", [(), ("status",)])
async def test_memory_counts_as_rows_come_change_and_go(promises: tuple[str, ...]) -> None:
    """Against what a walk over all its rows gives, after each of many changes: armed ones, or parked ones."""
    now, seen = [0.0], [0, 0]
    memory = Memory(Policy(frozenset(promises)), clock=lambda: now[0], most_rows=5)
    for number in range(12):
        claimed = await memory.perform(bet(number))
        state = (State.UNKNOWN, State.APPLIED, State.DECLINED)[number % 3]
        record = Record(f"a::{number}", claimed.row.holder, state, None, None, sent=True, undo=number % 2 == 0)
        await memory.perform(record)
        now[0] += 100.0
        counts, rows = await memory.counts(), [*memory.rows.values()]
        armed = [row for row in rows if row.step is not None and row.parked is None]
        assert {state: count for state, count in counts.rows.items() if count} == {
            state: count for state in State if (count := sum(row.state is state for row in rows))
        }
        assert counts.armed == {step: count for step in Step if (count := sum(row.step is step for row in armed))}
        assert counts.parked == sum(row.parked is not None for row in rows)
        seen = [seen[0] + len(armed), seen[1] + counts.parked]
        assert counts.overdue == max(0.0, now[0] - min((row.due for row in armed if not row.in_flight), default=now[0]))
    assert seen[0]
    assert bool(seen[1]) == (not promises)
