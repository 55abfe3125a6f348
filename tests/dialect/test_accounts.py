"""What differs from account to account of one dialect is a few rows over its table: ids, and names of games."""

import json

import pytest

from gateway.canon.outcomes import Outcome
from tests.dialect.made import dialect, keys
from tests.dialect.test_requestform import BET, read, refused

ACCOUNT = """
[ids]
player = { before = "op7_" }
[operations.bet]
fields.game = "body.game"
values.game = { book-of-us = "vs20book", "plinko" = 77 }
"""


def body(player: str, game: str) -> str:
    """A bet as they send it."""
    return BET.replace('"p"', json.dumps(player)) + f', "game": {game}}}'


def test_an_accounts_players_bear_its_name_at_the_provider() -> None:
    """Read without it, written with it, in requests and in answers; the player of another account is refused."""
    made = dialect(ACCOUNT)
    call = read(made, "/bet", body("op7_1001", '"vs20book"'))
    assert call.player == "1001"
    _, written = made.write_call(call, keys(made, "sender"), 0.0)
    assert json.loads(written.body)["player"] == "op7_1001"
    assert refused(made, "/bet", body("1001", '"vs20book"')) is Outcome.REQUEST_INVALID
    assert refused(made, "/bet", body("op8_1001", '"vs20book"')) is Outcome.REQUEST_INVALID


@pytest.mark.parametrize(("theirs", "ours"), [('"vs20book"', "book-of-us"), ("77", "plinko")])
def test_games_have_a_table_of_their_own(theirs: str, ours: str) -> None:
    """Ours for theirs and back, with their type; a game in no row is refused, and so is one that they do not have."""
    made = dialect(ACCOUNT)
    call = read(made, "/bet", body("op7_1001", theirs))
    assert call.game == ours
    _, written = made.write_call(call, keys(made, "sender"), 0.0)
    assert json.loads(written.body)["game"] == json.loads(theirs)
    assert refused(made, "/bet", body("op7_1001", '"other"')) is Outcome.REQUEST_INVALID


def test_a_win_is_paid_whatever_its_game_is_called() -> None:
    """Where the game may lack, a name in no row is none: money that is due does not wait for a row."""
    made = dialect(ACCOUNT + '[operations.win]\nfields.game = "body.game?"\nvalues.game = { plinko = 77 }')
    call = read(made, "/win", body("op7_1001", '"other"'))
    assert (call.player, call.game) == ("1001", None)
