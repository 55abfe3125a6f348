"""No row is dead: each is said, heard, or followed by somebody."""

import pytest

from tests.dialect.made import complaints


@pytest.mark.parametrize(
    ("patch", "keypath"),
    [
        ('[codes]\nwithdrawal_declined = "NO"', "codes.withdrawal_declined"),
        ('[operations.bet]\ncodes.no_open_bet = "NO"', "operations.bet.codes.no_open_bet"),
        ('[unread]\ncodes.ok = "OK"', "unread.codes.ok"),
        ('[said_as]\nunknown = ["withdrawal_declined"]', "said_as.unknown.0"),
        ('[operations.bet.said_as]\nunknown = ["no_open_bet"]', "operations.bet.said_as.unknown.0"),
        ('[heard_as]\nwithdrawal_declined = ["NO"]', "heard_as.withdrawal_declined.0"),
        ('[operations.bet.heard_as]\nno_open_bet = ["NO"]', "operations.bet.heard_as.no_open_bet.0"),
        ("[operations.bet.heard_as]\nplayer_blocked = [{ http = 403 }]", "operations.bet.heard_as.player_blocked.0"),
        ("[answers.busy]\nhttp = 503", "answers.busy"),
        ("[operations.bet.answers.no_open_bet]\nhttp = 503", "operations.bet.answers.no_open_bet"),
    ],
)
def test_a_dead_row(patch: str, keypath: str) -> None:
    """GW203 at the row: an outcome that cannot be, a word that nobody says, a shape that is never used."""
    assert complaints(patch) == [("GW203", keypath)]


def test_an_effect_of_an_answer_that_nobody_gives() -> None:
    """GW210 at the answer, of the table's section and of an operation's."""
    assert complaints('[effects]\nfinal = ["NEVER"]') == [("GW210", "effects.final.0")]
    assert complaints('[effects.win]\nfinal = ["NO_MONEY"]') == [("GW210", "effects.win.final.0")]
    assert complaints('[effects.bet]\nfinal = ["NO_MONEY"]') == []


def test_rows_that_one_operation_needs() -> None:
    """The table's row lives by a single operation, and a word may be heard although nobody says it."""
    assert complaints('[codes]\nno_open_bet = "CLOSED"') == []
    assert complaints('[heard_as]\nno_open_bet = ["CLOSED"]') == []
    assert complaints("[answers.insufficient_funds]\nhttp = 402") == []


def test_rows_in_a_circle_are_not_dead_too() -> None:
    """One mistake is told once."""
    found = complaints('[said_as]\nbusy = ["maintenance"]\nmaintenance = ["busy"]')
    assert "GW203" not in {code for code, _ in found}


def test_effects_of_an_operation_that_is_not_there() -> None:
    """The section's name is told, with what was meant."""
    assert complaints('[effects.bett]\nretries = ["ERROR"]') == [("GW105", "effects.bett")]
