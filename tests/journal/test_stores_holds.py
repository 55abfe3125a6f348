"""A cashier's holds and facts, on every store: which hold is captured, repeats without an id, what is parked."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.arming import HOLD_AGED, INCOMPLETE
from gateway.journal.holding import forced, round_of_withdrawal
from gateway.journal.states import State, Step
from gateway.journal.wishes import Claim, Verdict
from tests.journal.calls import RETRIES, booked, claim, doubted, ended, key, leased, made, settled
from tests.journal.stands import Stand

GATE, COMPLETE = Operation.WITHDRAW_REQUEST, Operation.WITHDRAW_COMPLETE
DAY = 86_400.0


def withdrawal(
    operation: Operation, transaction: str, *names: str, address: str | None = "0x9f", **facts: str
) -> Claim:
    """The claim of a gate, or of a completion that *names* its gate."""
    amount = Decimal(facts.get("amount", "40.00"))
    call = Call(
        operation, transaction=key(transaction), player="p1", currency="USD", amount=amount, account=address,
        reference=tuple(map(key, names)) or None,
    )  # fmt: skip
    print_ = (f"operation={operation}", f"amount={call.amount}")
    row = made(operation, transaction, call=call, fingerprint=print_, round=round_of_withdrawal(call), chain="")
    return Claim(row, bets=call.reference or ())


async def test_a_completion_takes_the_hold_that_it_names(stand: Stand) -> None:
    """Also where an older one would fit; the hold is its own, and nothing releases it any more."""
    await booked(stand, withdrawal(GATE, "w1"))
    await booked(stand, withdrawal(GATE, "w2"))
    claimed = await claim(stand, withdrawal(COMPLETE, "c2", "w2"))
    assert claimed.verdict is Verdict.OURS
    assert claimed.row.call is not None
    assert claimed.row.call.reference == (key("w2"),)
    hold = await stand.row(key("w2"))
    assert (hold.settled_by, hold.proved, hold.step) == (key("c2"), True, None)
    assert (await stand.row(key("w1"))).settled_by is None


async def test_a_completion_that_names_none_takes_the_oldest_that_fits(stand: Stand) -> None:
    """40.00 is 40; an address that one of them does not tell is no other one; a taken hold is nobody else's."""
    await booked(stand, withdrawal(GATE, "w1", address="0xaa", amount="40.0"))
    await booked(stand, withdrawal(GATE, "w2", address=None))
    await booked(stand, withdrawal(GATE, "w3", amount="40"))
    await booked(stand, withdrawal(GATE, "w4", amount="41"))
    found = []
    for number in range(3):
        claimed = await claim(stand, withdrawal(COMPLETE, f"c{number}", "unheard"))
        assert claimed.row.call is not None
        found.append((claimed.row.call.reference, forced(claimed.row.call)))
    assert found == [((key("w2"),), False), ((key("w3"),), False), (None, True)]


async def test_a_completion_keeps_its_hold_over_a_restart(stand: Stand) -> None:
    """Claimed, not sent, and the process died: the same hold again, and the next completion finds another."""
    if not stand.durable:
        pytest.skip("what is forgotten keeps nothing")
    await booked(stand, withdrawal(GATE, "w1"))
    await booked(stand, withdrawal(GATE, "w2"))
    await claim(stand, withdrawal(COMPLETE, "c1"))
    await stand.restart(killed=True)
    other = await claim(stand, withdrawal(COMPLETE, "c2"))
    again = await claim(stand, withdrawal(COMPLETE, "c1"))
    references = [each.row.call.reference for each in (other, again) if each.row.call is not None]
    assert references == [(key("w2"),), (key("w1"),)]


async def test_a_completion_of_a_hold_in_doubt_waits_for_it(stand: Stand) -> None:
    """The hold is driven to applied by our outbox, then captured."""
    await doubted(stand, withdrawal(GATE, "w1"))
    assert (await claim(stand, withdrawal(COMPLETE, "c1", "w1"))).verdict is Verdict.WAITS
    due = await leased(stand)
    assert list(due) == ["w1"]
    await settled(stand, due["w1"], state=State.APPLIED, outcome=Outcome.OK)
    await stand.advance(2)
    capture = (await leased(stand))["c1"]
    assert capture.row.call is not None
    assert capture.row.call.reference == (key("w1"),)
    await settled(stand, capture, state=State.APPLIED, outcome=Outcome.OK)
    assert await leased(stand) == {}


async def test_a_completion_whose_hold_turns_out_to_be_none_is_forced(stand: Stand) -> None:
    """The gate in doubt had been declined: the coins are gone all the same."""
    await doubted(stand, withdrawal(GATE, "w1"))
    await claim(stand, withdrawal(COMPLETE, "c1", "w1"))
    due = await leased(stand)
    await settled(stand, due["w1"], state=State.DECLINED, outcome=Outcome.INSUFFICIENT_FUNDS, park="refused")
    await stand.advance(2)
    capture = (await leased(stand))["c1"]
    assert (capture.row.call is not None, forced(capture.row.call)) == (True, True)


async def test_a_hold_grows_old_before_a_human(stand: Stand) -> None:
    """Parked after the policy's time, and nothing else; a completion takes it off the human's desk."""
    await booked(stand, withdrawal(GATE, "w1"))
    hold = await stand.row(key("w1"))
    assert (hold.step, hold.due - hold.created) == (Step.JUDGE, stand.policy.hold_s)
    await stand.advance(stand.policy.hold_s + 1)
    assert await leased(stand) == {}
    hold = await stand.row(key("w1"))
    assert (hold.state, hold.step, hold.parked) == (State.APPLIED, None, HOLD_AGED)
    await ended(stand, await claim(stand, withdrawal(COMPLETE, "c1", "w1")))
    assert (await stand.row(key("w1"))).parked is None


async def test_a_row_nearby_is_taken_while_it_is_young(stand: Stand) -> None:
    """First seen less than so many seconds ago: the same movement; after that its own row."""
    near = {"nearby": (key("g@6"), key("g@8")), "within_s": 45.0}
    first = await claim(stand, replace(withdrawal(GATE, "g@8"), within_s=45.0))
    await ended(stand, first)
    await stand.advance(44)
    young = await claim(stand, replace(withdrawal(GATE, "g@7"), **near))  # type: ignore[arg-type]
    assert (young.verdict, young.row.key) == (Verdict.KNOWN, key("g@8"))
    await stand.advance(2)
    later = await claim(stand, replace(withdrawal(GATE, "g@7"), **near))  # type: ignore[arg-type]
    assert (later.verdict, later.row.key) == (Verdict.OURS, key("g@7"))


async def test_a_deposit_without_an_amount_is_parked_and_completes_itself(stand: Stand) -> None:
    """Never leased; the amount that comes with a later copy is the row's from then on."""
    call = Call(Operation.DEPOSIT, transaction=key("d1"), player="p1", currency="USD")
    facts = {"round": None, "chain": key("d1")}
    bare = made(Operation.DEPOSIT, "d1", call=call, fingerprint=("operation=deposit",), **facts)
    await ended(stand, await claim(stand, Claim(bare)), State.OPEN, Outcome.WALLET_FAILED, RETRIES, sent=False)
    row = await stand.row(key("d1"))
    assert (row.state, row.step, row.parked) == (State.OPEN, None, INCOMPLETE)
    await stand.advance(DAY)
    assert await leased(stand) == {}
    whole = replace(call, amount=Decimal("12.50"))
    print_ = ("amount=12.5", "operation=deposit")
    claimed = await claim(stand, Claim(made(Operation.DEPOSIT, "d1", call=whole, fingerprint=print_, **facts)))
    assert (claimed.verdict, claimed.row.call) == (Verdict.OURS, whole)
    await ended(stand, claimed)
    row = await stand.row(key("d1"))
    assert (row.state, row.parked, row.call) == (State.APPLIED, None, whole)
