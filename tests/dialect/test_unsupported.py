"""Operations that are known and not served; payouts that stand less their stake; variants told apart by their ids."""

from decimal import Decimal

import pytest

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import UNREAD, Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.proofs.pairs import prove_pair
from tests.dialect.made import dialect, keys, request

TIP = '[operations.tip]\noperation = "bet"\npath = "/tip"\nunsupported = true\n'
BET_WIN = """[operations.bet_win]
path = "/play"
zero = "allowed"
codes.insufficient_funds = "NO_MONEY"
fields.transaction = "body.id"
fields.bet_amount = "body.bet"
fields.win_amount = { at = "body.win", net = "body.net?" }
"""


def read(made: Dialect, body: str) -> Call:
    """The call that *body* becomes."""
    opened = made.open(request("/play", body))
    return made.read_call(made.recognise(opened), opened)


def test_an_unsupported_operation_needs_nothing_and_is_never_written() -> None:
    """No field, no fingerprint, eight answers; a call of its kind is said by the variant that is served."""
    made = dialect(TIP)
    assert {outcome for name, outcome in made.said if name == "tip"} == UNREAD | {Outcome.UNKNOWN}
    assert made.fingerprint("tip") == ()
    assert made.operations()[Operation.BET] == ["bet"]
    assert made.variant_for(Call(Operation.BET)).name == "bet"
    assert made.recognise(made.open(request("/tip", "{}"))).unsupported
    wallet = dialect('[operations.rollback]\nfields.round = "body.round"')  # which no tip could ever fill
    assert not [problem for problem in prove_pair(made, wallet) if "tip" in problem.says]


def test_a_table_that_serves_nothing_of_a_kind_cannot_say_it() -> None:
    """Known is not served."""
    made = dialect(TIP.replace('"bet"', '"promo_win"'))
    with pytest.raises(Fault) as caught:
        made.variant_for(Call(Operation.PROMO_WIN))
    assert caught.value.outcome is Outcome.UNSUPPORTED_OPERATION


@pytest.mark.parametrize(
    ("stated", "won"),
    [
        ('"win": 4, "net": 2.5', "4.00"),
        ('"win": 4, "net": 3.5', "5.00"),
        ('"win": 9, "net": -1.5', "0"),
        ('"win": 4', "4"),
    ],
)
def test_the_net_amount_decides_where_it_stands(stated: str, won: str) -> None:
    """Whatever the payout beside it is."""
    call = read(dialect(BET_WIN), f'{{"player": "p", "currency": "EUR", "id": "1", "bet": 1.50, {stated}}}')
    assert call.win_amount == Decimal(won)
    assert call.bet_amount == Decimal("1.50")


@pytest.mark.parametrize("net", ["-1.51", "0.001", '"1"'])
def test_a_net_amount_that_cannot_be(net: str) -> None:
    """More lost than was bet, finer than the currency, not a number."""
    with pytest.raises(Fault) as caught:
        read(dialect(BET_WIN), f'{{"player": "p", "currency": "EUR", "id": "1", "bet": 1.50, "win": 1, "net": {net}}}')
    assert caught.value.outcome is Outcome.AMOUNT_INVALID


def test_both_are_written() -> None:
    """The payout, and what is left of it."""
    made = dialect(BET_WIN)
    call = Call(Operation.BET_WIN, player="p", currency="EUR", transaction="1", bet_amount=Decimal("1.50"),
                win_amount=Decimal(0))  # fmt: skip
    _, message = made.write_call(call, keys(made, "sender"), 0.0)
    assert b'"win":0' in message.body
    assert b'"net":-1.50' in message.body


def test_a_call_is_said_by_the_variant_that_keeps_its_id() -> None:
    """One rollback derives its id from what it undoes, the other states one."""
    made = dialect(
        '[operations.undo]\noperation = "rollback"\npath = "/undo"\ntargets = ["bet"]\nfields.reference = "body.bet"\n'
        'derive.transaction = "{reference}#undo"\n'
    )
    named = {}
    for transaction in ("1#undo", "7", None):
        call = Call(Operation.ROLLBACK, player="p", currency="EUR", transaction=transaction, reference=("1",))
        named[transaction] = made.variant_for(call).name
    assert named == {"1#undo": "undo", "7": "rollback", None: "rollback"}


def test_a_row_may_have_no_text_at_all() -> None:
    """Stated as empty, it is empty; not stated, it is our sentence."""
    for row, text in (('{ code = "OK", text = "" }', b'"text":""'), ('"OK"', b'"text":"Done"')):
        made = dialect(f"codes.ok = {row}")
        answer = made.write_answer("bet", Outcome.OK, {}, keys(made), 0.0)
        assert answer is not None
        assert text in answer.body
