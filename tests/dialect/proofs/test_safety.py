"""No answer of any operation can make a provider do the unsafe thing: the rules over every operation there is."""

from pathlib import Path

import pytest

from gateway.canon.operations import CREDITS, DEBITS, MONEY, REVERSALS, Operation
from gateway.canon.outcomes import CAN_OCCUR, TRANSIENT, Moved, Outcome
from gateway.dialect.problems import Problem
from gateway.dialect.shelf import Shelf
from gateway.dialect.source import Source

HEAD = """dialect = "made"
deadline_ms = { default = 4000 }
retry_span_s = { default = 60 }
[request]
fields = { player = "body.player", currency = "body.currency" }
signature = { scheme = "none" }
[money]
form = "text"
"""
FIELDS = """fields = { transaction = "body.id", reference = "body.ref", amount = "body.amount", bet_amount = "body.b",
  win_amount = "body.w" }""".replace("\n ", "")
#: An update of a payment has all that tells it from another one.
UPDATE = """fields = { reference = "body.ref", amount = "body.amount", state = "body.state", time = "body.time" }
set.kind = "payin"
derive.transaction = "{kind}:{reference}:{state}\""""
PAYMENTS = """[payments]
order_by = "time"
unlisted = "unknown"
states = { succeeded = "PAID" }
"""

REVERSED = "reverse_unknown = true\n"


def words(operation: Operation, changed: dict[Outcome, str]) -> dict[Outcome, str]:
    """A word for every outcome: done, final or come back; *changed* says some of them otherwise."""
    come_back = {outcome for outcome in Outcome if outcome.moved is Moved.UNKNOWN or outcome in TRANSIENT}
    said = {outcome: "BACK" if outcome in come_back else "NO" for outcome in Outcome}
    said |= {Outcome.OK: "YES", Outcome.ALREADY_DONE: "YES", Outcome.NOTHING_TO_DO: "YES"}
    return said | changed


def complaints(
    root: Path, operation: Operation, changed: dict[Outcome, str], back: str = "retries", more: str = ""
) -> list[Problem]:
    """What is said of a table of one operation: YES is done, NO final, BACK has the effect *back*; *more*: its rows."""
    ends = {"YES": Outcome.OK, "NO": Outcome.REQUEST_INVALID, "BACK": Outcome.UNKNOWN}
    occurring = CAN_OCCUR[operation]
    said = words(operation, changed)
    rows = {
        end: [o for o in Outcome if said[o] == word and o in occurring and o is not end] for word, end in ends.items()
    }
    payment = operation is Operation.PAYMENT_UPDATE
    text = HEAD + f'[operations.{operation}]\npath = "/x"\n{UPDATE if payment else FIELDS}\n{more}'
    text += (PAYMENTS if payment else "") + '[answers]\nbody = \'{"code": "$code"}\'\n[codes]\n'
    text += "".join(f'{end} = "{word}"\n' for word, end in ends.items())
    text += "[said_as]\n" + "".join(f"{end} = {[str(o) for o in row]}\n" for end, row in rows.items() if row)
    text += f'[effects]\n{back} = ["BACK", {{ http = 500 }}, {{ no_answer = true }}]\n'
    return Shelf(root / "tests" / "refusals" / "base").check(Source("made.toml", text))


@pytest.mark.parametrize("operation", sorted(MONEY))
def test_the_plain_answers_are_safe(operation: Operation, root: Path) -> None:
    """Doubt and passing trouble said with a repeated word, everything else with a final one: no complaint."""
    assert complaints(root, operation, {}) == []


@pytest.mark.parametrize("operation", sorted(MONEY))
@pytest.mark.parametrize("outcome", [Outcome.IN_PROGRESS, Outcome.WALLET_FAILED, Outcome.BUSY, Outcome.INTERNAL_ERROR])
def test_what_may_still_succeed_is_never_ended(operation: Operation, outcome: Outcome, root: Path) -> None:
    """A doubt is never final; passing trouble ends nothing but a debit."""
    codes = {one.code for one in complaints(root, operation, {outcome: "NO"})} - {"GW307"}
    if outcome is Outcome.IN_PROGRESS:
        assert codes == {"GW301" if operation in DEBITS else "GW302"}
    else:
        assert codes == (set() if operation in DEBITS else {"GW303"})


@pytest.mark.parametrize("operation", sorted(MONEY))
def test_nothing_that_did_not_move_is_done(operation: Operation, root: Path) -> None:
    """Each outcome without movement, said as a success, is refused, but where there is nothing to undo."""
    undo = {Outcome.ALREADY_ROLLED_BACK, Outcome.TRANSACTION_NOT_FOUND} if operation in REVERSALS else set()
    for outcome in CAN_OCCUR[operation] - {Outcome.REQUEST_INVALID, Outcome.UNKNOWN}:
        expected = outcome.moved is not Moved.YES and outcome not in undo | {Outcome.NOTHING_TO_DO}
        found = {one.code for one in complaints(root, operation, {outcome: "YES"})}
        assert ("GW305" in found) == expected, outcome


@pytest.mark.parametrize("operation", sorted(MONEY))
def test_what_moved_is_never_refused(operation: Operation, root: Path) -> None:
    """A repeat said with a refusal is refused, but of a debit that is then repeated or rolled back."""
    assert "GW306" in {one.code for one in complaints(root, operation, {Outcome.ALREADY_DONE: "NO"})}
    back = {one.code for one in complaints(root, operation, {Outcome.ALREADY_DONE: "BACK"})}
    assert ("GW306" in back) == (operation not in DEBITS)


@pytest.mark.parametrize("operation", sorted(CREDITS | REVERSALS))
def test_only_a_repeat_finishes_a_credit(operation: Operation, root: Path) -> None:
    """A rollback does not: a win in doubt is never taken back."""
    assert {one.code for one in complaints(root, operation, {}, "rolls_back")} >= {"GW302", "GW303", "GW307"}
    assert "GW304" in {one.code for one in complaints(root, operation, {Outcome.PLAYER_BLOCKED: "BACK"})}


@pytest.mark.parametrize("operation", sorted(DEBITS))
def test_our_own_reversal_makes_a_final_doubt_safe(operation: Operation, root: Path) -> None:
    """A debit whose every doubt ends it, silence and HTTP errors included, is safe once we take it back ourselves."""
    for effect in ("final", "silent"):
        assert {one.code for one in complaints(root, operation, {}, effect)} == {"GW301"}
        assert complaints(root, operation, {}, effect, REVERSED) == []
    assert {one.code for one in complaints(root, operation, {Outcome.IN_PROGRESS: "NO"})} == {"GW301"}
    assert complaints(root, operation, {Outcome.IN_PROGRESS: "NO"}, more=REVERSED) == []


@pytest.mark.parametrize("operation", sorted(DEBITS))
def test_our_own_reversal_is_asked_for_where_it_is_needed(operation: Operation, root: Path) -> None:
    """Where the provider comes back after every doubt the row is dead; a doubt taken as done is never excused."""
    for effect in ("retries", "rolls_back"):
        (one,) = complaints(root, operation, {}, effect, REVERSED)
        assert (one.code, one.keypath) == ("GW203", ("operations", str(operation), "reverse_unknown"))
    assert "GW305" in {one.code for one in complaints(root, operation, {}, "done", REVERSED)}
    assert "GW305" in {one.code for one in complaints(root, operation, {Outcome.IN_PROGRESS: "YES"}, "final", REVERSED)}


@pytest.mark.parametrize("operation", sorted(MONEY - DEBITS))
def test_only_a_debit_is_taken_back_by_us(operation: Operation, root: Path) -> None:
    """GW123 on everything else, and the doubt stays what it was."""
    assert [one.code for one in complaints(root, operation, {}, more=REVERSED)] == ["GW123"]
    assert {one.code for one in complaints(root, operation, {}, "silent", REVERSED)} >= {"GW123", "GW302"}
