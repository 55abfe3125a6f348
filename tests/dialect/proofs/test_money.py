"""Proof 6, the money: how amounts are spelled is said, and loses nothing."""

from tests.dialect.made import complaints


def test_money_is_stated() -> None:
    """GW115 where there are amounts and no [money]; a table without amounts needs none."""
    assert complaints('without = ["money"]') == [("GW115", "dialect")]
    nothing = (
        'without = ["money", "operations.bet", "operations.win", "operations.rollback", "said_as", "effects"]\n'
        '[answers]\nbody = \'\'\'{"code": "$code", "text": "$message"}\'\'\'\n[said_as]\n'
        'unknown = ["busy", "maintenance", "wallet_failed", "internal_error"]\nrequest_invalid = [\n'
        '"signature_invalid", "credentials_invalid", "unsupported_operation", "player_not_found", "player_blocked",\n'
        '"session_invalid", "session_expired", "currency_mismatch"]'
    )
    assert complaints(nothing) == []


def test_the_names_of_amounts() -> None:
    """GW103 for a form of something that is no amount of ours."""
    assert complaints('[money.fields]\nbalanse = { unit = "minor" }') == [("GW103", "money.fields.balanse")]
    assert complaints('[money.fields]\nplayer = { unit = "minor" }') == [("GW103", "money.fields.player")]
    assert complaints('[money.fields]\nbalance = { unit = "minor" }') == []


def test_a_form_that_loses_units() -> None:
    """GW212 once, at the form: [money], its fields, or the field's own table; a balance may be truncated."""
    assert complaints("[money]\ndecimals = 1") == [("GW212", "money")]
    assert complaints("[money.fields]\nbalance = { decimals = 1 }") == [("GW212", "money.fields.balance")]
    own = '[operations.bet]\nfields = { amount = { at = "body.amount", decimals = 1 } }'
    assert complaints(own) == [("GW212", "operations.bet.fields.amount")]
    assert complaints('[money.fields]\nbalance = { decimals = 1, inexact = "truncate" }') == []


def test_a_number_where_there_are_texts_alone() -> None:
    """GW115 once, where the form is stated: a body that is a form, or XML, has no numbers."""
    form = '[request]\nbody = "form"\n'
    assert complaints(form) == [("GW115", "money")]
    assert ("GW115", "money") in complaints('[request]\nbody = "xml"\n')
    own = '[operations.bet]\nfields.amount = { at = "query.amount", form = "integer", plus = ["body.more?"] }\n'
    assert complaints(form + "[money]\nlenient = true\n" + own.replace("integer", "text")) == []
    assert ("GW115", "operations.bet.fields.amount") in complaints(form + own)
    assert complaints(form + '[money.fields]\namount = { form = "integer", unit = "minor" }') == [
        ("GW115", "money.fields.amount")
    ]


def test_texts_are_read_where_the_form_says_so() -> None:
    """As a text, leniently, beside the body, or not served at all; a balance is written, and may be a number."""
    form = '[request]\nbody = "form"\n'
    assert complaints(form + "[money]\nlenient = true") == []
    assert complaints(form + '[money]\nform = "text"\nfields.balance = { form = "number" }') == []
    query = "".join(f'[operations.{name}]\nfields.amount = "query.amount"\n' for name in ("bet", "win", "rollback"))
    assert complaints(form + query) == []
    unsupported = "".join(f"[operations.{name}]\nunsupported = true\n" for name in ("bet", "win", "rollback"))
    assert "GW115" not in [code for code, _ in complaints(form + unsupported)]
