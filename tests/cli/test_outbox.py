"""`gateway outbox` beside a gateway that serves: what is to be done, and a human's hand in it, confirmed, audited."""

import getpass
import json
import socket
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.cli.outbox import totals
from gateway.journal.states import Row, State, Step
from tests.cli.served import Asked, Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One gateway for this file; each test has transactions of its own."""
    with Served(tmp_path_factory.mktemp("served")) as one:
        yield one


@pytest.fixture
def silent(served: Served) -> Iterator[Served]:
    """The same with a wallet that says nothing, until the test is over."""
    served.mood("silent")
    yield served
    served.mood(None)


def listed(served: Served, *words: str) -> tuple[int, list[dict[str, Any]], list[dict[str, Any]]]:
    """`outbox list --json`: exit code, rows, totals."""
    code, out, err = served.run("outbox", "list", "--json", *words)
    assert err == ""
    found = json.loads(out)
    return code, found["rows"], found["totals"]


def named(served: Served, key: str, *words: str) -> dict[str, Any] | None:
    """One row of the list."""
    return next((row for row in listed(served, *words)[1] if row["key"] == key), None)


def parked_win(served: Served, name: str) -> str:
    """A win of a bet that was declined: parked at once, since no machine may pay it. Its key."""
    assert served.send("bet", f"{name}-bet", amount="900000.00", round=name) == "insufficient_funds"
    served.send("win", name, amount="3.00", round=name)
    served.until(name, lambda row: row["parked"] is not None and row["telling"] is None)
    return f"acme::{name}"


def test_a_parked_row_is_resolved_with_two_hands(served: Served) -> None:
    """Listed, exit 1; without the right confirmation nothing changes; once resolved it is gone, and audited."""
    key = parked_win(served, "gone")
    code, rows, totals = listed(served, "--parked")
    assert code == 1
    row = next(row for row in rows if row["key"] == key)
    assert row["parked"] == "a win names a bet that was declined or undone"
    assert {"currency": "EUR", "operation": "win", "parked": {"rows": 1, "money": "3.00"},
            "armed": {"rows": 0, "money": "0"}} in totals  # fmt: skip
    words = ("outbox", "resolve", key, "--as", "declined", "--reason", "the bet never was")
    code, out, err = served.run(*words)
    assert (code, out) == (2, "")
    assert err == "gateway: money is changed by two hands: say --confirm gone as well\n"
    code, out, err = served.run(*words, "--confirm", "gone ")
    assert (code, out) == (2, "")
    assert "not confirmed" in err
    assert served.found("gone")[0]["parked"] == row["parked"]
    assert served.run("outbox", "audit", key)[1] == "No human has done anything yet.\n"
    code, out, err = served.run(*words, "--confirm", "gone", "--who", "ann@desk")
    assert (code, err) == (0, "")
    assert out == f"{key}: resolved as declined; the wallet's side is declined, next: nothing\n"
    assert named(served, key) is None
    after = served.found("gone")[0]
    assert (after["parked"], after["history"][-1]["what"]) == (None, "resolved by hand")
    (audit,) = json.loads(served.run("outbox", "audit", key, "--json")[1])
    assert (audit["who"], audit["action"], audit["reason"]) == ("ann@desk", "resolve declined", "the bet never was")
    assert served.run("journal", "check") == (0, "sound\n", "")


def test_park_and_retry_while_a_wallet_is_silent(silent: Served) -> None:
    """An armed bet is parked between two of our own tries, stays so, and goes on where it was after a retry."""
    key = "acme::park-1"
    assert silent.send("bet", "park-1", amount="2.50", round="r-park") == "unknown"
    row = silent.until("park-1", lambda row: row["step"] == "ask")
    assert named(silent, key) is not None
    assert named(silent, key, "--parked") is None
    code, out, err = silent.run("outbox", "park", key, "--reason", "ask them first", "--confirm", "park-1")
    assert (code, err) == (0, "")
    assert out == f"{key}: parked; the wallet's side is unknown, next: nothing: it is parked for a human\n"
    row = silent.found("park-1")[0]
    assert (row["parked"], row["step"]) == ("by hand: ask them first", None)
    code, _, err = silent.run("outbox", "park", key, "--reason", "again", "--confirm", "park-1")
    assert (code, err) == (1, f"gateway: {key}: it is parked already: by hand: ask them first\n")
    silent.mood(None)
    code, _, err = silent.run("outbox", "retry", key, "--reason", "it speaks again", "--confirm", "park-1")
    assert (code, err) == (0, "")
    assert silent.until("park-1", lambda row: row["step"] is None)["state"] == "open"
    audits = json.loads(silent.run("outbox", "audit", key, "--json")[1])
    me = f"{getpass.getuser()}@{socket.gethostname()}"
    assert [(one["who"], one["action"]) for one in audits] == [(me, "park"), (me, "retry")]


def test_on_a_terminal_the_transaction_is_asked_for(served: Served) -> None:
    """The operation is shown, and its transaction id must be typed; another word changes nothing."""
    key = parked_win(served, "typed")
    words = ("outbox", "resolve", key, "--as", "declined", "--reason", "never was")
    with Asked(served, *words) as asked:
        asked.until("To resolve it, type its transaction id: ")
        code, out, err = asked.type("yes")
    assert code == 2
    assert "a win names a bet that was declined or undone" in out
    assert f'not confirmed: "yes" is not the transaction id of {key}; nothing was changed' in err
    assert served.found("typed")[0]["parked"] is not None
    with Asked(served, *words) as asked:
        asked.until("type its transaction id: ")
        code, out, err = asked.type("typed")
    assert (code, err) == (0, "")
    assert out.endswith(f"{key}: resolved as declined; the wallet's side is declined, next: nothing\n")
    assert served.found("typed")[0]["parked"] is None


def test_what_has_moved_on_meanwhile_is_left_alone(silent: Served) -> None:
    """Between looking and typing the wallet spoke: refused with what it is now, and no audit row."""
    key = "acme::moved-1"
    assert silent.send("bet", "moved-1", amount="2.50", round="r-moved") == "unknown"
    silent.until("moved-1", lambda row: row["step"] == "ask")
    with Asked(silent, "outbox", "park", key, "--reason", "look at it") as asked:
        asked.until("type its transaction id: ")
        silent.mood(None)
        silent.until("moved-1", lambda row: row["step"] is None)
        code, _, err = asked.type("moved-1")
    assert code == 1
    assert f"{key} has moved on since you looked: it is open, nothing to come; nothing was changed" in err
    assert silent.run("outbox", "audit", key)[1] == "No human has done anything yet.\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("retry", "{win}", "--reason", "x", "--confirm", "{name}"), "nothing to try, it is declined; resolve it"),
        (("park", "{bet}", "--reason", "x", "--confirm", "{name}-bet"), "nothing is to be done about it: it is dec"),
        (("resolve", "{bet}", "--as", "applied", "--reason", "x", "--confirm", "{name}-bet"), "only what is parked"),
        (("retry", "{bet}", "--reason", "x", "--confirm", "{name}-bet"), "only what is parked can be retried"),
        (("show", "{name}"), "the journal has no operation"),
        (("park", "{name}", "--reason", "x", "--confirm", "{name}"), "the journal has no operation"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(served: Served, words: tuple[str, ...], says: str) -> None:
    """Exit code 1, one sentence, nothing changed."""
    name = f"sense-{words[0]}-{len(words[1])}-{len(words)}"
    win = parked_win(served, name)
    before = served.found(name)
    known = {"name": name, "win": win, "bet": f"{win}-bet"}
    code, out, err = served.run("outbox", *(word.format(**known) for word in words))
    assert (code, out) == (1, "")
    assert says in err
    assert served.found(name) == before


def test_an_empty_reason_is_none(served: Served) -> None:
    """Misuse, before anything is looked at."""
    code, out, err = served.run("outbox", "park", "acme::first", "--reason", "  ", "--confirm", "first")
    assert (code, out) == (2, "")
    assert "--reason: say why" in err


def test_the_list_for_people(silent: Served) -> None:
    """Key, money, what is due and why; totals by currency and operation; other accounts are left out when asked."""
    assert silent.send("bet", "list-1", amount="2.25", round="r-list") == "unknown"
    parked_win_was = parked_win_of_before(silent)
    code, out, _ = silent.run("outbox", "list", "--account", "acme")
    line = next(line for line in out.splitlines() if line.startswith("acme::list-1 "))
    assert "2.25 EUR   unknown" in line
    assert "ask the wallet what became of it" in line
    assert code == (1 if parked_win_was else 0)
    assert silent.run("outbox", "list", "--account", "marbles")[:2] == (0, "Nothing is to be done.\n")
    code, out, err = silent.run("outbox", "show", "acme::list-1")
    assert (code, err) == (0, "")
    assert out.startswith("bet list-1: unknown\n")


def parked_win_of_before(served: Served) -> bool:
    """Does something of another test of this file still stand parked?"""
    return any(row["parked"] for row in listed(served)[1])


def test_metrics_follow_the_journal(silent: Served) -> None:
    """Rows by state, steps to come, parked rows: a few seconds after it happened."""
    parked_win_key = "metrics"
    silent.mood(None)
    parked_win(silent, parked_win_key)
    silent.mood("silent")
    assert silent.send("bet", "metrics-1", amount="1.00", round="r-metrics") == "unknown"

    def value(name: str) -> float:
        lines = silent.page("/metrics").splitlines()
        return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} "))

    def told(row: dict[str, Any]) -> bool:
        parked = sum(row["parked"] is not None for row in listed(silent)[1])
        return (
            value('gateway_journal_rows{state="unknown"}') >= 1
            and value('gateway_outbox_rows{step="ask"}') >= 1
            and value("gateway_outbox_parked_rows") == parked >= 1
        )

    silent.until("metrics-1", told)
    assert value("gateway_journal_commits_total") > 10
    assert value('gateway_journal_wait_seconds_count{wish="claim"}') >= 2
    assert value("gateway_journal_unavailable") == 0


def test_totals_are_exact_and_apart() -> None:
    """By currency and operation, stake and payout apart, parked and armed apart; nothing is rounded, however long."""

    def row(number: int, operation: Operation, parked: str | None = None, **amounts: str) -> Row:
        facts: dict[str, Any] = {name: Decimal(value) for name, value in amounts.items()}
        call = Call(operation, currency="EUR" if number < 5 else "BTC", **facts)
        step = None if parked else Step.ASK
        return Row(
            f"a::{number}", "a", str(number), operation, call=call, state=State.UNKNOWN, parked=parked, step=step
        )

    huge, tiny = "1" + "0" * 38, "0." + "0" * 37 + "1"
    rows = [
        row(1, Operation.BET, amount=huge),
        row(2, Operation.BET, amount=tiny),
        row(3, Operation.BET, "why", amount="0.10"),
        row(4, Operation.BET_WIN, "why", bet_amount="1.00", win_amount="2.00"),
        row(5, Operation.WIN, amount="0.00000001"),
        Row("a::6", "a", "6", state=State.BURIED, parked="why"),
    ]
    assert totals(rows) == [
        ("-", "-", 1, Decimal(0), 0, Decimal(0)),
        ("BTC", "win", 0, Decimal(0), 1, Decimal("0.00000001")),
        ("EUR", "bet", 1, Decimal("0.10"), 2, Decimal(huge + tiny[1:])),
        ("EUR", "bet_win payout", 1, Decimal("2.00"), 0, Decimal(0)),
        ("EUR", "bet_win stake", 1, Decimal("1.00"), 0, Decimal(0)),
    ]
