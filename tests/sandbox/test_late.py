"""Calls that land after their time, on real sockets: what the wallet says of them until then, and what they do."""

import asyncio
from typing import Any

import aiohttp
import pytest

from gateway.sandbox.moods import LATE, Mood

#: Never reached by the clock: a landing that a test brings about itself, or that never comes.
NEVER = 3_600.0
GONE = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError, TimeoutError)


async def lost(line: Any, operation: str, key: str, **fields: Any) -> None:
    """One call that the mood leaves without an answer."""
    line.patience = 0.3
    with pytest.raises(GONE):
        await line(operation, key, **fields)
    line.patience = 5.0


@pytest.mark.parametrize("mood", sorted(LATE))
async def test_it_lands_later(line: Any, mood: Mood) -> None:
    """No answer and nothing booked; then it is booked once, the calls say so, and a repeat is already_done."""
    line.server.moods.set(mood, operation="bet", count=1, seconds=1.5)
    await lost(line, "bet", "b1", amount="10")
    assert not line.booked("b1")
    assert line.server.late.pending == 1
    await asyncio.wait_for(line.server.late.landed(), 60)
    assert line.booked("b1")
    (noted,) = line.server.calls.lines()
    assert (noted["outcomes"], noted["landed"]) == ([""], ["ok"])
    assert (await line("bet", "b1", amount="10")).outcome == "already_done"
    assert f"{line.server.wallet.balance('ann'):.2f}" == "90.00"


async def test_late_landing_keeps_the_caller_waiting(line: Any) -> None:
    """It hangs beyond its landing, until the wallet stops; a reset comes at once."""
    line.server.moods.set(Mood.LATE_LANDING, seconds=0.05)
    line.patience = 0.3
    with pytest.raises(TimeoutError):
        await line("bet", "b1", amount="10")
    assert line.booked("b1")
    line.server.moods.set(Mood.LATE_LANDING_RESET, seconds=NEVER)
    line.patience = 5.0
    with pytest.raises(aiohttp.ClientOSError):
        await line("bet", "b2", amount="10")


@pytest.mark.parametrize("mood", [Mood.LATE_LANDING, Mood.LATE_LANDING_RESET])
async def test_until_it_lands_it_is_in_progress(line: Any, mood: Mood) -> None:
    """A repeat and a status call hear in_progress, of that key and no other; afterwards, what became of it."""
    line.server.moods.set(mood, count=1, seconds=NEVER)
    await lost(line, "bet", "b1", amount="10")
    for operation in ("bet", "status"):
        assert (
            await line(operation, "b1", **({"amount": "10"} if operation == "bet" else {}))
        ).outcome == "in_progress"
    assert (await line("status", "b2")).outcome == "transaction_not_found"
    assert (await line("bet", "b2", amount="10")).outcome == "ok"
    assert line.server.late.hasten() == 1
    assert (await line("status", "b1")).outcome == "ok"
    assert (await line("bet", "b1", amount="10")).outcome == "already_done"
    assert f"{line.server.wallet.balance('ann'):.2f}" == "80.00"


async def test_what_is_on_its_way_was_never_seen(line: Any) -> None:
    """status says transaction_not_found, too soon: a repeat is booked at once, and the original changes nothing."""
    line.server.moods.set(Mood.LATE_ARRIVAL, count=1, seconds=NEVER)
    await lost(line, "bet", "b1", amount="10")
    assert (await line("status", "b1")).outcome == "transaction_not_found"
    assert (await line("bet", "b1", amount="10")).outcome == "ok"
    assert line.server.late.hasten() == 1
    assert line.server.calls.lines()[0]["landed"] == ["already_done"]
    assert f"{line.server.wallet.balance('ann'):.2f}" == "90.00"


@pytest.mark.parametrize("mood", sorted(LATE))
async def test_a_rollback_that_overtakes_a_late_bet(line: Any, mood: Mood) -> None:
    """It finds nothing and leaves a tombstone, on which the bet lands: nothing is booked, and status says undone."""
    line.server.moods.set(mood, count=1, seconds=NEVER)
    await lost(line, "bet", "b1", amount="10")
    assert (await line("rollback", "rev:b1", reference=("b1",))).outcome == "transaction_not_found"
    assert (await line("status", "b1")).outcome == "already_rolled_back"
    assert line.server.late.hasten() == 1
    assert line.server.calls.lines()[0]["landed"] == ["already_rolled_back"]
    assert not line.booked("b1")
    assert f"{line.server.wallet.balance('ann'):.2f}" == "100.00"


async def test_a_late_win_and_a_late_rollback_land_too(line: Any) -> None:
    """Whatever moves money can be late; what moves none is only not answered."""
    await line("bet", "b1", amount="10")
    line.server.moods.set(Mood.LATE_LANDING_RESET, seconds=NEVER)
    await lost(line, "rollback", "rev:b1", reference=("b1",))
    await lost(line, "win", "w1", amount="5")
    await lost(line, "balance", None)
    assert line.server.late.hasten() == 2
    await asyncio.wait_for(line.server.late.landed(), 60)
    assert (line.booked("rev:b1"), line.booked("w1")) == (True, True)
    assert f"{line.server.wallet.balance('ann'):.2f}" == "105.00"


async def test_stop_cancels_what_has_not_landed(line: Any) -> None:
    """As when a process dies: it never lands, and its key is as new."""
    line.server.moods.set(Mood.LATE_LANDING_RESET, count=1, seconds=NEVER)
    await lost(line, "bet", "b1", amount="10")
    port = int(line.server.url.rsplit(":", 1)[1])
    await line.server.stop()
    assert line.server.late.pending == 0
    await asyncio.wait_for(line.server.late.landed(), 1)
    await line.server.start(port=port)
    assert (await line("status", "b1")).outcome == "transaction_not_found"
    assert (await line("bet", "b1", amount="10")).outcome == "ok"


async def test_what_is_cancelled_does_not_land_when_its_time_comes(line: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Its timer is gone too: nothing is booked, and nothing complains."""
    line.server.moods.set(Mood.LATE_LANDING_RESET, count=1, seconds=1.0)
    await lost(line, "bet", "b1", amount="10")
    assert line.server.late.cancel() == 1
    await asyncio.sleep(1.2)
    assert not line.booked("b1")
    assert caplog.records == []


async def test_the_servers_own_measure_and_a_settings(line: Any) -> None:
    """Without seconds of its own a mood takes the server's; a setting's go first, for slow answers too."""
    line.server.moods.set(Mood.LATE_LANDING_RESET, count=1)  # the server's: 0.2
    await lost(line, "bet", "b1", amount="10")
    await asyncio.wait_for(line.server.late.landed(), 60)
    assert line.booked("b1")
    line.server.moods.set(Mood.SLOW, count=1, seconds=NEVER)
    await lost(line, "bet", "b2", amount="10")
    assert line.booked("b2")


async def test_calls_are_hastened_in_their_order(line: Any) -> None:
    """As their times would have had it: the bet that was to land first takes the money that the second has not."""
    for key, seconds in (("second", NEVER), ("first", NEVER / 2)):
        line.server.moods.set(Mood.LATE_LANDING_RESET, count=1, seconds=seconds)
        await lost(line, "bet", key, amount="60")
    assert line.server.late.hasten() == 2
    assert (line.booked("first"), line.booked("second")) == (True, False)
    assert line.server.late.hasten() == line.server.late.pending == 0


async def test_late_moods_by_admin_call(line: Any) -> None:
    """Set with their seconds from another process, which can see when everything has landed."""
    body = {"mood": "late_arrival", "count": 1, "seconds": 1.25}
    assert (await line.admin("POST", "/sandbox/moods", body))[0] == 200
    shown = (await line.admin("GET", "/sandbox/moods"))[1]
    assert shown["settings"][0]["seconds"] == 1.25
    await lost(line, "bet", "b1", amount="10")
    assert (await line.admin("GET", "/sandbox/moods"))[1]["pending"] == 1
    await asyncio.wait_for(line.server.late.landed(), 60)
    assert (await line.admin("GET", "/sandbox/moods"))[1]["pending"] == 0
    assert (await line.admin("GET", "/sandbox/calls"))[1]["calls"][0]["landed"] == ["ok"]


async def test_a_wallet_that_is_not_idempotent_books_the_repeat_and_the_original(wallet_line: Any) -> None:
    """It knows of no key in progress: both are booked, which is what such a wallet does to whoever asks twice."""
    line = await wallet_line("idempotent")
    line.server.moods.set(Mood.LATE_LANDING_RESET, count=1, seconds=NEVER)
    await lost(line, "bet", "b1", amount="10")
    assert (await line("bet", "b1", amount="10")).outcome == "ok"
    assert line.server.late.hasten() == 1
    assert f"{line.server.wallet.balance('ann'):.2f}" == "80.00"


async def test_a_wallet_without_tombstones_lets_the_overtaken_bet_in(wallet_line: Any) -> None:
    """The rollback came first and left nothing: the player has paid for a bet that everybody believes undone."""
    line = await wallet_line("tombstones")
    line.server.moods.set(Mood.LATE_LANDING, count=1, seconds=NEVER)
    await lost(line, "bet", "b1", amount="10")
    assert (await line("rollback", "rev:b1", reference=("b1",))).outcome == "transaction_not_found"
    assert line.server.late.hasten() == 1
    assert line.booked("b1")
    assert f"{line.server.wallet.balance('ann'):.2f}" == "90.00"


async def test_without_status_the_caller_cannot_ask(wallet_line: Any) -> None:
    """Read by the canonical table: unsupported_operation."""
    line = await wallet_line("status")
    await line("bet", "b1", amount="10")
    assert (await line("status", "b1")).outcome == "unsupported_operation"
