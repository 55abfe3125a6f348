"""Proofs 5 and 6, the names: what an operation needs it has or recalls, and what a shape demands can be filled."""

import pytest

from tests.dialect.made import complaints

DONE = "[answers.done]\nbody = '''{\"code\": \"$code\", %s}'''\n"


@pytest.mark.parametrize("row", ["amount", "transaction"])
def test_what_a_bet_needs(row: str) -> None:
    """GW207 where it has none, and where it may lack it."""
    assert ("GW207", "operations.bet") in complaints(f"[operations.bet]\nfields.{row} = false")
    assert complaints(f'[operations.bet]\nfields.{row} = "body.x?"') == [("GW207", "operations.bet")]


def test_what_makes_up_for_a_missing_field() -> None:
    """A formula whose parts are always there, a literal, or a recall by what is there; not one whose part may lack."""
    lacks = '[operations.rollback]\nfields.reference = "body.bet?"\n'
    assert complaints(lacks) == [("GW207", "operations.rollback")]
    assert complaints(lacks + 'derive = { reference = "{transaction}" }') == []
    assert complaints(lacks + 'derive = { reference = "{session}" }') == [("GW207", "operations.rollback")]
    assert complaints(lacks + 'recall = { reference = "transaction" }') == []
    assert complaints(lacks + 'recall = { reference = "session" }') == [("GW207", "operations.rollback")]


def test_whose_money_it_is() -> None:
    """A bet names a player or a session; a rollback is found by what it refers to."""
    nobody = "fields = { player = false, session = false }"
    assert complaints(f"[operations.bet]\n{nobody}") == [("GW207", "operations.bet")]
    assert complaints(f"[operations.rollback]\n{nobody}") == []
    assert complaints("[operations.bet]\nfields = { player = false }") == []


def test_an_amount_has_a_currency() -> None:
    """GW213, except of a reversal: what was booked has one."""
    assert complaints("[operations.bet]\nfields = { currency = false }") == [("GW213", "operations.bet")]
    assert complaints("[operations.rollback]\nfields = { currency = false }") == []


def test_a_recall_by_what_is_not_there() -> None:
    """GW207 at the recall: nothing can be looked up by it, nor by what is itself recalled."""
    assert complaints('[operations.bet]\nrecall = { game = "session" }') == []
    at = [("GW207", "operations.bet.recall.game")]
    assert complaints('[operations.bet]\nrecall = { game = "reference" }') == at
    assert complaints('[operations.bet]\nrecall = { game = "reference", reference = "round" }') == at


def test_a_name_that_a_refusal_may_not_have() -> None:
    """GW208 unless a literal stands in: a refusal must be sayable whatever the message lacks."""
    body = '[answers]\nbody = \'\'\'{"code": "$code", "player": "$player"}\'\'\'\n'
    assert complaints(body) == [("GW208", "answers.body")]
    assert complaints(body + '[missing]\nplayer = ["nobody"]') == []
    assert complaints(body + '[missing]\nplayer = ["session"]') == [("GW208", "answers.body")]


def test_a_name_that_a_success_may_not_have() -> None:
    """GW208 unless the message must have it, the wallet always tells it, or [missing] names a source."""
    at = [("GW208", "answers.done.body")]
    assert complaints(DONE % '"p": "$player", "c": "$currency", "w": "$wallet_transaction"') == []
    assert complaints(DONE % '"s": "$session"') == at
    assert complaints(DONE % '"b": $balance') == at
    assert complaints(DONE % '"b": $balance' + '[missing]\nbalance = ["ask"]') == []
    assert complaints(DONE.replace("answers", "operations.balance.answers") % '"b": $balance') == []
    assert complaints(DONE.replace("answers", "operations.bet.answers") % '"r": "$round"') == []


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ('plaier = ["session"]', [("GW103", "missing.plaier")]),
        ('country = ["session"]', [("GW203", "missing.country")]),
        ('balance = ["aks"]', [("GW114", "missing.balance")]),
        ('balance = ["none"]', [("GW114", "missing.balance")]),
        ("balance = [true]", [("GW114", "missing.balance")]),
        ("balance = [0]", []),
        ('balance = [0, "ask"]', [("GW114", "missing.balance")]),
        ('player = ["setings"]', [("GW114", "missing.player")]),
        ('player = ["reference"]', []),
        ('player = ["remembred"]', [("GW114", "missing.player")]),
        ('player = ["session", "nobody"]', []),
    ],
)
def test_sources(rows: str, found: list[tuple[str, str]]) -> None:
    """A name in no answer, a slip of a source's name, a literal that is no number, or one that hides others."""
    assert complaints(f"[missing]\n{rows}") == found
