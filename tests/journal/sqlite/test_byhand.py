"""What people do to rows while a gateway serves the file: with a reason, against what they saw, and on record."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.canon.outcomes import Outcome
from gateway.journal.sqlite import byhand
from gateway.journal.sqlite.byhand import Hand
from gateway.journal.sqlite.opening import connected, fetched
from gateway.journal.sqlite.reader import Reader
from gateway.journal.states import Policy, State, Step
from gateway.journal.wishes import JournalRefused, JournalUnavailable, Verdict
from tests.journal.calls import FINAL, RETRIES, bet, booked, claim, ended, key, leased, rollback, win
from tests.journal.conftest import KEEPS_ALL, middling
from tests.journal.stands import CachedSqliteStand, Stand

POLICY = Policy(KEEPS_ALL, chance=middling)


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Stand]:
    """A journal that is served, with a win that waits for delivery and one that is parked."""
    stand = CachedSqliteStand(tmp_path, POLICY)
    await stand.start()
    await ended(stand, await claim(stand, win("owed", round=None)), State.OPEN, Outcome.BUSY, RETRIES, sent=False)
    await ended(stand, await claim(stand, bet("dead")), State.DECLINED, Outcome.PLAYER_BLOCKED, FINAL)
    await claim(stand, win("parked", "dead"))
    yield stand
    await stand.stop()
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.check() == ()


def hand(stand: Stand) -> Hand:
    """Anna's."""
    return Hand(stand.folder / "journal.db", POLICY, "anna", wall=stand.time.wall)


def audit(stand: Stand) -> list[tuple[object, ...]]:
    """What was done by hand."""
    with closing(connected(stand.folder / "journal.db")) as connection:
        return fetched(connection, "SELECT who, action, key, reason FROM audit ORDER BY number")


async def test_a_row_is_parked_and_tried_again(served: Stand) -> None:
    """The gateway sees each change with its next wish; every one is on record."""
    row = hand(served).park(key("owed"), "the wallet is being repaired", version=2)
    assert (row.step, row.parked, row.version) == (None, "by hand: the wallet is being repaired", 3)
    assert await leased(served) == {}
    row = hand(served).retry(key("owed"), "it works again", version=3)
    assert (row.step, row.parked, row.tries) == (Step.DELIVER, None, 0)
    assert set(await leased(served)) == {"owed"}
    assert audit(served) == [
        ("anna", "park", key("owed"), "the wallet is being repaired"),
        ("anna", "retry", key("owed"), "it works again"),
    ]
    with Reader(served.folder / "journal.db") as reader:
        notes = [note for note in reader.notes(key("owed")) if "by hand" in note.what]
        assert [(note.what, note.facts["reason"]) for note in notes] == [
            ("parked by hand", "the wallet is being repaired"), ("retried by hand", "it works again"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "state"),
    [("applied", State.APPLIED), ("declined", State.DECLINED), ("reversed", State.REVERSED)],
)
async def test_a_parked_row_is_resolved(served: Stand, what: str, state: State) -> None:
    """As a human found it at the wallet; nothing more is done of our own accord."""
    row = hand(served).resolve(key("parked"), what, "seen in the wallet's books")
    assert (row.state, row.step, row.parked, row.holder) == (state, None, None, None)
    assert audit(served) == [("anna", f"resolve {what}", key("parked"), "seen in the wallet's books")]
    await served.advance(10_000)
    assert set(await leased(served)) == {"owed"}
    if what == "applied":
        assert (await claim(served, win("parked", "dead"))).verdict is Verdict.KNOWN


async def test_what_cannot_be_done_is_said_and_changes_nothing(served: Stand) -> None:
    """No row, not parked, nothing armed, changed meanwhile, in flight; no reason, nobody, a word that is none."""
    await booked(served, bet("closed", round="r2"))
    await served.row(key("closed"))
    before = [await served.row(key(name)) for name in ("owed", "parked", "closed")]
    do = hand(served)
    for act, complaint in (
        (lambda: do.retry(key("never"), "why"), "no such row"),
        (lambda: do.retry(key("owed"), "why"), "is not parked"),
        (lambda: do.resolve(key("owed"), "applied", "why"), "park it first"),
        (lambda: do.park(key("closed"), "why"), "nothing is armed"),
        (lambda: do.park(key("owed"), "why", version=1), "has changed since you looked"),
        (lambda: do.park(key("owed"), "  "), "a reason must be said"),
        (lambda: do.resolve(key("parked"), "gone", "why"), "'gone': .* applied, declined, reversed"),
        (lambda: Hand(do.path, POLICY, ""), "who is acting"),
        (lambda: Hand(do.path.with_name("other.db"), POLICY, "anna"), "no such file"),
    ):
        with pytest.raises(JournalRefused, match=complaint):
            act()
    assert set(await leased(served)) == {"owed"}
    with pytest.raises(JournalRefused, match="its wallet call is on its way"):
        do.park(key("owed"), "why")
    assert [await served.row(key(name)) for name in ("parked", "closed")] == before[1:]
    assert audit(served) == []


async def test_a_hand_and_a_gateway_do_not_write_over_each_other(served: Stand) -> None:
    """Both at once, on one row: whoever comes second sees what the first did."""
    for round_ in range(20):
        acting = asyncio.to_thread(hand(served).park, key("owed"), f"reason {round_}")
        lease, parked = await asyncio.gather(leased(served), acting, return_exceptions=True)
        row = await served.row(key("owed"))
        if isinstance(parked, JournalRefused):
            assert set(lease) == {"owed"}  # type: ignore[arg-type]
            assert row.holder is not None
            await served.restart(killed=True)
        else:
            assert (row.parked, row.holder) == (f"by hand: reason {round_}", None)
            assert lease in ({}, None)
            hand(served).retry(key("owed"), "again")


async def test_a_hand_waits_its_turn(served: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """And gives up after a while."""
    monkeypatch.setattr(byhand, "PATIENCE_S", 0.3)
    with closing(connected(served.folder / "journal.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable, match="was written by others"):
            hand(served).park(key("owed"), "why")
        other.execute("ROLLBACK")
    assert hand(served).park(key("owed"), "why").parked


async def test_what_a_person_found_of_a_win_holds_for_its_bets(served: Stand) -> None:
    """One that was paid has settled its bet, which no rollback takes then; one that was taken back has opened it."""
    await booked(served, bet("lost"))
    hung = await claim(served, win("doubt", "lost"))
    await ended(served, hung, State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
    row = hand(served).park(key("doubt"), "the wallet will be asked")
    assert (await served.row(key("lost"))).settled_by is None
    row = hand(served).resolve(key("doubt"), "applied", "the wallet has it", version=row.version)
    assert (await served.row(key("lost"))).settled_by == row.key
    assert (await claim(served, rollback("x", "lost"))).verdict is Verdict.SETTLED
