"""Compiling the retry contract: for how long a provider repeats, what makes a repeat another call, what it is told.

Rows are by the table's own operation names, with "default" for the others; what a table does not state is said here.
"""

from collections.abc import Mapping

from gateway.canon.calls import AMOUNTS, CALL_FIELDS
from gateway.canon.operations import REVERSALS, SESSION_CHECKED, Operation
from gateway.dialect.compiler.layers import Tree
from gateway.dialect.requestform import RequestForm

#: What makes the same id another call where the table does not say: whose money, of which round and bet, and how much.
CONTENT = frozenset({"player", "reference", "round", "currency"}) | AMOUNTS


def retry_spans(tree: Tree) -> Mapping[str, int]:
    """Seconds by operation; 0 is one try, and what nobody repeats is tried once (the proofs hold tables to that)."""
    return {"default": 0, **tree.section("retry_span_s")}


def replay_balances(tree: Tree) -> Mapping[str, str]:
    """ "stored" (the balance told then) or "fresh" (the balance of now) by operation."""
    return {"default": "stored", **tree.section("replay_balance")}


def fingerprint(tree: Tree, form: RequestForm) -> tuple[str, ...]:
    """The fields of *form* that a repeat must share, in the order of canon's list of fields.

    A shared row counts as far as the operation has its fields. A reversal's amount never counts: what was booked
    decides, whatever the message states.
    """
    rows = tree.section("fingerprint")
    own = rows.get(form.name)
    stated = set(rows.get("default", CONTENT) if own is None else own)
    if form.operation in REVERSALS:
        stated -= AMOUNTS
    return tuple(name for name in CALL_FIELDS if name in stated & form.given)


def session_checked(tree: Tree) -> frozenset[Operation]:
    """The operations that a dead session stops."""
    stated = tree.get("session_checked")
    return SESSION_CHECKED if stated is None else frozenset(map(Operation, stated))
