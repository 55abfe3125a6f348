"""A page: what one wish changed is what the next one reads, in one commit as well as in two."""

from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.journal.memory import Memory
from gateway.journal.page import Page
from tests.journal.calls import ACCOUNT, key, made

BET, WIN = Operation.BET, Operation.WIN
EVERYTHING = {
    "earlier": made(BET, "earlier"),
    "other player": made(BET, "other player", player="p2"),
    "other round": made(BET, "other round", round="r2"),
    "win": made(WIN, "win"),
}


def page() -> Page:
    """Over an empty journal, at second 5."""
    return Page(Memory(), 5.0, 1_700_000_005.0, "me")


def test_a_round_holds_what_was_played_on_its_own_page_too() -> None:
    """A bet and its win may be in one commit: each must see the other; other rounds and players are not its."""
    whole = page()
    for row in EVERYTHING.values():
        whole.put(row)
    part = whole.part()
    assert set(part.in_round(ACCOUNT, "p1", "r1")) == {key("earlier"), key("win")}
    assert set(part.in_round(ACCOUNT, None, "r1")) == {key("earlier"), key("win"), key("other player")}
    assert part.in_round("other account", "p1", "r1") == {}


def test_a_round_is_read_as_it_was_changed() -> None:
    """On the page itself, and on what is below it."""
    whole = page()
    known = whole.put(EVERYTHING["earlier"])
    part = whole.part()
    part.put(replace(known, undo=True))
    assert part.in_round(ACCOUNT, "p1", "r1")[key("earlier")].undo is True
    assert whole.in_round(ACCOUNT, "p1", "r1")[key("earlier")].undo is False
    whole.keep(part)
    assert whole.in_round(ACCOUNT, "p1", "r1")[key("earlier")].undo is True


def test_a_row_of_many_wishes_is_written_once() -> None:
    """Its version goes up by one for each page that is written, however many parts have changed it."""
    whole = page()
    first = whole.put(EVERYTHING["earlier"])
    part = whole.part()
    second = part.put(replace(first, undo=True))
    third = part.put(replace(second, undo=False))
    assert [row.version for row in (first, second, third)] == [1, 1, 1]
    assert [(row.created, row.updated, row.wall) for row in (first, third)] == [(5.0, 5.0, 1_700_000_005.0)] * 2
    stored = Memory()
    stored.rows[first.key] = first
    later = Page(stored, 9.0, 1_700_000_009.0, "me")
    again = later.put(replace(first, undo=True))
    assert (again.version, again.created, again.updated, again.wall) == (2, 5.0, 9.0, 1_700_000_009.0)
    assert later.part().put(again).version == 2


def test_whoever_waits_is_woken_when_a_holder_lets_go() -> None:
    """By the key of the row; not when it was free before, nor when it only changes hands."""
    whole = page()
    row = whole.put(replace(EVERYTHING["earlier"], holder="me/1"))
    whole.put(replace(row, holder="me/2"))
    assert whole.freed == set()
    part = whole.part()
    free = part.put(replace(row, holder=None))
    assert part.freed == {key("earlier")}
    whole.keep(part)
    assert whole.freed == {key("earlier")}
    other = whole.part()
    other.put(free)
    assert other.freed == set()


def test_a_history_holds_what_is_known_and_nothing_else() -> None:
    """Empty facts are left out."""
    whole = page()
    part = whole.part()
    part.note("k", "told", none=None, empty="", no=False, nothing=[], seconds=0.5, yes=True, word="w")
    whole.keep(part)
    (note,) = whole.notes
    assert (note.key, note.wall, note.what) == ("k", 1_700_000_005.0, "told")
    assert note.facts == {"seconds": 0.5, "yes": True, "word": "w"}


def test_of_one_commit_the_first_is_the_oldest() -> None:
    """Its wishes share one moment; which of two wins may close their round must not hang on how their ids sort."""
    whole = page()
    born = []
    for name in ("z", "y", "x"):
        part = whole.part()
        born.append(part.put(made(WIN, name)).created)
        whole.keep(part)
    assert born == sorted({*born})
    assert 5.0 <= born[0] < born[2] < 5.001
