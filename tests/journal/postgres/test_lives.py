"""Who is alive: only who has not beaten for fifteen seconds of an observer's own clock loses its work; who was only
frozen does no harm when it wakes; the clock is one.
"""

import asyncio

import pytest

from gateway.canon.outcomes import Outcome
from gateway.journal.limits import Limits
from gateway.journal.postgres.store import Postgres
from gateway.journal.states import State, Step
from gateway.journal.wishes import Lease, Look, Record, Settle, Verdict
from tests.journal.calls import DONE, PAID, RETRIES, bet, key, win
from tests.journal.postgres.conftest import PATIENT, Open
from tests.journal.postgres_server import asked
from tests.journal.stands import Time

BEAT_S = 2.0


async def serve(seconds: float, *living: tuple[Postgres, Time]) -> None:
    """Time passes for all of these; each beats every two seconds."""
    for _ in range(int(seconds / BEAT_S)):
        for store, time in living:
            time.seconds += BEAT_S
            await store.beat()


async def two(instance: Open) -> tuple[tuple[Postgres, Time], tuple[Postgres, Time]]:
    """Two instances, each with its own time."""
    one, other = Time(), Time()
    return (await instance(one), one), (await instance(other), other)


async def test_whoever_beats_is_left_alone(instance: Open) -> None:
    """However long its call takes, and whoever starts meanwhile."""
    first, second = await two(instance)
    await first[0].perform(bet())
    await serve(60, first, second)
    third = await instance(Time())
    await third.beat()
    row = await second[0].perform(Look(key("b1")))
    assert (row.state, (row.holder or "").partition("/")[0]) == (State.CLAIMED, first[0].me)


async def test_whoever_does_not_beat_is_reaped_after_fifteen_seconds(instance: Open) -> None:
    """Not before; then what it held is in doubt, and the others go on with it."""
    (frozen, _), second = await two(instance)
    await frozen.perform(bet())
    await serve(14, second)
    assert (await second[0].perform(Look(key("b1")))).in_flight
    await serve(4, second)
    row = await second[0].perform(Look(key("b1")))
    assert (row.state, row.holder, row.step) == (State.UNKNOWN, None, Step.ASK)
    assert [each.row.key for each in await second[0].perform(Lease(5))] == [key("b1")]


async def test_what_is_held_by_many_is_freed_of_the_dead_only(instance: Open) -> None:
    """More rows than are freed in one transaction."""
    (frozen, _), second = await two(instance)
    third = (await instance(time := Time()), time)
    await asyncio.gather(*(frozen.perform(bet(f"b{number}")) for number in range(450)))
    await third[0].perform(bet("alive"))
    await serve(18, second, third)
    assert (await third[0].perform(Look(key("alive")))).in_flight
    held = await asked(second[0]._address(), "SELECT DISTINCT split_part(holder, '/', 1) FROM rows WHERE holder <> ''")
    assert [found[0] for found in held] == [third[0].me]


async def test_a_clean_stop_leaves_nothing_to_wait_for(instance: Open) -> None:
    """Who says that it stops is not waited for."""
    first, second = await two(instance)
    await first[0].perform(bet())
    await first[0].stop()
    await serve(2, second)
    assert (await second[0].perform(Look(key("b1")))).state is State.UNKNOWN


async def test_a_frozen_one_that_wakes_does_no_harm(instance: Open) -> None:
    """What it still wants to write of its old claims is refused by their rows; it serves on under another name."""
    (frozen, time), second = await two(instance)
    old = await frozen.perform(bet("b1"))
    told = await frozen.perform(bet("b2"))
    await serve(18, second)
    ours = await second[0].perform(bet("b1"))
    assert ours.verdict is Verdict.OURS
    await second[0].perform(Record(key("b1"), ours.row.holder, State.APPLIED, Outcome.OK, DONE, PAID))
    late = Record(key("b1"), old.row.holder, State.DECLINED, Outcome.PLAYER_BLOCKED, RETRIES, sent=True)
    before = frozen.me
    recorded = await frozen.perform(late)
    assert (recorded.kept, recorded.row.state) == (False, State.APPLIED)
    assert frozen.me != before
    yes = await frozen.perform(Record(key("b2"), told.row.holder, State.APPLIED, Outcome.OK, DONE, PAID, sent=True))
    assert (yes.kept, yes.row.state) == (False, State.APPLIED), "money that moved is known all the same"
    time.seconds += 20
    await frozen.beat()
    await serve(20, (frozen, time), second)
    assert (await frozen.perform(bet("b3"))).row.holder.startswith(f"{frozen.me}/")


async def test_a_claim_of_a_dead_name_is_made_under_a_new_one(instance: Open) -> None:
    """Between the wake and the next beat: what it takes now must not be taken for the dead one's."""
    (frozen, _), second = await two(instance)
    await frozen.perform(Look("anything"))
    before = frozen.me
    await serve(18, second)
    claimed = await frozen.perform(bet())
    assert claimed.verdict is Verdict.OURS
    assert (claimed.row.holder or "").partition("/")[0] == frozen.me != before
    await serve(2, second)
    assert (await second[0].perform(Look(key("b1")))).holder == claimed.row.holder


async def test_a_lease_of_a_dead_name_is_none(instance: Open) -> None:
    """It is taken under the new name, or not at all; what it settles of the old one is refused."""
    (frozen, _), second = await two(instance)
    wish = win("w1", round=None)
    claimed = await frozen.perform(wish)
    await frozen.perform(Record(key("w1"), claimed.row.holder, State.OPEN, Outcome.BUSY, RETRIES, sent=False))
    (leased,) = await frozen.perform(Lease(1))
    await serve(18, second)
    (again,) = await second[0].perform(Lease(1))
    settled = await frozen.perform(Settle(key("w1"), leased.row.holder, State.OPEN))
    assert settled.kept is False
    assert (await second[0].perform(Look(key("w1")))).holder == again.row.holder
    await frozen.beat()
    assert await frozen.perform(Lease(1)) == ()


async def test_an_observer_that_was_frozen_itself_buries_nobody(instance: Open) -> None:
    """A machine that slept: whoever wakes first gives the others the time to beat."""
    first, second = await two(instance)
    await first[0].perform(bet())
    await serve(4, first, second)
    for _, time in (first, second):
        time.seconds += 3_600
    await second[0].beat()
    await second[0].beat()
    assert (await second[0].perform(Look(key("b1")))).in_flight
    await serve(30, first, second)
    assert (await second[0].perform(Look(key("b1")))).in_flight


async def test_whoever_starts_knows_nothing_of_others_clocks(instance: Open) -> None:
    """A monotonic clock that stands elsewhere, as each machine's does, makes nobody dead."""
    first = (await instance(time := Time()), time)
    await first[0].perform(bet())
    ahead = Time()
    ahead.seconds = 1e9
    second = (await instance(ahead), ahead)
    await serve(30, first, second)
    assert (await second[0].perform(Look(key("b1")))).in_flight


async def test_the_clock_is_one_and_never_goes_back(instance: Open) -> None:
    """The furthest counts; who is behind catches up at its beat; it does not run while nobody serves."""
    first, second = await two(instance)
    await serve(10, first)
    await second[0].beat()
    await first[0].perform(bet("b1"))
    await second[0].perform(bet("b2"))
    ages = [(await first[0].perform(Look(key(name)))).created for name in ("b1", "b2")]
    assert ages == [10.0, 10.0]
    await serve(6, second)
    await serve(2, first)
    await first[0].perform(bet("b3"))
    assert (await first[0].perform(Look(key("b3")))).created == 16.0
    await first[0].stop()
    await second[0].stop()
    away = Time()
    away.seconds = 86_400.0
    third = await instance(away)
    await third.perform(bet("b4"))
    assert (await third.perform(Look(key("b4")))).created == 16.0


@pytest.mark.parametrize(("gap", "created"), [(9.0, 9.0), (3_600.0, 10.0)])
async def test_a_gap_is_no_service(instance: Open, url: str, gap: float, created: float) -> None:
    """The clock goes on by ten seconds at most where nobody was seen to serve; another stretch begins."""
    store = await instance(time := Time(), limits=Limits(claim_s=20.0, wish_s=20.0))
    time.seconds += gap
    await store.perform(bet())
    assert (await store.perform(Look(key("b1")))).created == created
    await store.beat()
    lives = await asked(url, "SELECT started, seen, stopped FROM lives ORDER BY started")
    assert len(lives) == (1 if gap == created else 2)
    assert lives[-1]["stopped"] is None
    assert PATIENT.gap_s == 10.0


async def test_a_provider_that_could_have_come_back(instance: Open) -> None:
    """Our yes was not confirmed. Another instance served in its time: it never came back, so it has heard us."""
    first, second = await two(instance)
    claimed = await first[0].perform(bet(span=60.0))
    await first[0].perform(Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID))
    await first[0].stop()
    await serve(602, second)
    assert await second[0].perform(Lease(1)) == ()
    assert (await second[0].perform(Look(key("b1")))).told == DONE


async def test_a_provider_that_nobody_could_hear(instance: Open) -> None:
    """All were away while it might have come back: parked, not guessed."""
    first = (await instance(time := Time()), time)
    time.seconds += 5
    claimed = await first[0].perform(bet(span=60.0))
    await first[0].perform(Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID))
    first[0]._worker._task.cancel()  # type: ignore[union-attr]
    later = Time()
    later.seconds = 3_600.0
    second = (await instance(later), later)
    await serve(598, second)
    assert (await second[0].perform(Look(key("b1")))).created == 5.0
    assert await second[0].perform(Lease(1)) == ()
    assert (await second[0].perform(Look(key("b1")))).step is Step.JUDGE
    await serve(4, second)
    assert await second[0].perform(Lease(1)) == ()
    assert "nobody served" in (await second[0].perform(Look(key("b1")))).parked
