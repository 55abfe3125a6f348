"""The retry contract of `gateway describe`: what an operator asks when a bet hangs."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from gateway.canon.operations import DEBITS, REVERSALS, Operation
from gateway.dialect.requestform import RequestForm
from gateway.dialect.shelf import Shelf
from tests.cli.conftest import Gateway


def section(out: str, heading: str) -> list[list[str]]:
    """The lines below a heading, each in its cells."""
    lines = out.split(f"\n{heading}\n")[1].split("\n\n")
    text = lines[0] if "─" in lines[0] or len(lines) == 1 else f"{lines[0]}\n{lines[1]}"
    return [[cell.strip() for cell in line.split("   ") if cell.strip()] for line in text.splitlines()]


def forms(name: str) -> Iterable[RequestForm]:
    """The operations of a shipped table."""
    return Shelf().dialect(name).variants.values()


@pytest.mark.parametrize("name", [name for name in Shelf().names if Shelf().dialect(name).variants])
def test_every_dialect_tells_its_contract(gateway: Gateway, name: str) -> None:
    """Each money operation has its line, each debit its way back, each reversal its targets."""
    out = gateway("describe", name).out
    for heading in ("The same id again", "Sessions and rollbacks"):
        assert f"\n{heading}\n" in out
    debits = any(form.operation in DEBITS for form in forms(name))
    assert ("\nA debit in doubt\n" in out) == debits
    ordered = any(form.operation in REVERSALS or form.operation is Operation.WIN for form in forms(name))
    assert ("\nOut of order\n" in out) == ordered
    assert "\nMemory that must survive a restart\n" in out


def test_what_a_message_may_lack(gateway: Gateway) -> None:
    """An id, an amount, a hold: what becomes of each."""
    out = gateway("describe", "abstrapay").out
    for line in (
        "deposit without its amount: written down, HTTP 503, and a human",
        "withdraw_request without an id: for 45 s the same message is a repeat",
        "withdraw_complete without a hold of that id: the oldest that fits, else a forced debit and an alert",
    ):
        assert f"\n  - {line}\n" in out


def test_deadlines_and_spans(gateway: Gateway) -> None:
    """How long the provider waits and repeats; one try is said in words."""
    rows = section(gateway("describe", "scorpio").out, "Deadlines and retries")
    assert ["bet", "3000 ms", "one try"] in rows
    assert ["win", "4000 ms", "15 s"] in rows


def test_a_span_that_nobody_states(gateway: Gateway, tmp_path: Path) -> None:
    """Of a read it may be missing, and the page says so."""
    table = 'dialect = "made"\nextends = "scorpio"\nwithout = ["retry_span_s.balance"]\n'
    (tmp_path / "made.toml").write_text(table)
    rows = section(gateway("describe", "made", "--tables", tmp_path).out, "Deadlines and retries")
    assert ["balance", "4000 ms", "not stated"] in rows


def test_the_same_id_again(gateway: Gateway) -> None:
    """What a repeat hears, with which balance, what makes it another call, and what that hears."""
    rows = section(gateway("describe", "scorpio").out, "The same id again")
    assert ["bet", '"OK"', "the balance of now", "player, round, currency, amount", '"ERR_UNKNOWN"'] in rows
    assert ["rollback", '"OK"', "the balance of now", "player, reference, round, currency", '"ERR_UNKNOWN"'] in rows
    rows = section(gateway("describe", "evenbet").out, "The same id again")
    assert ["win", "(success)", "the balance told then", "player, round, currency, amount", "400"] in rows


def test_a_repeat_without_a_balance(gateway: Gateway, tmp_path: Path) -> None:
    """A repeat whose own shape shows none, and an operation that never shows one."""
    table = (
        'dialect = "made"\nextends = "155io"\n[operations.bet.answers.already_done]\nbody = \'{"status": "$code"}\'\n'
    )
    table += '[operations.win.answers.done]\nbody = \'{"status": "$code"}\'\n'
    (tmp_path / "made.toml").write_text(table)
    out = gateway("describe", "made", "--tables", tmp_path, "--format", "markdown").out
    told = "no balance; after a lost answer, success with the balance told then"
    assert f'| bet | "DUPLICATE_TRANSACTION_ERROR" | {told} |' in out
    assert '| win | "SUCCESS" | no balance |' in out


def test_a_debit_in_doubt(gateway: Gateway, tmp_path: Path) -> None:
    """The provider first; we at the horizon, or before we answer where the provider never comes back."""
    rows = section(gateway("describe", "evenbet").out, "A debit in doubt")
    assert ["bet", "900: retries", "retries", "after 10800 s, by rollback"] in rows
    table = 'dialect = "made"\nextends = "scorpio"\n[operations.bet]\nreverse_unknown = true\n'
    table += '[effects.bet]\nsilent = ["ERR_UNKNOWN"]\n'
    (tmp_path / "made.toml").write_text(table)
    rows = section(gateway("describe", "made", "--tables", tmp_path).out, "A debit in doubt")
    assert ["bet", '"ERR_UNKNOWN": silent', "rolls_back", "before we answer, by rollback"] in rows


def test_out_of_order(gateway: Gateway) -> None:
    """The rollback of an id never seen, a second one, a bet that comes after it."""
    rows = section(gateway("describe", "scorpio").out, "Out of order")
    assert ["rollback of an id never seen", '"ERR_TRANSACTION_DOES_NOT_EXIST"', "final"] in rows
    assert ["rollback, a second one", '"ERR_TRANSACTION_ROLLED_BACK"', "final"] in rows
    assert ["bet after its own rollback", '"ERR_UNKNOWN"', "rolls_back"] in rows
    assert ["rollback of an id never seen", '"SUCCESS"', "done"] in section(
        gateway("describe", "155io").out, "Out of order"
    )


def test_sessions_and_rollbacks(gateway: Gateway) -> None:
    """By the table's own names, as far as they have a session at all."""
    assert "A dead session stops: nothing." in gateway("describe", "scorpio").out
    out = gateway("describe", "evenbet").out
    assert "A dead session stops: authenticate, balance, bet." in out
    assert "  - rollback may undo: bet, win" in out


def test_why_a_journal_is_needed(gateway: Gateway) -> None:
    """Each row that asks for it, with its place; or that none does."""
    assert 'operation "bet" recalls player and currency by session' in gateway("describe", "evenbet").out
    assert 'None: durability = "off" is possible' in gateway("describe", "155io").out


def test_a_dialect_that_moves_no_money(gateway: Gateway) -> None:
    """Nothing to repeat, nothing to take back."""
    out = gateway("describe", "row_untouched", "--tables", "tests/refusals").out
    assert "Nothing is rolled back by the provider." in out
    for heading in ("The same id again", "A debit in doubt", "Out of order"):
        assert heading not in out
