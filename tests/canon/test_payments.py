"""The machine of payments: every step from every state, newer, older and at the same moment."""

from datetime import UTC, datetime
from itertools import product

import pytest

from gateway.canon.payments import FELL_THROUGH, UNLISTED, Advance, PaymentState, judge

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE, AFTER = AT.replace(hour=11), AT.replace(hour=13)
#: From the state in the row to the state in the column, not older: a(pply), c(onfirm), s(ame), - (refused).
STEPS = """
            pending succeeded failed cancelled expired refunded
pending     s       a         a      a         a       a
succeeded   -       s         -      -         -       a
failed      -       c         s      -         -       -
cancelled   -       c         -      s         -       -
expired     -       c         -      -         s       -
refunded    -       -         -      -         -       s
"""
WORDS = {"a": Advance.APPLY, "c": Advance.CONFIRM, "s": Advance.SAME, "-": Advance.REFUSED}


def steps() -> dict[tuple[PaymentState, PaymentState], Advance]:
    """The table above, as data."""
    head, *rows = [line.split() for line in STEPS.strip().splitlines()]
    return {
        (PaymentState(row[0]), PaymentState(column)): WORDS[word]
        for row in rows
        for column, word in zip(head, row[1:], strict=True)
    }


def test_the_table_holds_every_pair_of_states() -> None:
    """Nothing is left out of the table, so nothing is left out of the tests."""
    assert steps().keys() == set(product(PaymentState, repeat=2))
    assert UNLISTED not in set(PaymentState)


@pytest.mark.parametrize(("known", "new"), list(product(PaymentState, repeat=2)))
@pytest.mark.parametrize(("known_at", "new_at"), [(AT, AFTER), (AT, AT), (None, AT), (AT, None), (None, None)], ids=str)
def test_what_is_not_older_takes_the_step_of_the_table(
    known: PaymentState, new: PaymentState, known_at: datetime | None, new_at: datetime | None
) -> None:
    """Later, at the same moment, or where a time is not known."""
    assert judge(known, known_at, new, new_at) is steps()[known, new]


@pytest.mark.parametrize(("known", "new"), list(product(PaymentState, repeat=2)))
def test_what_is_older_changes_nothing(known: PaymentState, new: PaymentState) -> None:
    """A state that is known is the same at any time; any other that is older has been overtaken."""
    assert judge(known, AT, new, BEFORE) is (Advance.SAME if known is new else Advance.OLDER)


@pytest.mark.parametrize("new", PaymentState)
def test_the_first_update_of_a_payment_is_applied(new: PaymentState) -> None:
    """Where nothing is known, there is no step to refuse."""
    assert judge(None, None, new, AT) is Advance.APPLY


def test_every_step_that_is_taken_leads_upwards() -> None:
    """So no payment comes back to a state that it has left, and the last state is the one of the highest rank."""
    for (known, new), advance in steps().items():
        if advance in (Advance.APPLY, Advance.CONFIRM):
            assert new.rank > known.rank
    assert {state.rank for state in FELL_THROUGH} == {1}
