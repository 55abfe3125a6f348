"""A session that the platform opened by a request of ours is known when the provider's first callback names it."""

from typing import Any

import pytest

from gateway.canon.requests import Ask, Result
from gateway.journal.memory import Memory
from gateway.journal.wishes import JournalUnavailable, Remember
from tests.asked.stage import Stage, given

LAUNCH = given("155io", Ask.LAUNCH_GAME)
WHO = {"player": LAUNCH["player"], "currency": LAUNCH["currency"]}


async def test_a_launch_teaches_whose_the_session_is() -> None:
    """Player and currency, under the provider's own journal id; nothing before it was done."""
    async with Stage("155io") as stage:
        remembered = stage.journal.remembered
        assert remembered.recall("acme", "session", LAUNCH["session"]) is None
        assert (await stage.ask("launch_game", LAUNCH))["result"] == "ok"
        assert remembered.recall("acme", "session", LAUNCH["session"]) == WHO


@pytest.mark.parametrize("result", [Result.REQUEST_INVALID, Result.UNKNOWN])
async def test_a_launch_that_was_not_done_teaches_nothing(result: Result) -> None:
    """Refused, or nobody knows."""
    async with Stage("155io") as stage:
        row = next(row for row in stage.outbound.forms[Ask.LAUNCH_GAME].rows if row.result is result)
        stage.provider.meets(row)
        assert (await stage.ask("launch_game", LAUNCH))["result"] == result
        assert stage.journal.remembered.recall("acme", "session", LAUNCH["session"]) is None


async def test_a_launch_without_a_player_teaches_nothing() -> None:
    """A token that a login exchanges: the wallet says whose it is."""
    async with Stage("evenbet") as stage:
        facts = given("evenbet", Ask.LAUNCH_GAME)
        assert (await stage.ask("launch_game", facts))["result"] == "ok"
        assert stage.journal.remembered.recall("acme", "session", facts["session"]) is None


async def test_a_journal_that_fails_does_not_undo_a_launch() -> None:
    """What was done is told; the wallet is asked whose the session is, as of any that is not known."""

    class Full(Memory):
        def do(self, wish: Any) -> Any:
            if isinstance(wish, Remember):
                raise JournalUnavailable("full")
            return super().do(wish)

    async with Stage("155io", journal=Full()) as stage:
        assert (await stage.ask("launch_game", LAUNCH))["result"] == "ok"
