"""Proof 1: every outcome has an answer that its operation may give, with one meaning a word."""

import pytest

from tests.dialect.made import complaints

ERROR = '{"code": "$code", "text": "$message"}'


def test_an_outcome_without_an_answer() -> None:
    """GW201 at the operation, or once at [unread] where the table lacks it for all."""
    assert complaints('without = ["said_as.no_open_bet"]') == [("GW201", "operations.win")]
    found = complaints('without = ["said_as.busy"]')
    assert {code for code, _ in found} == {"GW201"}
    assert len(found) == 1


def test_stand_ins_in_a_circle() -> None:
    """GW202 at the row that closes it."""
    found = complaints('[said_as]\nbusy = ["maintenance"]\nmaintenance = ["busy"]')
    assert {code for code, _ in found} == {"GW202"}


def test_the_vendor_s_own_list() -> None:
    """GW209 for a code that it does not hold; an operation's own list goes before the table's; a type counts."""
    assert complaints('may_say = ["OK", "REFUSED", "ERROR", "NO_MONEY"]') == []
    assert complaints('may_say = ["OK", "REFUSED", "ERROR"]') == [("GW209", "operations.bet.codes.insufficient_funds")]
    own = '[operations.bet]\nmay_say = ["OK", "REFUSED", "ERROR", "NO_MONEY"]'
    assert complaints('may_say = ["OK", "REFUSED", "ERROR"]\n' + own) == []
    assert complaints('may_say = ["OK", "REFUSED", "ERROR", "NO_MONEY", 1]\n[unread]\ncodes.request_invalid = "1"') == [
        ("GW209", "unread.codes.request_invalid"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    ['{ code = "A", message_starts = "m" }', '{ code = "A", no_answer = true }', '{ text = "m" }'],
)
def test_answers_that_make_no_sense(answer: str) -> None:
    """GW102: a beginning of a text is for what is heard, silence says nothing, and an answer says something."""
    assert ("GW102", "operations.bet.codes.player_blocked") in complaints(
        f"[operations.bet]\ncodes.player_blocked = {answer}"
    )


def test_a_code_s_type_agrees_with_its_quotes() -> None:
    """GW113: 0 is not "0"."""
    at = "operations.bet.codes.player_blocked"
    assert complaints("[operations.bet]\ncodes.player_blocked = 7") == [("GW113", at)]
    bare = "[operations.bet.answers.player_blocked]\nbody = '{\"code\": $code}'\n"
    assert complaints(bare + "[operations.bet]\ncodes.player_blocked = 7") == []
    assert complaints(bare + '[operations.bet]\ncodes.player_blocked = "7"') == [("GW113", at)]


def test_a_code_that_is_the_status() -> None:
    """GW113 for one that is no status, unless it has a status of its own."""
    shape = (
        '[operations.bet.answers.player_blocked]\nhttp = "$code"\nbody = \'{"text": "$message"}\'\n[operations.bet]\n'
    )
    at = "operations.bet.codes.player_blocked"
    assert complaints(shape + "codes.player_blocked = 403") == []
    assert complaints(shape + "codes.player_blocked = 77") == [("GW113", at)]
    assert complaints(shape + 'codes.player_blocked = "403"') == [("GW113", at)]
    assert complaints(shape + "codes.player_blocked = { code = 77, http = 403 }") == []


def test_a_code_that_stands_nowhere() -> None:
    """GW112: the shape in which it is said has no $code."""
    shape = '[operations.bet.answers.player_blocked]\nbody = \'{"text": "$message"}\'\n[operations.bet]\n'
    assert complaints(shape + 'codes.player_blocked = "BARRED"') == [("GW112", "operations.bet.codes.player_blocked")]


def test_a_success_that_shows_nothing() -> None:
    """GW215: without a code, and with nothing that must be there, {} would be heard as a success."""
    shape = "[answers.done]\nbody = '{\"balance\": $balance?}'\n"
    found = complaints('without = ["codes.ok"]\n' + shape)
    assert {code for code, _ in found} == {"GW215"}
    assert {at for _, at in found} == {"answers.done.body"}


def test_one_meaning_a_word() -> None:
    """GW206 where one operation says or hears a word for two outcomes; two operations may differ."""
    assert complaints('[operations.bet]\ncodes.player_blocked = "NO_MONEY"')[0][0] == "GW206"
    assert complaints('[operations.win]\ncodes.player_blocked = "NO_MONEY"') == []
    assert complaints('[operations.bet.heard_as]\nplayer_blocked = ["NO_MONEY"]') == [
        ("GW206", "operations.bet.heard_as.player_blocked.0"),
    ]  # fmt: skip


SHARED = """[codes]
ok = { code = "OK", text = "Done" }
already_done = { code = "OK", text = "%s" }
"""


def test_outcomes_of_one_certainty_may_share_a_code_when_their_texts_tell_them_apart() -> None:
    """ok and already_done; not where a text is missing or would be heard as the other, nor a success and a doubt."""
    for text in ("Before", "Done before"):
        assert complaints(SHARED % text) == [], text
    for text in ("", "Done", "Do"):
        assert {code for code, _ in complaints(SHARED % text)} == {"GW206"}, text
    assert complaints(SHARED.replace(', text = "%s"', "")) != []
    row = 'codes.%s = { code = "NO_MONEY", text = "%s" }\n'
    own = "[operations.bet]\n" + row % ("%s", "b") + row % ("insufficient_funds", "a")
    assert "GW206" not in {code for code, _ in complaints(own % "limit_exceeded")}
    assert "GW206" in {code for code, _ in complaints(own % "in_progress")}
    assert "GW206" not in {code for code, _ in complaints(own % "busy")}, "what is not understood does not last"
    turned = "[operations.bet]\n" + row % ("insufficient_funds", "a") + row % ("busy", "b")
    assert "GW206" in {code for code, _ in complaints(turned)}, "one lasts, the other does not"


def test_a_message_decides_no_money() -> None:
    """GW216: where only the text tells a refusal from a doubt, the code must have a row of the same certainty."""
    alone = '[operations.bet.heard_as]\nplayer_blocked = [{ code = "FAIL", message_starts = "Bar" }]'
    assert complaints(alone) == [("GW216", "operations.bet.heard_as.player_blocked.0")]
    assert complaints(alone + '\nround_closed = ["FAIL"]') == []
    assert complaints(alone + '\nin_progress = ["FAIL"]') == [("GW216", "operations.bet.heard_as.player_blocked.0")]
