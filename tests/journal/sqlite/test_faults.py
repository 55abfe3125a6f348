"""A disk that is full, fails, or is slow, at every call in turn: nothing is acknowledged that is not there afterwards,
nothing that was refused is held, and the journal serves again without a restart.
"""

import asyncio
import itertools
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.canon.outcomes import Outcome
from gateway.journal.limits import Limits
from gateway.journal.sqlite.reader import Reader
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.states import Policy, Row, State, Step
from gateway.journal.wishes import (
    Claim,
    JournalRefused,
    JournalUnavailable,
    Lease,
    Look,
    Recall,
    Record,
    Remember,
    Told,
    Verdict,
)  # fmt: skip
from tests.journal.calls import ACCOUNT, DONE, PAID, RETRIES, bet, key, rollback, win
from tests.journal.conftest import KEEPS_ALL
from tests.journal.sqlite.faulty import Disk

PATIENT = Limits(claim_s=20.0, wish_s=20.0, reopen_s=0.05)
#: More of SQLite's calls than a life makes while it is looked at.
CALLS = 34


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """The faults are ours; what is logged of them is not shown."""
    caplog.set_level(logging.CRITICAL, "gateway.journal")


class Life:
    """A journal behind a faulty disk, and what its stories were told of it."""

    def __init__(self, disk: Disk, store: Sqlite) -> None:
        self.disk, self.store = disk, store
        self.claimed: set[str] = set()
        self.recorded: set[str] = set()
        self.refused: set[str] = set()

    async def story(self, transaction: str) -> None:
        """A bet from its claim to its answer, as far as the journal lets it come."""
        try:
            claimed = await self.store.perform(bet(transaction, round=None))
        except JournalUnavailable:
            self.refused.add(transaction)
            return
        self.claimed.add(transaction)
        wish = Record(
            key(transaction), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID, sent=True,
            memories=(Remember(ACCOUNT, "session", f"s{transaction}", {"player": "p"}),),
        )  # fmt: skip
        try:
            recorded = await self.store.perform(wish)
        except JournalUnavailable:
            return
        self.recorded.add(transaction)
        await self.store.perform(Told(key(transaction), recorded.answer, DONE))

    async def recovers(self) -> None:
        """By itself, soon after the disk is well."""
        for _ in range(400):
            try:
                await self.store.perform(Look("nobody"))
                return
            except JournalUnavailable:
                await asyncio.sleep(0.01)
        raise AssertionError(f"still failing: {self.store.failing}")


@asynccontextmanager
async def life(folder: Path, limits: Limits = PATIENT) -> AsyncIterator[Life]:
    """A started journal with two rows in it."""
    disk = Disk(f"faulty{next(_NUMBERS)}")
    store = Sqlite(folder / "j.db", Policy(KEEPS_ALL), vfs=disk.name, limits=limits)
    await store.start()
    made = Life(disk, store)
    for transaction in ("before1", "before2"):
        await made.story(transaction)
    try:
        yield made
    finally:
        disk.heal()
        await store.stop()


_NUMBERS = itertools.count()


@pytest.mark.heavy
@pytest.mark.parametrize("times", [1, 4])
@pytest.mark.parametrize("fault", ["full", "sync", "io"])
async def test_at_every_call_in_turn(fault: str, times: int) -> None:
    """What was acknowledged is there; what was not is nobody's; and it goes on by itself."""
    hit = 0
    for after in range(CALLS):
        where = f"{fault} after {after} calls, {times} times"
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cut:
            async with life(Path(folder)) as lived:
                lived.disk.fail(fault, after, times)
                for stories in range(3):
                    await asyncio.gather(*(lived.story(f"b{stories}{number}") for number in range(4)))
                hit += bool(lived.disk.seen)
                lived.disk.heal()
                await lived.recovers()
                await lived.story("after")
                assert "after" in lived.recorded
                assert lived.store.failing == ""
                await lived.store.perform(Look("nobody"))
                lived.disk.cut(Path(cut))
            judge(Path(folder, "j.db"), lived, f"{where}: {lived.disk.seen}")
            judge(Path(cut, "j.db"), lived, f"{where}, then a power cut: {lived.disk.seen}")
    assert hit >= 5, "the faults were not met"


def judge(path: Path, lived: Life, where: str) -> None:
    """Compare the file with what the stories were told."""
    with Reader(path) as reader:
        assert reader.check() == (), where
        rows = {name: reader.find(key(name)) for name in lived.claimed | lived.refused}
        for name, found in rows.items():
            row = found[0].row if found else None
            if name in lived.recorded:
                assert row is not None, where
                assert (row.state, row.reply) == (State.APPLIED, PAID), (where, name)
            elif name in lived.claimed:  # the wallet's word is written later, what was told is not known
                assert row is not None, where
                assert (row.state, row.telling, row.told, row.step) == (State.APPLIED, None, None, Step.JUDGE), where
            assert row is None or row.holder is None, (where, name, row)
            assert row is None or name not in lived.refused or row.state is State.OPEN, (where, name, row)


@pytest.mark.parametrize(("fault", "reason"), [("full", "the disk is full"), ("sync", "the disk failed")])
async def test_while_it_fails_everybody_hears_why_at_once(tmp_path: Path, fault: str, reason: str) -> None:
    """Nothing is claimed, read or remembered; `failing` says the same; answers are not waited for."""
    async with life(tmp_path) as lived:
        lived.disk.fail(fault, 0, 1_000_000)
        wishes = [bet(), Look(key("before1")), Lease(1), Recall(ACCOUNT, "session", "s"), Recall(ACCOUNT, "round", "r")]
        for wish in [*wishes, *wishes]:
            with pytest.raises(JournalUnavailable, match=f"cannot write: {reason}"):
                await asyncio.wait_for(lived.store.perform(wish), 2)
            await asyncio.sleep(0.02)
        assert lived.store.failing.startswith(reason)
        await lived.store.perform(Told(key("before1"), 1, DONE))
        await lived.store.beat()
        lived.disk.heal()
        await lived.recovers()
        assert (await lived.store.perform(bet())).verdict is Verdict.OURS


@pytest.mark.parametrize("first", [True, False])
async def test_what_the_wallet_said_meanwhile_is_written_afterwards(tmp_path: Path, first: bool) -> None:
    """The claim was durable, the record could not be: its row is not held for ever, and the wallet's word not lost.

    Whether it was the *first* to find out that nothing can be written, or came later.
    """
    async with life(tmp_path) as lived:
        claimed = await lived.store.perform(bet())
        lived.disk.fail("full", 0, 1_000_000)
        if not first:
            with pytest.raises(JournalUnavailable):
                await lived.store.perform(bet("b2"))
        with pytest.raises(JournalUnavailable):
            await lived.store.perform(
                Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID, sent=True)
            )
        lived.disk.heal()
        await lived.recovers()
        row = await lived.store.perform(Look(key("b1")))
        assert (row.state, row.reply, row.telling, row.holder) == (State.APPLIED, PAID, None, None)


async def test_sessions_that_were_not_written_are_not_taken_for_written(tmp_path: Path) -> None:
    """The next one to say the same writes it."""
    async with life(tmp_path) as lived:
        lived.disk.fail("full", 0, 1_000_000)
        with pytest.raises(JournalUnavailable):
            await lived.store.perform(Remember(ACCOUNT, "session", "s", {"player": "p"}))
        lived.disk.heal()
        await lived.recovers()
        await lived.store.perform(Remember(ACCOUNT, "session", "s", {"player": "p"}))
        assert await lived.store.perform(Recall(ACCOUNT, "session", "s")) == {"player": "p"}


async def slow(folder: Path, wish: object, limits: Limits) -> tuple[Row | None, str]:
    """Perform *wish* while the disk takes longer than the limit; the row of b1 when all has come to rest."""
    async with life(folder, limits) as lived:
        lived.disk.fail("slow", 0, 1)
        with pytest.raises(JournalUnavailable, match=r"not durable within") as refused:
            await lived.store.perform(wish)  # type: ignore[arg-type]
        await asyncio.sleep(0.4)
        await lived.store.perform(Look("nobody"))
        return await lived.store.perform(Look(key("b1"))), str(refused.value)


QUICK = replace(PATIENT, claim_s=0.1)


async def test_a_claim_that_becomes_durable_too_late_is_given_back(tmp_path: Path) -> None:
    """It was never ours; the next one is."""
    row, why = await slow(tmp_path, bet(), QUICK)
    assert why == "not durable within 0.1 s"
    assert row is not None
    assert (row.state, row.holder, row.step) == (State.OPEN, None, None)


@pytest.mark.parametrize("doubted", [False, True])
async def test_a_rollbacks_claim_that_comes_too_late_gives_its_targets_back(tmp_path: Path, doubted: bool) -> None:
    """But its intent is durable: our outbox undoes the bet. A doubt is still a doubt."""
    async with life(tmp_path, QUICK) as lived:
        claimed = await lived.store.perform(bet())
        state, outcome = (State.UNKNOWN, Outcome.UNKNOWN) if doubted else (State.APPLIED, Outcome.OK)
        await lived.store.perform(Record(key("b1"), claimed.row.holder, state, outcome, RETRIES, sent=True))
        lived.disk.fail("slow", 0, 1)
        with pytest.raises(JournalUnavailable):
            await lived.store.perform(rollback())
        await asyncio.sleep(0.4)
        await lived.store.perform(Look("nobody"))
        row = await lived.store.perform(Look(key("b1")))
        assert (row.state, row.holder, row.undo, row.step) == (state, None, True, Step.REVERSE)
        assert (await lived.store.perform(rollback())).verdict is Verdict.OURS


async def test_a_doubt_that_is_claimed_too_late_stays_a_doubt(tmp_path: Path) -> None:
    """An attempt before it may have moved money."""
    async with life(tmp_path, QUICK) as lived:
        claimed = await lived.store.perform(bet())
        await lived.store.perform(
            Record(key("b1"), claimed.row.holder, State.UNKNOWN, Outcome.UNKNOWN, RETRIES, sent=True)
        )
        lived.disk.fail("slow", 0, 1)
        with pytest.raises(JournalUnavailable):
            await lived.store.perform(bet())
        await asyncio.sleep(0.4)
        await lived.store.perform(Look("nobody"))
        row = await lived.store.perform(Look(key("b1")))
        assert (row.state, row.holder) == (State.UNKNOWN, None)


async def test_a_claim_whose_story_has_gone_is_given_back(tmp_path: Path) -> None:
    """The provider closed the connection, and the story was cancelled, before or while it was committed."""
    async with life(tmp_path) as lived:
        for pause in (0.0, 0.1):
            lived.disk.fail("slow", 0, 1)
            task = asyncio.create_task(lived.store.perform(bet()))
            await asyncio.sleep(pause)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0.4)
            await lived.store.perform(Look("nobody"))
            row = await lived.store.perform(Look(key("b1")))
            assert row is None or (row.state, row.holder) == (State.OPEN, None)


async def test_leases_that_come_too_late_are_given_back(tmp_path: Path) -> None:
    """Nothing was tried; they are due again soon."""
    async with life(tmp_path, replace(PATIENT, wish_s=0.1)) as lived:
        claimed = await lived.store.perform(win("b1", round=None))
        await lived.store.perform(Record(key("b1"), claimed.row.holder, State.OPEN, Outcome.BUSY, RETRIES))
        lived.disk.fail("slow", 0, 1)
        with pytest.raises(JournalUnavailable):
            await lived.store.perform(Lease(10))
        await asyncio.sleep(0.4)
        await lived.store.perform(Look("nobody"))
        row = await lived.store.perform(Look(key("b1")))
        assert (row.state, row.holder, row.step, row.tries) == (State.OPEN, None, Step.DELIVER, 0)


async def test_a_record_that_comes_too_late_has_told_nothing(tmp_path: Path) -> None:
    """What the wallet said is kept; the answer that it was to be told with was not given."""
    async with life(tmp_path, replace(PATIENT, wish_s=0.1)) as lived:
        claimed = await lived.store.perform(bet())
        lived.disk.fail("slow", 0, 1)
        with pytest.raises(JournalUnavailable):
            await lived.store.perform(
                Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID, sent=True)
            )
        await asyncio.sleep(0.4)
        await lived.store.perform(Look("nobody"))
        row = await lived.store.perform(Look(key("b1")))
        assert (row.state, row.telling, row.told, row.holder) == (State.APPLIED, None, None, None)


async def test_only_so_many_may_wait(tmp_path: Path) -> None:
    """Who comes later hears so at once."""
    async with life(tmp_path, replace(PATIENT, waiting=5)) as lived:
        lived.disk.fail("slow", 0, 1)
        first = asyncio.create_task(lived.store.perform(bet("b0", round=None)))
        await asyncio.sleep(0.1)
        found = await asyncio.gather(
            *(lived.store.perform(bet(f"b{number}", round=None)) for number in range(1, 9)), return_exceptions=True
        )
        assert [isinstance(each, JournalUnavailable) for each in found] == [False] * 5 + [True] * 3
        assert str(found[-1]) == "5 wishes wait for the journal already"
        await first


async def test_a_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    """An empty journal would take every replay for new."""
    async with life(tmp_path) as lived:
        lived.disk.fail("io", 0, 3)
        with pytest.raises(JournalUnavailable):
            await lived.store.perform(bet())
        for name in ("j.db", "j.db-wal", "j.db-shm"):
            tmp_path.joinpath(name).unlink(missing_ok=True)
        await asyncio.sleep(0.3)
        assert lived.store.failing
        assert not (tmp_path / "j.db").exists()
        with pytest.raises(JournalUnavailable):
            await lived.store.perform(Claim(bet().row))


async def test_a_start_on_a_full_disk_is_refused(tmp_path: Path) -> None:
    """With the reason; the lock is free again."""
    disk = Disk("full from the start")
    disk.fail("full", 0, 1_000_000)
    store = Sqlite(tmp_path / "j.db", vfs=disk.name)
    with pytest.raises(JournalRefused, match=r"j\.db.*the disk is full"):
        await store.start()
    disk.heal()
    again = Sqlite(tmp_path / "j.db", vfs=disk.name)
    await again.start()
    await again.stop()
