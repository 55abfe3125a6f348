"""Calls with everything in the query, one id for all legs, bet and win in one call: four dialects, the whole story.

The general suites play DIALECTS; these dialects write their rollbacks' ids, their scopes and their bodies otherwise.
"""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.canon.operations import MONEY, Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.journal.states import State
from gateway.wire.opened import Opened
from tests.exchange.answered import check_answer
from tests.exchange.driving import Story, World
from tests.exchange.endings import honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import GETTERS

every_getter = pytest.mark.parametrize("name", GETTERS)
QUERIES = ("groove", "blueocean")
BET, WIN, ROLLBACK, BET_WIN = Operation.BET, Operation.WIN, Operation.ROLLBACK, Operation.BET_WIN


def tell(world: World, operation: Operation, *hops: object, **facts: object) -> Story:
    """One callback, its answer held against the dialect."""
    transaction = str(facts.pop("transaction", "t2" if operation is WIN else "t1"))
    story = world.tell(world.request(operation, transaction, **facts), *hops)  # type: ignore[arg-type]
    check_answer(world, story)
    return story


@every_getter
def test_a_bet_its_win_and_repeats_of_both(name: str) -> None:
    """One effect each; a repeat says what the dialect says of one, and asks for no money again."""
    world = World(name)
    assert tell(world, BET).outcome is Outcome.OK
    assert tell(world, BET).outcome is Outcome.ALREADY_DONE
    assert world.balance == Decimal("90.00")
    for _ in range(2):
        assert tell(world, WIN).effect == {"done"}
        assert world.balance == Decimal("95.00")
    assert [call.operation for call in world.booked] == [BET, WIN]
    assert world.booked[1].currency == "EUR"


@every_getter
def test_an_unknown_bet_is_never_declined_and_its_rollback_undoes_it(name: str) -> None:
    """Silence is said with the word after which the provider rolls back; booked or not, the books end as before."""
    for hop in (silent, silent_after_booking):
        world = World(name)
        story = tell(world, BET, hop)
        assert story.outcome is Outcome.UNKNOWN
        assert story.effect == {"rolls_back"}
        assert tell(world, ROLLBACK).effect == {"done"}
        assert tell(world, ROLLBACK).effect == {"done"}
        assert world.balance == Decimal("100.00")
        assert not world.sandbox.audit()


@every_getter
def test_a_bet_after_its_rollback_is_never_forwarded(name: str) -> None:
    """The rollback comes first: nothing of it is known, and the late bet is refused for good."""
    world = World(name)
    assert tell(world, ROLLBACK).outcome is Outcome.TRANSACTION_NOT_FOUND
    booked = list(world.booked)
    story = tell(world, BET)
    assert story.outcome is Outcome.ALREADY_ROLLED_BACK
    assert "done" not in story.effect
    assert [call for call in world.booked if call.operation is BET] == [
        call for call in booked if call.operation is BET
    ]
    assert world.balance == Decimal("100.00")


@every_getter
def test_a_rollback_after_the_win_leaves_both(name: str) -> None:
    """The payout stands: `already_settled`, in a word that ends it."""
    world = World(name)
    tell(world, BET)
    tell(world, WIN)
    story = tell(world, ROLLBACK)
    assert story.outcome is Outcome.ALREADY_SETTLED
    assert story.effect == {"final"}
    assert world.balance == Decimal("95.00")


@every_getter
def test_a_win_after_the_rollback_is_not_paid(name: str) -> None:
    """`already_rolled_back`; where the dialect has a word for that, it is said."""
    world = World(name)
    tell(world, BET)
    tell(world, ROLLBACK)
    story = tell(world, WIN)
    assert story.outcome is Outcome.ALREADY_ROLLED_BACK
    assert world.balance == Decimal("100.00")
    if name.startswith("100hp"):
        assert (story.response.status, Opened(story.response).body["errCode"]) == (608, 608)


@every_getter
def test_a_win_of_unknown_outcome_comes_again_and_is_paid_once(name: str) -> None:
    """Whatever became of the first try."""
    for hop in (silent, silent_after_booking, not_sent, refuses(Outcome.MAINTENANCE)):
        world = World(name)
        tell(world, BET)
        assert "retries" in tell(world, WIN, hop).effect
        assert tell(world, WIN).effect == {"done"}
        assert world.balance == Decimal("95.00")


@every_getter
def test_every_outcome_of_the_wallet_is_said_safely(name: str) -> None:
    """For every money operation and every refusal: the row's word, and never a no for a doubt."""
    for operation in sorted(World(name).dialect.operations()):
        if operation not in MONEY:
            continue
        for outcome in (Outcome.INSUFFICIENT_FUNDS, Outcome.PLAYER_BLOCKED, Outcome.SESSION_EXPIRED, Outcome.UNKNOWN):
            world = World(name)
            story = tell(world, operation, refuses(outcome))
            assert (story.outcome.moved is Moved.UNKNOWN) <= bool(story.effect & {"retries", "rolls_back"})


# -- bet and win in one call


def test_a_bet_win_moves_both_legs_once() -> None:
    """One row, one call to the wallet; the repeat says so in the vendor's words."""
    world = World("groove")
    assert tell(world, BET_WIN).outcome is Outcome.OK
    again = tell(world, BET_WIN)
    assert again.outcome is Outcome.ALREADY_DONE
    assert Opened(again.response).body["status"] == "Success - duplicate request"
    assert world.balance == Decimal("95.00")
    (call,) = world.booked
    assert (call.operation, call.bet_amount, call.win_amount) == (BET_WIN, Decimal("10.00"), Decimal("5.00"))


@pytest.mark.parametrize("hop", [silent, silent_after_booking])
def test_a_bet_win_of_unknown_outcome_is_treated_as_a_bet(hop: object) -> None:
    """Not declined; the provider's rollback takes back both legs, whether they were booked or not."""
    world = World("groove")
    story = tell(world, BET_WIN, hop)
    assert (story.outcome, story.effect) == (Outcome.UNKNOWN, {"rolls_back"})
    row = world.row("t1")
    assert row is not None
    assert row.state is State.UNKNOWN
    assert tell(world, ROLLBACK).effect == {"done"}
    assert world.balance == Decimal("100.00")
    assert tell(world, BET_WIN).outcome is Outcome.ALREADY_ROLLED_BACK
    assert world.balance == Decimal("100.00")


def test_a_bet_win_that_nobody_rolls_back_is_reversed_by_us() -> None:
    """At the horizon, with both legs."""
    world = World("groove")
    tell(world, BET_WIN, silent_after_booking)
    assert world.balance == Decimal("95.00")
    world.recover(seconds=500_000.0)
    assert world.balance == Decimal("100.00")
    assert not world.sandbox.audit()


def test_another_amount_under_the_id_of_a_bet_win_is_a_conflict() -> None:
    """Either leg counts."""
    world = World("groove")
    tell(world, BET_WIN)
    for other in ({"bet_amount": Decimal("11.00")}, {"win_amount": Decimal("6.00")}):
        assert tell(world, BET_WIN, **other).outcome is Outcome.TRANSACTION_CONFLICT
    assert world.balance == Decimal("95.00")


def test_a_result_is_taken_back() -> None:
    """reversewin names the result; its money goes, the wager stays."""
    world = World("groove")
    tell(world, BET)
    tell(world, WIN)
    story = tell(world, Operation.ROLLBACK_WIN, reference=("t2",))
    assert story.effect == {"done"}
    assert world.balance == Decimal("90.00")


# -- the query


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_that_was_changed_on_the_way_is_forged(name: str) -> None:
    """A value, a name, a field more or less, the signature: nothing is asked, claimed or remembered."""
    world = World(name)
    call, variant, request = world.request(BET)
    rows = dict(world.memory.rows)
    amount = "betamount" if name == "groove" else "amount"
    assert f"{amount}=10.00" in request.query
    changed = [
        request.query.replace(f"{amount}=10.00", f"{amount}=10.01"),
        request.query.replace(f"{amount}=", f"{amount}s="),
        request.query.replace("t1", "t2"),
        request.query + "&x=1",
        request.query.partition("&")[2],
    ]
    forged = [replace(request, query=query) for query in changed]
    bare = "&".join(pair for pair in request.query.split("&") if not pair.startswith("key="))
    forged.append(replace(request, query=bare, headers=()))
    for message in forged:
        story = world.tell((call, variant, message))
        check_answer(world, story)
        assert story.kinds == ["Answer"], message.query
        assert story.outcome in (
            Outcome.SIGNATURE_INVALID, Outcome.REQUEST_INVALID, Outcome.UNSUPPORTED_OPERATION
        )  # fmt: skip
        assert "done" not in story.effect
    assert dict(world.memory.rows) == rows
    assert world.tell((call, variant, request)).outcome is Outcome.OK


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize(
    "query", ["", "a", "%", "request=wager&request=result", "action=debit&action=credit", "=", "&"]
)
def test_a_query_that_cannot_be_read_is_refused_in_the_dialect(name: str, query: str) -> None:
    """Empty, broken, a name sent twice: the dialect's answer, and one wish."""
    world = World(name)
    call, _, request = world.request(BET)
    story = world.tell((call, None, replace(request, query=query)))
    assert story.kinds == ["Answer"]
    assert story.outcome in (Outcome.REQUEST_INVALID, Outcome.UNSUPPORTED_OPERATION)


@pytest.mark.parametrize("name", QUERIES)
def test_a_post_is_not_what_they_send(name: str) -> None:
    """The method is part of what an operation is known by."""
    world = World(name)
    call, _, request = world.request(BET)
    story = world.tell((call, None, replace(request, method="POST")))
    assert (story.outcome, story.kinds) == (Outcome.UNSUPPORTED_OPERATION, ["Answer"])


# -- whose, and in which currency


@pytest.mark.parametrize("hop", [honest, not_sent])
def test_a_currency_that_memory_lost_is_asked_by_the_player(hop: object) -> None:
    """No session there: the wallet is asked for the player; a credit is never refused because we forgot."""
    world = World("blueocean")
    tell(world, BET)
    world.forget()
    story = tell(world, WIN, hop)
    if hop is honest:
        assert story.effect == {"done"}
        assert world.balance == Decimal("95.00")
        assert any(key[1:] == ("player", "1001") for key in world.memories)
    else:
        assert (story.outcome, story.effect) == (Outcome.WALLET_FAILED, {"retries"})
        assert story.journey.alerts == ["memory_miss"]


def test_a_bet_of_a_player_that_the_wallet_does_not_know() -> None:
    """Asked for the currency, the wallet refuses the player: a lasting no, and no rollback follows."""
    world = World("blueocean")
    story = tell(world, BET, player="nobody")
    assert (story.outcome, story.effect) == (Outcome.PLAYER_NOT_FOUND, {"final"})


def test_one_transaction_id_of_two_players_is_two_transactions() -> None:
    """BlueOcean's ids are unique within a player."""
    world = World("blueocean")
    world.sandbox.open_player("1002", "EUR", Decimal("50.00"))
    assert tell(world, BET).outcome is Outcome.OK
    assert tell(world, BET, player="1002").outcome is Outcome.OK
    assert (world.balance, world.sandbox.balance("1002")) == (Decimal("90.00"), Decimal("40.00"))
    assert tell(world, ROLLBACK, player="1002").effect == {"done"}
    assert (world.balance, world.sandbox.balance("1002")) == (Decimal("90.00"), Decimal("50.00"))


def test_a_player_whose_id_does_not_fit_their_alphabet() -> None:
    """Groove sees letters and digits, the wallet and the journal its own id."""
    world = World("groove")
    world.sandbox.open_player("p-1", "EUR", Decimal("50.00"), session="s-1")
    message = world.request(BET, player="p-1", session="s-1")
    assert "accountid=0x32oawtc&" in message[2].query + "&"
    story = world.tell(message)
    assert story.outcome is Outcome.OK
    assert world.sandbox.balance("p-1") == Decimal("40.00")
    row = world.row("t1")
    assert row is not None
    assert row.player == "p-1"
    login = world.tell(world.request(Operation.AUTHENTICATE, player="p-1", session="s-1"))
    assert Opened(login.response).body["accountid"] == "0x32oawtc"


def test_two_versions_of_100hp_say_the_same() -> None:
    """Before 2.9 a deposit has neither player nor session: both are the bet's."""
    for name in ("100hp", "100hp-29"):
        world = World(name)
        tell(world, BET)
        _, _, request = message = world.request(WIN, "t2")
        assert (b"userId" in request.body) is (name == "100hp-29")
        body = Opened(world.tell(message).response).body
        assert (body["userId"], body["balance"], body["sessionId"]) == ("1001", "95.00", world.session)


def test_a_deposit_whose_bet_nobody_remembers_is_asked_for_again() -> None:
    """`wallet_failed`, an alert, and a word after which it comes again: never a lasting no because we forgot."""
    world = World("100hp")
    story = tell(world, WIN, reference=("t9",))
    assert (story.outcome, story.response.status) == (Outcome.WALLET_FAILED, 702)
    assert "retries" in story.effect
    assert story.journey.alerts == ["memory_miss"]
