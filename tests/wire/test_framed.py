"""gateway.wire.framed: ids with something of the other side's around ours."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.wire.framed import framed

TEXTS = st.text("ab_.1", min_size=1, max_size=8)


@given(TEXTS, TEXTS, st.text("ab_.1", max_size=4), st.text("ab_.1", max_size=4))
@settings(derandomize=True, max_examples=500)
def test_every_id_comes_back_and_two_never_share_a_spelling(one: str, other: str, before: str, after: str) -> None:
    """Whatever stands around them, also where it could be taken for a part of them."""
    made = framed(None, 60, before, after)
    assert made.write(one) == before + one + after
    assert made.read(made.write(one)) == one
    assert (made.write(one) == made.write(other)) == (one == other)


@pytest.mark.parametrize("theirs", ["1001", "op8_1001", "OP7_1001", "op7_1001.x", "op7_.eu", "op7_", "op7_1001"])
def test_an_id_of_another_account_is_refused(theirs: str) -> None:
    """What stands around ours is this account's; nothing inside is no id."""
    with pytest.raises(Fault) as caught:
        framed(None, 60, "op7_", ".eu").read(theirs)
    assert caught.value.outcome is Outcome.REQUEST_INVALID


def test_an_alphabet_inside() -> None:
    """The frame stands as it is; what is inside is coded where it does not fit, and the room is for both."""
    made = framed("alphanumeric", 20, "op7_", "")
    assert made.write("1001") == "op7_1001"
    assert made.read(made.write("p-1")) == "p-1"
    assert made.write("x" * 16) == "op7_" + "x" * 16
    with pytest.raises(Fault):
        made.write("x" * 17)
