"""The wall's clock is set back or forward by an hour: what is due is due by the journal's own clock, on every store."""

import pytest

from gateway.journal.states import State, Step
from tests.journal.calls import FINAL, RETRIES, bet, booked, claim, doubted, ended, key, leased, rollback, told
from tests.journal.conftest import KEEPS_ALL, Make
from tests.journal.stands import Stand

HOUR = 3_600.0
JUMPS = pytest.mark.parametrize("jump", [HOUR, -HOUR])


@JUMPS
async def test_no_reversal_comes_early_or_late(stand: Stand, jump: float) -> None:
    """A yes that its provider did not hear is undone at the horizon of service, wherever the wall's clock stands."""
    recorded = await booked(stand, bet(), effect=None)
    await told(stand, recorded, None)
    stand.time.shift = jump
    await stand.advance(1)
    assert await leased(stand) == {}
    await stand.advance(598)
    assert await leased(stand) == {}
    await stand.advance(2)
    assert (await leased(stand))["b1"].row.step is Step.REVERSE


@JUMPS
async def test_the_quarantine_is_sixty_seconds_of_service(store_factory: Make, jump: float) -> None:
    """A wallet without tombstones: its doubtful bet is not undone before what was on its way must have landed."""
    stand = await store_factory(KEEPS_ALL - {"tombstones"})
    await doubted(stand, bet())
    await claim(stand, rollback())
    stand.time.shift = jump
    await stand.advance(59)
    assert await leased(stand) == {}
    await stand.advance(2)
    assert (await leased(stand))["b1"].row.step is Step.REVERSE


@JUMPS
async def test_a_refusal_stays_and_a_doubt_stays(stand: Stand, jump: float) -> None:
    """What was said before the jump is said after it."""
    await ended(stand, await claim(stand, bet("no")), State.DECLINED, None, FINAL)
    await ended(stand, await claim(stand, bet("doubt")), State.UNKNOWN, None, RETRIES)
    stand.time.shift = jump
    await stand.advance(1)
    assert (await stand.row(key("no"))).state is State.DECLINED
    assert (await stand.row(key("doubt"))).state is State.UNKNOWN
