"""Which tables need a journal that survives a restart, and which rows of them say so."""

import pytest

from gateway.dialect.shelf import Shelf
from tests.dialect.made import dialect

SILENT = "[effects.bet]\nrolls_back = ['ERROR']\n%s = [{ no_answer = true }]\n[operations.bet]\nreverse_unknown = true"


def test_a_table_that_needs_none() -> None:
    """Everything is in the message, and every lost answer brings the provider back."""
    assert dialect().needs_journal == ()


@pytest.mark.parametrize("key", ["session", "round"])
def test_a_money_operation_that_is_completed_from_memory(key: str) -> None:
    """By its session or its round: the row that recalls, the operation and the fields, once for each key."""
    patch = '[operations.bet]\nfields.currency = false\nfields.player = false\nfields.session = "body.session"\n'
    made = dialect(f'{patch}recall = {{ player = "{key}", currency = "{key}" }}')
    assert made.needs_journal == (f'made.toml:7: operation "bet" recalls player and currency by {key}',)


def test_a_shared_recall() -> None:
    """Each money operation that has it is named, at the shared row; a read is none."""
    patch = '[request]\nrecall.promotion = "session"\nfields.session = "body.session"\n[operations.win]\n'
    made = dialect(f'{patch}recall.promotion = "player"')
    assert made.needs_journal == tuple(
        f'made.toml:4: operation "{name}" recalls promotion by session' for name in ("bet", "rollback")
    )


@pytest.mark.parametrize("key", ["reference", "player"])
def test_what_a_wallet_can_be_asked(key: str) -> None:
    """A booked bet is found by its reference, and a player is known to the wallet."""
    assert dialect(f'[operations.rollback]\nrecall.round = "{key}"').needs_journal == ()


@pytest.mark.parametrize("effect", ["silent", "final"])
def test_our_own_reversal_and_the_lost_answer_that_needs_it(effect: str) -> None:
    """The reversal must be durable before we answer, and before we die without an answer."""
    assert dialect(SILENT % effect).needs_journal == (
        'made.toml:7: operation "bet" asks for our own reversal, durable before a doubt is answered',
        f'made.toml:5: operation "bet" may end with no answer, after which: {effect}',
    )


def test_the_shipped_tables() -> None:
    """What a token, a round or a completed hold stands for only we know; the others bring everything."""
    shelf = Shelf()
    needs = {name: shelf.dialect(name).needs_journal for name in shelf.names}
    assert {name for name, reasons in needs.items() if reasons} == {
        "100hp", "100hp-29", "abstrapay", "caleta", "canonical", "evenbet", "groove",
    }  # fmt: skip
    assert [reason.partition(": ")[2] for reason in needs["abstrapay"]] == [
        'operation "deposit" may be written down for a human',
        'operation "withdraw_request" may come without an id, and only we know that we saw it',
        'operation "withdraw_complete" captures what was held, and only we know which hold',
    ]
    assert [reason.partition(": ")[2] for reason in needs["evenbet"]] == [
        'operation "bet" recalls player and currency by session',
        'operation "win" recalls player and currency by session',
    ]
