"""Certainty: what each word of the wallet makes of a row with a history, cell by cell."""

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.weighing import Weighed, about_its_target, in_doubt, sole_attempt, status_weighed, weighed
from gateway.journal.states import DONE, Row, State

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
BROKE, BUSY, UNKNOWN = Outcome.INSUFFICIENT_FUNDS, Outcome.BUSY, Outcome.UNKNOWN
ROLLED_BACK, NEVER, NOTHING = Outcome.ALREADY_ROLLED_BACK, Outcome.TRANSACTION_NOT_FOUND, Outcome.NOTHING_TO_DO
NOT_BELIEVED = Weighed(State.UNKNOWN, UNKNOWN, proved=False)


def row(operation: Operation = BET, state: State = State.CLAIMED, *, heard: bool = False) -> Row:
    """A row of it; *heard*: the provider knows that it was applied."""
    return Row("k", "acme", "t", operation, state=state, told=frozenset({DONE}) if heard else None)


CELLS = {
    "a yes to what has no row is said as it is": (None, Outcome.OK, Weighed(State.APPLIED, Outcome.OK)),
    "also where it was done before": (None, Outcome.ALREADY_DONE, Weighed(State.APPLIED, Outcome.ALREADY_DONE)),
    "a yes": (row(), Outcome.OK, Weighed(State.APPLIED, Outcome.OK)),
    "the first yes that is heard is no repetition": (row(), Outcome.ALREADY_DONE, Weighed(State.APPLIED, Outcome.OK)),
    "a second one is": (row(heard=True), Outcome.OK, Weighed(State.APPLIED, Outcome.ALREADY_DONE)),
    "no word about it": (row(), UNKNOWN, Weighed(State.UNKNOWN, UNKNOWN)),
    "still at it": (row(), Outcome.IN_PROGRESS, Weighed(State.UNKNOWN, Outcome.IN_PROGRESS)),
    "a refusal for good": (row(), BROKE, Weighed(State.DECLINED, BROKE)),
    "a refusal for now": (row(), BUSY, Weighed(State.OPEN, BUSY)),
    "a refusal of what has no row": (None, BROKE, Weighed(State.DECLINED, BROKE)),
    "a refusal of a bet in doubt": (row(state=State.UNKNOWN), BROKE, NOT_BELIEVED),
    "a refusal of a bet that was applied": (row(state=State.APPLIED), BROKE, NOT_BELIEVED),
    "a refusal of a win in doubt": (row(WIN, State.UNKNOWN), ROLLED_BACK, NOT_BELIEVED),
    "a refusal of a rollback in doubt": (row(ROLLBACK, State.UNKNOWN), BROKE, NOT_BELIEVED),
    "a bet in doubt was rolled back": (row(state=State.UNKNOWN), ROLLED_BACK, Weighed(State.BURIED, ROLLED_BACK)),
    "a bet was rolled back": (row(), ROLLED_BACK, Weighed(State.BURIED, ROLLED_BACK)),
    "never seen, of a bet in doubt": (row(state=State.UNKNOWN), NEVER, NOT_BELIEVED),
    "nothing to undo": (row(ROLLBACK, State.UNKNOWN), NOTHING, Weighed(State.DECLINED, NOTHING)),
    "no target": (row(ROLLBACK, State.UNKNOWN), NEVER, Weighed(State.DECLINED, NEVER)),
    "undone already": (row(ROLLBACK, State.UNKNOWN), ROLLED_BACK, Weighed(State.DECLINED, ROLLED_BACK)),
    "paid already": (
        row(ROLLBACK, State.UNKNOWN), Outcome.ALREADY_SETTLED, Weighed(State.DECLINED, Outcome.ALREADY_SETTLED),
    ),
}  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_a_word_is_weighed(cell: str) -> None:
    """Against what was known before it."""
    before, heard, expected = CELLS[cell]
    assert weighed(before, heard) == expected


def test_in_doubt_is_what_was_perhaps_or_surely_applied() -> None:
    """Nothing else, and never what has no row."""
    assert {state for state in State if in_doubt(row(state=state))} == {State.UNKNOWN, State.APPLIED}
    assert not in_doubt(None)


def test_words_about_a_target() -> None:
    """The rest speaks of the attempt."""
    about = {outcome for outcome in Outcome if about_its_target(outcome)}
    assert about == {ROLLED_BACK, NOTHING, NEVER, Outcome.ALREADY_SETTLED}


@pytest.mark.parametrize(("landed", "sole"), [(True, True), (True, False), (False, True), (False, False)])
def test_what_became_of_a_key(landed: bool, sole: bool) -> None:
    """Never seen is absence once the call has landed; declined, too, if no other attempt can be meant."""
    words = (Outcome.OK, NOTHING, ROLLED_BACK, NEVER, BUSY)
    assert {heard: status_weighed(heard, landed=landed, sole=sole) for heard in words} == {
        Outcome.OK: Weighed(State.APPLIED, Outcome.OK),
        NOTHING: Weighed(State.OPEN if landed or sole else None, UNKNOWN),
        ROLLED_BACK: Weighed(State.REVERSED, ROLLED_BACK),
        NEVER: Weighed(State.OPEN if landed else None, UNKNOWN),
        BUSY: Weighed(None, UNKNOWN),
    }


def test_a_record_is_of_one_attempt_where_only_one_left_or_the_key_counts_once() -> None:
    """A wallet that judges each attempt anew may have declined the first, and the second is still on its way."""
    counts_twice, once = frozenset({"status"}), frozenset({"status", "idempotent"})
    assert [sole_attempt(replace(row(), sent=sent), counts_twice) for sent in (0, 1, 2)] == [True, True, False]
    assert sole_attempt(replace(row(), sent=2), once)
