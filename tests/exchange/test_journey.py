"""What the one log line may tell of a callback: words of closed lists, names and times, and no value of a message."""

import pytest
from msgspec.structs import fields

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.journey import ALERTS, Journey
from tests.exchange.driving import World
from tests.exchange.endings import Hop, answers, hangs, honest, not_sent, refuses, silent
from tests.exchange.shipped import DIALECTS


def test_every_alert_has_its_sentence() -> None:
    """The closed list of what people must look at."""
    assert all(word.replace("_", "").isalpha() and sentence for word, sentence in ALERTS.items())


def test_a_fresh_journey_claims_nothing() -> None:
    """Before the first step: unread, nothing said, nothing asked."""
    journey = Journey("acme", "155io", 1.0, 2.0)
    assert (journey.operation, journey.outcome, journey.ending, journey.asked) == ("unread", "", "", 0)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("operation", [Operation.BET, Operation.BALANCE])
def test_no_value_of_a_message_beside_the_transaction(name: str, operation: Operation) -> None:
    """Player, session, round and amounts stand in no field, however the callback ended."""
    for hop in (honest, not_sent, silent, hangs, answers(200, b"1001 s1 g1"), refuses(Outcome.PLAYER_NOT_FOUND)):
        world = World(name)
        journey = world.tell(world.request(operation, round="g-secret", game="game-secret"), hop).journey
        told = " ".join(str(getattr(journey, field.name)) for field in fields(journey) if field.name != "received")
        for value in ("1001 ", "g-secret", "game-secret", getattr(world, "session", "s1-"), "10.00"):
            assert value not in told, (value, told)


@pytest.mark.parametrize("name", DIALECTS)
def test_what_the_claim_found_and_what_the_row_became(name: str) -> None:
    """A first bet and its repeat; a read has no row; a bet whose wallet is silent stays in doubt."""
    world = World(name)

    def told(operation: Operation, transaction: str, hop: Hop) -> tuple[str, str]:
        journey = world.tell(world.request(operation, transaction), hop).journey
        return journey.claim, journey.state

    assert told(Operation.BET, "t1", honest) == ("ours", "applied")
    assert told(Operation.BET, "t1", honest) == ("known", "applied")
    assert told(Operation.BALANCE, "t1", honest) == ("", "")
    assert told(Operation.BET, "t2", silent) == ("ours", "unknown")
