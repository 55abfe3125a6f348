"""What waits for a commit: who wakes the thread that makes it, and who only joins when it wakes by itself."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from math import inf
from queue import SimpleQueue
from time import monotonic, sleep

import pytest

from gateway.journal.limits import Limits
from gateway.journal.sqlite.entries import Entries, Entry
from gateway.journal.wishes import Look, Told

LONG = 60.0
LIMITS = Limits(linger_s=LONG, rest_s=LONG)
AWHILE = 0.2


class _Bell(SimpleQueue[None]):
    """That counts."""

    rung = 0

    def put(self, item: None, block: bool = True, timeout: float | None = None) -> None:
        self.rung += 1
        super().put(item)


@pytest.fixture
def bell() -> _Bell:
    return _Bell()


@pytest.fixture
def entries(bell: _Bell) -> Entries:
    """Those of a thread that has just made a commit."""
    entries = Entries(LIMITS)
    entries._bell = bell
    entries.put(entry("first"))
    assert names(entries.taken()) == ["first"]
    return entries


def entry(name: str, *, patient: bool = False) -> Entry:
    """A wish that somebody waits for."""
    return Entry(Look(name), patient=patient)


def told(name: str) -> Entry:
    """A confirmation, which nobody waits for."""
    return Entry(Told(name, 1, None))


def names(taken: list[Entry]) -> list[str]:
    """Of which rows."""
    return [each.wish.key for each in taken]


@contextmanager
def asleep(entries: Entries, until: float | None = None) -> Iterator[Future[list[Entry]]]:
    """The thread waits for what comes."""
    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(entries.taken, until) if until is not None else pool.submit(entries.taken)
        sleep(AWHILE)
        try:
            yield taken
        finally:
            entries.close()


def test_only_the_first_of_those_who_are_patient_wakes_the_thread(entries: Entries, bell: _Bell) -> None:
    """It must know when their rest is over; the others are there by then. Who is not patient takes them along."""
    with asleep(entries) as taken:
        for number in range(5):
            entries.put(entry(f"patient {number}", patient=True))
            sleep(AWHILE / 10)
        entries.put(told("a confirmation"))
        sleep(AWHILE)
        assert not taken.done()
        assert bell.rung == 1
        entries.put(entry("another"))
        patient = [f"patient {number}" for number in range(5)]
        assert names(taken.result(LONG / 2)) == [*patient, "a confirmation", "another"]
        assert bell.rung == 2


def test_who_is_not_patient_is_taken_at_once_and_wakes_once(entries: Entries, bell: _Bell) -> None:
    """Whatever comes while the thread is about to look, or at work, wakes nobody: it will look."""
    with asleep(entries) as taken:
        entries.put(entry("one"))
        assert names(taken.result(LONG / 2)) == ["one"]
    for name in ("two", "three"):
        entries.put(entry(name))
    rung = bell.rung
    assert names(entries.taken()) == ["two", "three"]
    assert rung == 2, "of the first one, and of the end"
    entries._until = inf
    for name in ("four", "five"):
        entries.put(entry(name))
    assert bell.rung == 3


@pytest.mark.parametrize("kind", [told, lambda name: entry(name, patient=True)], ids=["told", "patient"])
def test_what_may_wait_is_taken_when_it_may_no_longer(kind: "type[Entry]") -> None:
    """Without being woken."""
    entries = Entries(replace(LIMITS, linger_s=2 * AWHILE, rest_s=2 * AWHILE))
    entries.taken(monotonic())
    began = monotonic()
    entries.put(kind("a"))
    assert names(entries.taken()) == ["a"]
    assert monotonic() - began > AWHILE


def test_a_batch_waits_for_nobody(entries: Entries) -> None:
    """However patient its wishes are; what is more than one, is the next."""
    began = monotonic()
    for number in range(LIMITS.batch + 2):
        entries.put(entry(str(number), patient=True))
    assert names(entries.taken()) == [str(number) for number in range(LIMITS.batch)]
    assert len(entries) == 2
    assert monotonic() - began < LONG / 2


def test_what_becomes_a_batch_wakes_the_thread(entries: Entries) -> None:
    """However patient its wishes are."""
    with asleep(entries) as taken:
        entries.put(entry("first", patient=True))
        sleep(AWHILE)
        for number in range(1, LIMITS.batch):
            entries.put(entry(str(number), patient=True))
        assert len(taken.result(LONG / 2)) == LIMITS.batch


class _Late(deque[Entry]):
    """One more comes just when the thread has looked."""

    late: Entry | None = None
    put: Callable[[Entry], None]

    def __iter__(self) -> Iterator[Entry]:
        yield from [self[at] for at in range(len(self))]
        if (late := self.late) is not None:
            self.late = None
            self.put(late)


def test_who_comes_between_a_look_and_the_sleep_is_not_forgotten(entries: Entries) -> None:
    """The thread is woken before it sleeps."""
    entries._waiting = waiting = _Late()
    waiting.late, waiting.put = entry("late"), entries.put
    began = monotonic()
    assert names(entries.taken(began + LONG / 2)) == ["late"]
    assert monotonic() - began < LONG / 4


def test_nothing_comes_of_it_when_the_time_is_over(entries: Entries) -> None:
    """Who is to open a file again does not wait for a wish."""
    entries.put(entry("patient", patient=True))
    assert names(entries.taken(monotonic() + AWHILE)) == ["patient"]
    assert entries.taken(monotonic() + AWHILE) == []


def test_the_end_waits_for_nobody(entries: Entries) -> None:
    """What waits is taken then."""
    with asleep(entries) as taken:
        entries.put(told("last"))
        sleep(AWHILE)
        assert not taken.done()
        entries.close()
        assert names(taken.result(LONG / 2)) == ["last"]


def test_nobody_is_forgotten() -> None:
    """Whenever it comes: before the thread looks, while it looks, before it sleeps. In order, all of them."""
    entries = Entries(replace(LIMITS, linger_s=0.0005, rest_s=0.001))
    kinds = cycle([entry, told, lambda name: entry(name, patient=True), told, entry])
    found: list[str] = []

    def serve() -> None:
        while not entries.closed or len(entries):
            found.extend(names(entries.taken()))

    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve)
        for number, kind in enumerate(islice(kinds, 20_000)):
            entries.put(kind(str(number)))
            if number % 7 == 0:
                deadline = monotonic() + LONG / 2
                while len(entries):
                    assert monotonic() < deadline, "the thread sleeps on"
                    sleep(0)
        entries.close()
        served.result(LONG / 2)
    assert found == [str(number) for number in range(20_000)]
