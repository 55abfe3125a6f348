"""Fields that stand in a request's path: percent-encoded on the way out, decoded on the way in."""

from decimal import Decimal

import pytest

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from tests.dialect.made import dialect, request


@pytest.mark.parametrize("session", ["a b", "50%", "a/b", "p\u00e9", "a+b", "%41"])
def test_a_path_field_is_read_as_it_was_written(session: str) -> None:
    """Percent-encoded on the way out, decoded on the way in."""
    made = dialect('[operations.bet]\npath = "/bet/{token}"\nfields = { session = "path.token" }')
    call = Call(Operation.BET, player="p", session=session, currency="EUR", transaction="t", round="r",
                amount=Decimal("5.00"))  # fmt: skip
    sent = made.variants["bet"].write(call, {}).request()
    assert sent.path.isascii()
    opened = made.open(sent)
    assert made.read_call(made.recognise(opened), opened).session == session


@pytest.mark.parametrize("session", [".", ".."])
def test_a_path_field_never_climbs(session: str) -> None:
    """A step that means another path is not written; bytes that are no UTF-8 are no path of ours."""
    made = dialect('[operations.bet]\npath = "/bet/{token}"\nfields = { session = "path.token" }')
    call = Call(Operation.BET, player="p", session=session, currency="EUR", transaction="t", round="r",
                amount=Decimal(5))  # fmt: skip
    with pytest.raises(Fault):
        made.variants["bet"].write(call, {})
    opened = made.open(request("/bet/%ff", "{}"))
    with pytest.raises(Fault) as caught:
        made.recognise(opened)
    assert caught.value.outcome is Outcome.UNSUPPORTED_OPERATION
