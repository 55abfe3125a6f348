"""`[wallet] instead` stands for what the table lacks, and is made of what the table has."""

import pytest

from gateway.canon.operations import Operation
from tests.dialect import made


@pytest.mark.parametrize(
    ("row", "legs"),
    [
        ('bet_win = ["bet", "win"]', {Operation.BET_WIN: (Operation.BET, Operation.WIN)}),
        ('end_round = ["win"]', {Operation.END_ROUND: (Operation.WIN,)}),
        ("bet_win = [], end_round = [], adjust = []", dict.fromkeys(
            (Operation.BET_WIN, Operation.END_ROUND, Operation.ADJUST), ()
        )),
    ],
)  # fmt: skip
def test_rows_that_stand(row: str, legs: dict[Operation, tuple[Operation, ...]]) -> None:
    """As they are told to the exchange; no row, nothing."""
    assert made.dialect(f"[wallet]\ninstead = {{ {row} }}").instead == legs
    assert made.dialect("").instead == {}


@pytest.mark.parametrize(
    "row",
    ['bet_win = ["bet"]', 'bet_win = ["win", "bet"]', 'bet_win = ["bet", "bet"]', 'bet_win = ["bet", "win", "win"]'],
)
def test_another_order_is_refused(row: str) -> None:
    """A win that goes first would be paid without its bet."""
    assert ("GW313", "wallet.instead.bet_win") in made.complaints(f"[wallet]\ninstead = {{ {row} }}")


def test_what_the_table_cannot_send() -> None:
    """Each that is not there is a complaint; of a refusal there is none."""
    table = 'without = ["operations.win"]\n[wallet]\ninstead = { bet_win = ["bet", "win"], end_round = [] }'
    found = [at for code, at in made.complaints(table) if code == "GW313"]
    assert found == ["wallet.instead.bet_win"]


@pytest.mark.parametrize("row", ['adjust = ["win"]', 'win = ["promo_win"]', 'bet_win = ["rollback"]', "rollback = []"])
def test_only_these_may_be_replaced(row: str) -> None:
    """A win or a rollback that nobody sends would be lost money."""
    assert made.complaints(f"[wallet]\ninstead = {{ {row} }}")
