"""From a proved table to the Dialect that serves: what is said, what is heard, and what may fill a name."""

import pytest

from gateway.canon.outcomes import CAN_OCCUR, UNREAD, Outcome
from gateway.dialect.compiler.build import source_of
from gateway.dialect.sayings import Literally
from tests.dialect.made import dialect


def test_every_outcome_that_can_occur_is_said() -> None:
    """Of each operation, and of a message that is none; nothing else is."""
    made = dialect()
    pairs = {(name, outcome) for name, form in made.variants.items() for outcome in CAN_OCCUR[form.operation]}
    assert made.said.keys() == pairs | {(None, outcome) for outcome in UNREAD}


def test_what_is_said_and_what_follows() -> None:
    """The row that chose the words, the stand-ins on the way, and the effect of the answer."""
    said = dialect().said["bet", Outcome.BUSY]
    assert (said.end, said.answer.code, said.effect) == (Outcome.UNKNOWN, "ERROR", {"rolls_back"})
    assert (said.path, said.hops) == (("codes", "unknown"), (("said_as", "busy"),))
    assert not said.done
    assert dialect().said["rollback", Outcome.TRANSACTION_NOT_FOUND].done
    assert dialect().said[None, Outcome.BUSY].effect == frozenset()


def test_who_says_the_same_shares_it() -> None:
    """Thousands of rows of all tables have the same few effects, and most fields have no word for "nothing"."""
    tables = [dialect(), dialect()]
    effects = [said.effect for made in tables for said in made.said.values()]
    assert len(set(map(id, effects))) == len(set(effects))
    fields = [field.absent for made in tables for form in made.variants.values() for field in form.fields]
    assert len({id(absent) for absent in fields if not absent}) == 1


def test_the_fuller_row_is_heard_first() -> None:
    """A status of its own, then the longer message, then the code alone; rows without a code are heard never."""
    made = dialect(
        '[unread]\ncodes.busy = { http = 503 }\n[operations.bet.heard_as]\nround_closed = ["NO"]\n'
        'player_blocked = [{ code = "NO", message_starts = "Bar" }, { code = "NO", http = 403 }]\n'
        'limit_exceeded = [{ code = "NO", message_starts = "Barred until" }]'
    )
    rows = [row.answer for row in made.hearings["bet"].rows if row.answer.code == "NO"]
    assert [(row.http, row.message_starts) for row in rows] == [
        (403, None), (None, "Barred until"), (None, "Bar"), (None, None),
    ]  # fmt: skip
    assert all(row.answer.code is not None for row in made.hearings["win"].rows)


def test_success_without_a_code() -> None:
    """Where ok's shape shows no code, ok needs no row, and the absence of a code says it in that shape alone."""
    made = dialect(
        'without = ["codes.ok", "said_as.nothing_to_do", "said_as.already_done", "operations.rollback.said_as"]\n'
        "[said_as]\nok = ['already_done', 'nothing_to_do']\n"
        "request_invalid = ['transaction_not_found', 'already_rolled_back']\n"
        "[answers.done]\nbody = '''{\"player\": \"$player\", \"balance\": $balance?}'''"
    )
    hearing = made.hearings["bet"]
    assert [(shape.shows_code, silent) for shape, silent in hearing.shapes] == [(False, True), (True, False)]
    assert made.said["bet", Outcome.OK].path is None
    assert "plain" in hearing.said_for


@pytest.mark.parametrize("word", ["ask", "remembered", "setting", "player", "balance", "request_id", "code"])
def test_a_source_by_name(word: str) -> None:
    """A word of [missing], or a name of ours."""
    assert source_of(word) == word


def test_a_literal_source() -> None:
    """Numbers as digits, for they are written as such; flags and other texts as they stand."""
    assert source_of(0) == Literally("0")
    assert source_of(False) == Literally(False)
    assert source_of("nobody") == Literally("nobody")


def test_head_of_the_table() -> None:
    """Name, title, scope and deadlines, the four seconds of the default where a table adds none."""
    made = dialect('scope = ["player", "operation"]\ndeadline_ms = { bet = 1500 }')
    assert (made.name, made.title, made.scope) == ("made", "Acme, made up for the refusals", ("player", "operation"))
    assert made.deadlines_ms == {"default": 4000, "bet": 1500}
    assert dialect().scope == ()
