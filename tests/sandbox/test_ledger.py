"""The books: they notice tampering, and postings stand."""

from typing import Any

import apsw
import pytest

from gateway.sandbox.ledger import HOUSE, Ledger, Player


def test_audit_finds_each_kind_of_tampering(desk: Any) -> None:
    """A changed balance, a lone posting, a hold nobody knows: each is a finding, and none is found before."""
    desk("bet", "b1", amount="10")
    desk("reserve", "v1", amount="10")
    wallet = desk.wallet
    assert wallet.audit() == ()
    for tampering, finding in (
        ("UPDATE accounts SET balance = '1' WHERE kind = 'balance'", "not the sum of its postings"),
        ("INSERT INTO postings (operation, account, units) VALUES (1, 1, '5')", "postings of a currency"),
        ("INSERT INTO postings (operation, account, units) VALUES (1, 1, '5')", "postings of an operation"),
        ("UPDATE operations SET state = 'applied' WHERE key = 'v1'", "open holds"),
    ):
        wallet.ledger.connection.execute("SAVEPOINT tampering")
        wallet.ledger.connection.execute(tampering)
        assert any(finding in sentence for sentence in wallet.audit()), tampering
        wallet.ledger.connection.execute("ROLLBACK TO tampering")
        wallet.ledger.connection.execute("RELEASE tampering")


@pytest.mark.parametrize("change", ["UPDATE postings SET units = '1'", "DELETE FROM postings"])
def test_postings_stand(desk: Any, change: str) -> None:
    """The database itself refuses to change or drop a posting."""
    with pytest.raises(apsw.ConstraintError):
        desk.wallet.ledger.connection.execute(change)


@pytest.mark.parametrize("units", ["'1.5'", "'01'", "'1e3'", "''", "'--1'", "'+1'", "'0'", "NULL"])
def test_units_are_whole_numbers(desk: Any, units: str) -> None:
    """A posting holds plain digits with at most a minus, and never nothing."""
    with pytest.raises(apsw.ConstraintError):
        desk.wallet.ledger.connection.execute(
            f"INSERT INTO postings (operation, account, units) VALUES (1, 1, {units})"
        )


def test_a_movement_has_two_sides_and_no_sign(desk: Any) -> None:
    """Zero leaves no postings; a negative movement is refused."""
    ledger: Ledger = desk.wallet.ledger
    count = "SELECT count(*) FROM postings"
    before = ledger.connection.execute(count).fetchone()
    ledger.move(1, (HOUSE, "games"), ("ann", "balance"), "EUR", 0)
    assert ledger.connection.execute(count).fetchone() == before
    with pytest.raises(ValueError, match="direction"):
        ledger.move(1, (HOUSE, "games"), ("ann", "balance"), "EUR", -1)


def test_the_statement_is_readable(desk: Any) -> None:
    """Balances as decimal texts with the currency's digits, the house's side negative, the audit beside them."""
    desk.wallet.open_player("yen", "JPY", 500)
    statement = desk.wallet.statement()
    assert {"player": "ann", "account": "balance", "currency": "EUR", "balance": "100.00"} in statement["players"]
    assert {"player": "yen", "account": "balance", "currency": "JPY", "balance": "500"} in statement["players"]
    assert {"player": "", "account": "cashier", "currency": "EUR", "balance": "-100.00"} in statement["house"]
    assert statement["audit"] == []


def test_an_unknown_player_has_nothing(desk: Any) -> None:
    """No account means a balance of zero units, not an error."""
    assert desk.wallet.ledger.player("nobody") is None
    assert desk.wallet.ledger.balance(Player("nobody", "EUR")) == 0
