"""What a wallet's message must have and no provider states: a flag is false, a time is now."""

from datetime import UTC, datetime

from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.dialect.proofs.pairs import prove_pair
from gateway.wire.opened import Opened
from tests.dialect.made import dialect, keys

NOW = 1_767_225_600.75
TABLE = """
request.fields.time = "body.time"
[operations.bet]
when."body.free" = false
set.free = false
[operations.free_bet]
operation = "bet"
path = "/bet"
when."body.free" = true
set.free = true
fields = { transaction = "body.id", round = "body.round", amount = "body.amount" }
codes.insufficient_funds = "NO_MONEY"
[effects.free_bet]
rolls_back = ["ERROR", { http = 500 }, { no_answer = true }]
"""


def test_a_time_that_must_stand_is_the_moment_of_writing() -> None:
    """In whole seconds; one that the call has goes as it is."""
    made = dialect(TABLE)
    told = datetime(2026, 1, 2, tzinfo=UTC)
    balance = Call(Operation.BALANCE, player="1", currency="EUR")
    for call, due in ((balance, "2026-01-01T00:00:00"), (replace(balance, time=told), "2026-01-02T00:00:00")):
        _, request = made.write_call(call, keys(made, "sender"), NOW)
        assert str(Opened(request).body["time"]).startswith(due)


def test_a_time_that_may_lack_is_left_out() -> None:
    """Nothing is said that nobody asked for."""
    made = dialect()
    _, request = made.write_call(Call(Operation.BALANCE, player="1", currency="EUR"), keys(made, "sender"), NOW)
    assert "time" not in Opened(request).body


def test_a_bet_that_does_not_say_free_is_paid() -> None:
    """Of two variants, the one that is not free."""
    made = dialect(TABLE)
    assert made.variant_for(Call(Operation.BET)).name == "bet"
    assert made.variant_for(Call(Operation.BET, free=False)).name == "bet"
    assert made.variant_for(Call(Operation.BET, free=True)).name == "free_bet"


def test_the_pair_is_sound_without_a_time_of_the_provider() -> None:
    """We give it, so its absence is no complaint about the pair."""
    found = prove_pair(dialect(), dialect(TABLE))
    assert [problem.says for problem in found if "time" in problem.says] == []
