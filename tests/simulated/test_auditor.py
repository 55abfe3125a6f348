"""The auditor finds each kind of planted discrepancy, explains it to the cent, and passes an honest history."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.simulated.histories import History
from tests.torture.auditor import Auditor

EUR = ("1", "EUR")


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """An honest history in a file, to be spoiled."""
    made = History(tmp_path / "wallet.db").honest()
    yield made
    made.wallet.close()


def differences(audit: Auditor) -> dict[tuple[str, str], Decimal]:
    """Those that are not zero."""
    return {purse: amount for purse, amount in audit.difference.items() if amount}


def test_an_honest_history_passes(history: History) -> None:
    """Bets, prizes, refunds, declines, a refund of what never came: nothing differs, in any currency."""
    audit = history.audit()
    assert audit.verdict, audit.report()
    assert differences(audit) == {}
    assert set(audit.total.values()) == {Decimal(0)}
    assert audit.changes["5", "ETH"] == Decimal("0.100000000000000002")
    assert audit.believed["1", "EUR"] == Decimal("2.25")
    assert audit.report().startswith("7 bets, 2 rollbacks, 2 wins; verdict: sound")


def test_an_open_wallet_in_memory_can_be_audited() -> None:
    """By the connection that this process has to it, which stays open."""
    history = History(":memory:").honest()
    assert history.audit().verdict
    history.bet("b9")
    history.plant("acme::b10", "bet", "-3")
    assert differences(history.audit()) == {EUR: Decimal(-3)}
    history.wallet.close()


# -- money that differs: what is planted, what differs by it, and which finding names it


def lost_bet(history: History) -> None:
    history.believes("bet", "x")


def lost_win(history: History) -> None:
    history.believes("win", "x", target="b1")


def declined_bet_acknowledged(history: History) -> None:
    history.books("bet", "x", "5000", "4")
    history.believes("bet", "x", "5000", "4")


def reversed_bet_acknowledged(history: History) -> None:
    bet = history.bet("x")
    history.books("rollback", "rx", "5", target=bet.id)


def refund_acknowledged_and_not_made(history: History) -> None:
    history.bet("x").undo = "done"
    history.believes("rollback", "rx", target="x")


def declined_and_booked(history: History) -> None:
    history.books("bet", "x")
    history.believes("bet", "x", state="failed")


def refused_win_and_paid(history: History) -> None:
    history.books("win", "x", target="b1")
    history.believes("win", "x", target="b1", state="failed")


def called_off_and_booked(history: History) -> None:
    history.books("bet", "x")
    history.believes("bet", "x", state="unknown", undo="done")


def two_bookings(history: History) -> None:
    history.bet("x")
    history.plant("acme::x~2", "bet", "-5")


def two_scopes(history: History) -> None:
    history.bet("x")
    history.plant("acme:some-scope:x", "bet", "-5")


def two_payments(history: History) -> None:
    history.win("x", "b1", "5")
    history.plant("acme::x~2", "win", "5")


def two_refunds(history: History) -> None:
    history.rollback("rx", history.bet("x"))
    history.plant("acme::rx2", "rollback", "5", target="x")


def other_amount(history: History) -> None:
    history.books("bet", "x", "4")
    history.believes("bet", "x", "5")


def nobody_sent_it(history: History) -> None:
    history.plant("acme::phantom", "win", "5")


def nobody_sent_its_refund(history: History) -> None:
    history.plant("acme::rx", "rollback", "5", target="phantom")


def after_the_tombstone(history: History) -> None:
    history.rollback("rx", history.believes("bet", "x", state="unknown"))
    history.plant("acme::x", "bet", "-5")


def after_a_tombstone_alone(history: History) -> None:
    history.books("bet", "x")
    history.sql("INSERT INTO tombstones (key, written_by) VALUES ('acme::x', 'acme::rx')")
    history.believes("bet", "x", state="failed")


def paid_instead_of_taken(history: History) -> None:
    history.believes("bet", "x")
    history.plant("acme::x", "bet", "5")


def after_a_rollback_that_left_no_tombstone(history: History) -> None:
    after_the_tombstone(history)
    history.sql("DELETE FROM tombstones")


PLANTED: dict[Callable[[History], None], tuple[Any, list[str]]] = {
    lost_bet: (5, ["lost"]),
    lost_win: (-5, ["lost"]),
    declined_bet_acknowledged: (5000, ["lost"]),
    reversed_bet_acknowledged: (5, ["lost"]),
    refund_acknowledged_and_not_made: (-5, ["lost"]),
    declined_and_booked: (-5, []),
    refused_win_and_paid: (5, []),
    called_off_and_booked: (-5, []),
    two_bookings: (-5, ["doubled"]),
    two_scopes: (-5, ["doubled"]),
    two_payments: (5, ["doubled"]),
    two_refunds: (5, ["doubled"]),
    other_amount: (1, []),
    nobody_sent_it: (5, []),
    nobody_sent_its_refund: (5, []),
    paid_instead_of_taken: (10, []),
    after_the_tombstone: (-5, ["lost", "after_tombstone"]),
    after_a_tombstone_alone: (-5, ["after_tombstone"]),
    after_a_rollback_that_left_no_tombstone: (-5, ["lost", "after_tombstone"]),
}


@pytest.mark.parametrize("spoil", PLANTED, ids=lambda spoil: spoil.__name__)
def test_money_that_differs(history: History, spoil: Callable[[History], None]) -> None:
    """The exact difference, one row that explains it, the findings that name it, and no other; the verdict is no."""
    amount, findings = PLANTED[spoil]
    spoil(history)
    audit = history.audit()
    assert sum(audit.total.values()) == amount
    assert sum(differences(audit).values()) == amount
    (row,) = audit.rows
    assert row.difference == amount
    every = ("doubled", "lost", "after_tombstone", "unresolved", "contradictions", "refused_wins", "unsound")
    assert [name for name in every if getattr(audit, name)] == sorted(findings, key=every.index)
    assert not audit.verdict
    assert str(row) in audit.report()


def test_money_on_another_players_account(history: History) -> None:
    """Both purses differ, and both rows name the transaction."""
    history.believes("bet", "x")
    history.plant("acme::x", "bet", "-5", player="4")
    audit = history.audit()
    assert differences(audit) == {EUR: Decimal(5), ("4", "EUR"): Decimal(-5)}
    assert {(row.key, row.purse) for row in audit.rows} == {("acme::x", purse) for purse in differences(audit)}
    assert not audit.verdict


def test_a_held_stake_has_left_the_balance(history: History) -> None:
    """What is held is a stake like another: it has left the player, and it is in the ledger."""
    history.books("reserve", "x")
    history.believes("bet", "x")
    audit = history.audit()
    assert audit.verdict, audit.report()


def test_two_errors_that_cancel_out_are_found(history: History) -> None:
    """The sum is zero, the verdict is no."""
    lost_bet(history)
    declined = history.believes("bet", "y", state="failed")
    history.books("bet", declined.id)
    audit = history.audit()
    assert differences(audit) == {}
    assert len(audit.rows) == 2
    assert not audit.verdict


def test_a_bet_that_was_booked_after_its_tombstone_and_taken_back_is_named(history: History) -> None:
    """No money differs any more, and still it must not have happened."""
    after_the_tombstone(history)
    history.sql("UPDATE operations SET state = 'reversed' WHERE key = 'acme::x'")
    history.plant("acme::rx2", "rollback", "5", target="x")
    audit = history.audit()
    assert differences(audit) == {}
    assert audit.after_tombstone == ["acme::x"]
    assert not audit.verdict


# -- books that are not sound in themselves

UNSOUND = {
    "a balance is not the sum of its postings": "UPDATE accounts SET balance = '1' WHERE owner = '1'",
    "a posting belongs to no operation": "DELETE FROM operations WHERE key = 'acme::b2'",
    "an operation that was declined has postings": "UPDATE operations SET state = 'declined' WHERE key = 'acme::b1'",
    "an operation moved other money than it says": "UPDATE operations SET taken = '1' WHERE key = 'acme::b1'",
    "the postings of an operation do not sum to zero": (
        "INSERT INTO postings (operation, account, units) SELECT operation, account, '-1' FROM postings LIMIT 1"
    ),
    "the postings of a currency do not sum to zero": (
        "INSERT INTO postings (operation, account, units) SELECT operation, account, '-1' FROM postings LIMIT 1"
    ),
}


@pytest.mark.parametrize("sentence", UNSOUND)
def test_the_books_own_double_entry(history: History, sentence: str) -> None:
    """Each rule is read from the postings themselves."""
    history.sql("PRAGMA foreign_keys = OFF")
    history.sql(UNSOUND[sentence])
    audit = history.audit()
    assert any(fault.startswith(sentence) for fault in audit.unsound), audit.unsound
    assert not audit.verdict


# -- what the providers know and do not know


@pytest.mark.parametrize(("state", "undo"), [("unknown", "no"), ("unknown", "wanted"), ("done", "wanted")])
def test_a_belief_that_was_never_resolved(history: History, state: str, undo: str) -> None:
    """The run ended before its provider did: no verdict, though no money differs."""
    history.believes("bet", "x", state=state, undo=undo)
    audit = history.audit()
    assert differences(audit) == {}
    assert [each.split(" ")[0] for each in audit.unresolved] == ["acme::x"]
    assert not audit.verdict


@pytest.mark.parametrize(
    ("paid", "excused", "verdict"), [(True, False, True), (False, False, False), (False, True, True)]
)
def test_a_provider_that_ran_out_of_tries(history: History, paid: bool, excused: bool, verdict: bool) -> None:
    """It is listed; a prize that the gateway delivered all the same agrees, one that never came differs."""
    history.believes("win", "x", target="b1", state="unknown", given_up=True, last="drop: seed 001")
    if paid:
        history.books("win", "x", target="b1")
    audit = history.audit(excuse_given_up=excused)
    assert len(audit.given_up) == 1
    assert audit.unresolved == []
    assert differences(audit) == ({} if paid else {EUR: Decimal(-5)})
    assert audit.verdict is verdict


@pytest.mark.parametrize("where", ["contradictions", "refused_wins"])
def test_what_the_providers_minded(history: History, where: str) -> None:
    """Answers that cannot both be true, and prizes refused for good, are enough for a no."""
    getattr(history.book, where).append("x: it is so")
    audit = history.audit()
    assert any(fault.endswith("x: it is so") for fault in audit.faults)
    assert not audit.verdict


def test_oddities_are_reported_and_do_not_decide(history: History) -> None:
    """An answer outside of the form is another test's failure."""
    history.book.oddities["bet: HTTP 502"] = 3
    audit = history.audit()
    assert audit.verdict
    assert "acme: bet: HTTP 502: 3" in audit.report()


# -- parked rows


def parked(**changes: Any) -> dict[str, Any]:
    """A parked row for the bet x."""
    return {"key": "acme::x", "player": "1", "currency": "EUR", "amount": "5.00", "kind": "bet", **changes}


@pytest.mark.parametrize(
    "row",
    [
        parked(),
        parked(key=None, id="x"),
        parked(amount=Decimal(5)),
        parked(key="acme::rx"),
        parked(key="?", target="x"),
    ],
)
def test_a_parked_row_explains_its_own_difference(history: History, row: dict[str, Any]) -> None:
    """By the wallet's key or the provider's id, of the bet or of its rollback: the difference is the parked money."""
    history.books("bet", "x")
    bet = history.believes("bet", "x", state="unknown", undo="done")
    history.believes("rollback", "rx", target=bet.id)
    audit = history.audit(row)
    assert differences(audit) == {EUR: Decimal(-5)}
    assert audit.verdict, audit.report()
    assert "1 rows, of which 1 explain" in audit.report()


@pytest.mark.parametrize(
    "row",
    [parked(key="acme::y"), parked(amount="5.01"), parked(player="4"), parked(currency="USD"), parked(key=None)],
)
def test_a_parked_row_explains_nothing_else(history: History, row: dict[str, Any]) -> None:
    """Another transaction, amount, player or currency is no explanation."""
    called_off_and_booked(history)
    assert not history.audit(row).verdict


def test_a_parked_row_explains_once_and_a_superfluous_one_is_only_counted(history: History) -> None:
    """Two bookings of one id are not excused by two parked rows; a row whose money was right changes nothing."""
    assert history.audit(parked()).verdict
    called_off_and_booked(history)
    history.books("bet", "z")
    history.believes("bet", "z", state="failed")
    assert not history.audit(parked(), parked()).verdict
    assert history.audit(parked(), parked(key="acme::z")).verdict
    assert not history.audit(parked(target="acme::z")).verdict
    history.plant("acme::x~2", "bet", "-5")
    assert not history.audit(parked(), parked(), parked(key="acme::z")).verdict


def test_an_acknowledged_bet_is_not_excused_by_parking_alone(history: History) -> None:
    """Its difference is; what else is wrong with it is not."""
    history.bet("x")
    history.plant("acme::x~2", "bet", "-5")
    audit = history.audit(parked())
    assert audit.rows[0].parked is not None
    assert [fault.split(":")[0] for fault in audit.faults] == ["two effects for one id"]


def test_a_report_is_short(history: History) -> None:
    """Twenty lines of a kind, and how many more."""
    for number in range(30):
        history.believes("bet", f"x{number}")
    assert "  and 10 more" in history.audit().report().splitlines()
    assert len(history.audit().report().splitlines()) < 75
