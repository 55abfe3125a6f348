"""`[[contract]]` entries: what is stated must be so, and every row that no answer shows must be stated."""

from pathlib import Path

import pytest

from gateway.dialect.coverage import Touched, row_paths, untouched
from gateway.dialect.problems import Problem
from tests.dialect.made import dialect
from tests.dialect.made_examples import SOUND, TABLE, loaded

HEAD, _, REST = TABLE.partition("[operations.bet.heard_as]")


def problems(folder: Path, rows: str, *entries: str) -> list[Problem]:
    """Complaints about the sound table with *rows* in its head, and the sound examples with *entries* added."""
    table = HEAD + rows + "\n[operations.bet.heard_as]" + REST
    added = "\n".join(f"[[contract]]\n{entry}" for entry in entries)
    return loaded(folder, f"{SOUND}\n{added}\n", table).run()


def told(found: list[Problem]) -> list[tuple[str, str, str]]:
    """Code, keypath and fact of each."""
    return [(one.code, ".".join(map(str, one.keypath)), one.says) for one in found]


@pytest.mark.parametrize(
    "entry",
    [
        'operations = ["bet", "win"]\nreplay_balance = "stored"',
        'operations = ["bet", "win"]\nfingerprint = ["amount", "round", "player", "currency"]',
        'operations = ["balance", "bet"]\nsession_checked = true',
        'operations = ["win", "rollback"]\nsession_checked = false',
        'operations = ["rollback"]\ntargets = ["bet"]',
        'operations = ["bet"]\nreverse_unknown = false',
        'operations = ["bet"]',
    ],
)
def test_what_is_so_holds(entry: str, tmp_path: Path) -> None:
    """Of several operations, in any order, and only what is stated; defaults may be stated too."""
    assert problems(tmp_path, "", entry) == []


@pytest.mark.parametrize(
    ("entry", "key", "says"),
    [
        ('replay_balance = "fresh"', "replay_balance", 'replay_balance of operation "bet" is "stored"'),
        ('fingerprint = ["amount"]', "fingerprint",
         'fingerprint of operation "bet" is ["player", "round", "currency", "amount"]'),
        ("session_checked = false", "session_checked", 'session_checked of operation "bet" is true'),
        ('targets = ["win"]', "targets", 'targets of operation "bet" is ["bet"]'),
        ("reverse_unknown = true", "reverse_unknown", 'reverse_unknown of operation "bet" is false'),
    ],
)  # fmt: skip
def test_what_is_not_so(entry: str, key: str, says: str, tmp_path: Path) -> None:
    """GW401 at the key, with what the table really has."""
    found = problems(tmp_path, "", f'operations = ["bet"]\n{entry}')
    assert told(found) == [("GW401", f"contract.0.{key}", says)]


def test_an_operation_that_the_table_lacks(tmp_path: Path) -> None:
    """GW105 at the list, and the others are compared all the same."""
    found = problems(tmp_path, "", 'operations = ["bett", "bet"]\nreplay_balance = "fresh"')
    assert [(code, at) for code, at, _ in told(found)] == [
        ("GW105", "contract.0.operations"), ("GW401", "contract.0.replay_balance"),
    ]  # fmt: skip


def test_a_choice_has_its_own_contract(tmp_path: Path) -> None:
    """`options` of an entry: the table with that choice."""
    rows = '[options.told]\nwhy = "a test"\ndefault = "then"\nchoices.then = {}\n'
    rows += 'choices.now = { replay_balance = { bet = "fresh" } }\n'
    entries = [
        f'operations = ["bet"]\noptions.told = "{choice}"\nreplay_balance = "{word}"'
        for choice, word in (("then", "stored"), ("now", "fresh"))
    ]
    assert problems(tmp_path, rows, *entries) == []
    assert [one.code for one in problems(tmp_path, rows, entries[0].replace("then", "now"))] == ["GW401"]


@pytest.mark.parametrize(
    ("rows", "row", "entry"),
    [
        ('replay_balance = { bet = "fresh" }', "replay_balance.bet", 'operations = ["bet"]\nreplay_balance = "fresh"'),
        ('replay_balance = { default = "fresh" }', "replay_balance.default",
         'operations = ["win"]\nreplay_balance = "fresh"'),
        ('fingerprint = { bet = ["amount"] }', "fingerprint.bet", 'operations = ["bet"]\nfingerprint = ["amount"]'),
        ('operations.rollback.targets = ["bet"]', "operations.rollback.targets",
         'operations = ["rollback"]\ntargets = ["bet"]'),
        ("operations.bet.reverse_unknown = false", "operations.bet.reverse_unknown",
         'operations = ["bet"]\nreverse_unknown = false'),
    ],
)  # fmt: skip
def test_a_row_that_no_entry_states(rows: str, row: str, entry: str, tmp_path: Path) -> None:
    """GW404 until an entry of the operation states that key; another operation's, or another key, is not enough."""
    missing = [("GW404", row, f"no example touches this row: {row}")]
    assert told(problems(tmp_path, rows)) == missing
    assert told(problems(tmp_path, rows, 'operations = ["balance"]\nsession_checked = true')) == missing
    assert problems(tmp_path, rows, entry) == []


def test_sessions_are_stated_of_every_operation(tmp_path: Path) -> None:
    """The list is about those it leaves out as well."""
    rows = 'session_checked = ["bet"]'
    stopped = 'operations = ["bet"]\nsession_checked = true'
    found = told(problems(tmp_path, rows, stopped, 'operations = ["win", "rollback"]\nsession_checked = false'))
    assert found == [("GW404", "session_checked", 'no example says whether a dead session stops operation "balance"')]
    others = 'operations = ["win", "rollback", "balance"]\nsession_checked = false'
    assert problems(tmp_path, rows, stopped, others) == []


def test_what_nobody_states_needs_no_entry() -> None:
    """Defaults are the language's, not the table's."""
    made = dialect()
    rows = set(row_paths(made.tree.data))
    assert untouched(made, Touched(set(made.variants), set(), rows)) == []
