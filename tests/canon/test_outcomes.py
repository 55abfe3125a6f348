"""The closed lists of operations and outcomes, and the matrix that every proof runs over."""

import pytest

from gateway.canon.operations import (
    CREDITS,
    DEBITS,
    FACTS,
    MONEY,
    READS,
    REVERSALS,
    SESSION_CHECKED,
    Operation,
)
from gateway.canon.outcomes import CAN_OCCUR, DONE_CLASS, OUR_FAULT, TRANSIENT, UNREAD, Moved, Outcome


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_says_what_it_means(outcome: Outcome) -> None:
    """A sentence for people, a word for tables, and a lasting doubt is impossible."""
    assert outcome.sentence.strip()
    assert not outcome.sentence.endswith(".")
    assert Outcome(str(outcome)) is outcome
    assert isinstance(outcome.moved, Moved)
    assert not (outcome.moved is Moved.UNKNOWN and outcome.lasting)
    assert outcome.moved is not Moved.YES or outcome.lasting


def test_sentences_differ() -> None:
    """Two outcomes never sound alike."""
    assert len({outcome.sentence for outcome in Outcome}) == len(Outcome)


def test_moved() -> None:
    """Only two outcomes moved money, and only two are doubts."""
    by = {moved: {o for o in Outcome if o.moved is moved} for moved in Moved}
    assert by[Moved.YES] == {Outcome.OK, Outcome.ALREADY_DONE}
    assert by[Moved.UNKNOWN] == {Outcome.UNKNOWN, Outcome.IN_PROGRESS}


def test_kinds_of_operations() -> None:
    """A debit is no credit, a read moves nothing, and every operation has a kind."""
    assert not DEBITS & CREDITS
    assert not DEBITS & REVERSALS
    assert not CREDITS & REVERSALS
    assert not READS & (DEBITS | CREDITS | REVERSALS | FACTS)
    assert not DEBITS & FACTS
    assert not REVERSALS & FACTS
    assert frozenset(Operation) == DEBITS | CREDITS | REVERSALS | FACTS | READS
    assert MONEY == DEBITS | CREDITS | REVERSALS | FACTS


def test_kinds_of_outcomes() -> None:
    """What is transient or our own fault is certain, not lasting, and never shaped like a success."""
    for outcome in TRANSIENT | OUR_FAULT:
        assert outcome.moved is Moved.NO
        assert not outcome.lasting
    assert not TRANSIENT & OUR_FAULT
    assert not DONE_CLASS & (TRANSIENT | OUR_FAULT)
    assert all(outcome.moved is not Moved.UNKNOWN for outcome in DONE_CLASS)


@pytest.mark.parametrize("operation", Operation)
def test_matrix_covers(operation: Operation) -> None:
    """Each operation can be done, refused before the wallet, refused by the wallet, and in doubt."""
    can = CAN_OCCUR[operation]
    assert UNREAD <= can
    assert {Outcome.OK, Outcome.UNKNOWN, Outcome.WALLET_FAILED} <= can
    repeatable = operation in MONEY
    assert (Outcome.ALREADY_DONE in can) == repeatable
    assert (Outcome.TRANSACTION_CONFLICT in can) == repeatable
    assert not repeatable or Outcome.IN_PROGRESS in can


def test_matrix_has_no_strangers() -> None:
    """The matrix speaks of every operation and every outcome, and of nothing else."""
    assert set(CAN_OCCUR) == set(Operation)
    assert frozenset().union(*CAN_OCCUR.values()) == frozenset(Outcome)


def test_sessions_gate_stakes_and_reads_only() -> None:
    """A win, a rollback or a deposit can never be refused because a session ended."""
    for operation, can in CAN_OCCUR.items():
        gated = bool(can & {Outcome.SESSION_INVALID, Outcome.SESSION_EXPIRED})
        assert gated == (operation in SESSION_CHECKED), operation
    assert not SESSION_CHECKED & (CREDITS | REVERSALS | FACTS)


def test_credits_are_never_out_of_funds() -> None:
    """Nobody lacks the money to receive some, and a deposit is a fact."""
    for operation in CREDITS | REVERSALS:
        assert Outcome.INSUFFICIENT_FUNDS not in CAN_OCCUR[operation]


def test_unread_is_certain() -> None:
    """What is said before the operation is known moved nothing."""
    assert all(outcome.moved is Moved.NO for outcome in UNREAD)
    assert Outcome.SIGNATURE_INVALID in UNREAD
