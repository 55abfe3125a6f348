"""What waits for a commit, by itself: who gets which result, what is owed, what nobody waits for."""

import asyncio
import logging

import pytest

from gateway.canon.outcomes import Outcome
from gateway.journal.limits import Limits
from gateway.journal.postgres.entries import Entries, Entry, wanted
from gateway.journal.postgres.playing import Failed
from gateway.journal.states import State
from gateway.journal.wishes import Claim, Claimed, JournalUnavailable, Lease, Look, Record, Told, Verdict
from tests.journal.calls import DONE, bet, key


def waiting(wish: object, *, heard: bool = True) -> Entry:
    """An entry, with somebody who waits for it or nobody."""
    return Entry(wish, asyncio.get_running_loop().create_future() if heard else None)


async def test_each_gets_its_own_end(caplog: pytest.LogCaptureFixture) -> None:
    """A result, an error; where nobody waits an error is said aloud, and a result is nobody's."""
    freed: list[object] = []
    entries = Entries(Limits(), freed.extend)
    good, bad, unheard, lost = waiting(Look("a")), waiting(Look("b")), waiting(Told("c", 1, DONE), heard=False), None
    good.result, bad.result = "row", Failed(ValueError("odd"))
    unheard.result = None
    lost = waiting(Told("d", 1, DONE), heard=False)
    lost.result = Failed(KeyError("d"))
    with caplog.at_level(logging.ERROR):
        entries.deliver([good, bad, unheard, lost], ["a"])
    assert good.future is not None
    assert bad.future is not None
    assert good.future.result() == "row"
    assert isinstance(bad.future.exception(), ValueError)
    assert freed == ["a"]
    assert "nobody waits for a Told" in caplog.text
    assert all(each.over for each in (good, bad, unheard, lost))


async def test_a_claim_whose_story_has_gone_is_given_back() -> None:
    """It was ours at the very moment in which nobody wanted it any more; an error needs no giving back."""
    entries = Entries(Limits(), lambda keys: None)
    row = bet().row
    gone, failed = waiting(Claim(row)), waiting(Claim(row))
    for each in (gone, failed):
        assert each.future is not None
        each.future.cancel()
    gone.result, failed.result = Claimed(Verdict.OURS, row), Failed(ValueError("odd"))
    entries.deliver([gone, failed])
    (back,) = entries.taken()
    assert isinstance(back.wish, Record)
    assert (back.wish.key, back.wish.state) == (row.key, State.OPEN)


async def test_what_is_lost_is_owed_or_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits hears why; what nobody waits for goes on waiting; what is over stays so."""
    entries = Entries(Limits(reopen_s=0.0), lambda keys: None)
    over, heard, unheard = waiting(Look("a")), waiting(Look("b")), waiting(Told("c", 1, DONE), heard=False)
    over.over = True
    for each in (over, heard, unheard):
        entries.put(each)
    entries.lose_all("it is away")
    assert heard.future is not None
    assert over.future is not None
    with pytest.raises(JournalUnavailable, match="it is away"):
        heard.future.result()
    assert not over.future.done()
    assert [each.wish for each in entries.taken()] == [unheard.wish]
    owed = waiting(Record(key("b1"), "me/1", State.APPLIED, Outcome.OK, DONE), heard=False)
    entries.lose([owed], "it is away")
    await asyncio.sleep(0.01)
    (later,) = entries.taken()
    assert (later.wish.key, later.wish.telling) == (key("b1"), None)
    entries.close()
    entries.lose([waiting(Record(key("b2"), "me/1", State.APPLIED, Outcome.OK, DONE), heard=False)], "closed")
    await asyncio.sleep(0.01)
    assert entries.taken() == []


async def test_what_has_a_transaction_of_its_own_is_taken_alone() -> None:
    """In order: what came before it goes first, what came after it waits."""
    entries = Entries(Limits(), lambda keys: None)
    for wish in (Look("a"), Look("b"), Lease(5), Look("c")):
        entries.put(waiting(wish))
    taken = [[type(each.wish).__name__ for each in entries.taken()] for _ in range(4)]
    assert taken == [["Look", "Look"], ["Lease"], ["Look"], []]


async def test_what_nobody_wants_any_more_is_not_performed() -> None:
    """A dropped question is over; a record still says what became of its call."""
    asked, said = waiting(Claim(bet().row)), waiting(Record(key("b1"), "me/1", State.APPLIED, Outcome.OK, DONE))
    asked.dropped = said.dropped = True
    assert wanted([asked, said]) == [said]
    assert asked.over
    assert said.wish.telling is None


async def test_what_somebody_holds_is_put_off_while_somebody_waits() -> None:
    """Ever longer; for nobody it is not worth it."""
    entries = Entries(Limits(reopen_s=0.01), lambda keys: None)
    held, nobodys = waiting(Look("a")), waiting(Look("b"), heard=False)
    assert entries.put_off(held) is True
    assert entries.put_off(nobodys) is False
    await asyncio.sleep(0.05)
    assert entries.taken() == [held]
    assert held.tries == 1
