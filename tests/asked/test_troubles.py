"""Silence, a reset, half a body, garbage, 5xx: never a success, never a refusal; and what certainly was not sent."""

import asyncio
from decimal import Decimal

import pytest

from gateway.canon.requests import CREATES, Ask, Result
from gateway.dialect.outbound import AskRow
from gateway.dialect.wireanswer import WireAnswer
from gateway.sandbox.provider import Trouble
from tests.asked.stage import PAYOUT, Stage, given
from tests.asked.test_documented import REQUESTS

READS = [(dialect, name) for dialect, name in REQUESTS if name not in CREATES]
BEFORE = [each for each in Trouble if not each.endswith("_after")]
AFTER = [each for each in Trouble if each.endswith("_after")]


@pytest.mark.parametrize(("dialect", "name"), READS)
async def test_trouble_with_a_request_that_moves_nothing(dialect: str, name: Ask) -> None:
    """Each is a doubt; a reset or a silence of a read is one, too."""
    for trouble in BEFORE:
        async with Stage(dialect, 0.3) as stage:
            stage.provider.meets(trouble)
            told = await stage.ask(name, given(dialect, name))
            assert (told["result"], told["ending"]) == ("unknown", "unknown"), (trouble, told)


@pytest.mark.parametrize("status", [500, 502, 503, 599])
async def test_a_refusal_inside_a_failure_of_theirs(status: int) -> None:
    """A known code proves nothing where the status is 5xx: the payment may have been made before."""
    known = AskRow(Result.REQUEST_INVALID, WireAnswer("validation_error", http=status), ())
    async with Stage("payfield") as stage:
        stage.provider.meets(known)
        told = await stage.ask("create_payout", PAYOUT)
        assert (told["result"], told["theirs"]["code"]) == ("unknown", "validation_error"), told
    async with Stage("evenbet") as stage:
        stage.provider.meets(AskRow(Result.PROVIDER_FAILED, WireAnswer(1, http=status), ()))
        told = await stage.ask("grant_free_rounds", given("evenbet", Ask.GRANT_FREE_ROUNDS))
        assert (told["result"], told["ending"]) == ("unknown", "unknown"), told


@pytest.mark.parametrize("trouble", [each for each in AFTER if each is not Trouble.SILENCE_AFTER])
async def test_a_payout_that_was_made_and_not_answered_is_found(trouble: Trouble) -> None:
    """It is asked about by our own reference at once, and paid once."""
    async with Stage("payfield") as stage:
        stage.provider.meets(trouble)
        told = await stage.ask("create_payout", PAYOUT)
        assert (told["result"], told["facts"]["reference"]) == ("ok", "po-1"), told
        assert told["why"].startswith("asked what became of it")
        assert stage.payments == 1
        held = stage.row(Ask.CREATE_PAYOUT, "po-1")
        assert held is not None
        assert (held.state, held.in_flight) == ("applied", False)


@pytest.mark.parametrize("trouble", [each for each in BEFORE if each is not Trouble.SILENCE])
async def test_a_payout_that_was_not_made_and_not_answered_is_a_doubt(trouble: Trouble) -> None:
    """ "Not found" proves nothing so early: unknown, and the journal keeps it so."""
    async with Stage("payfield") as stage:
        stage.provider.meets(trouble)
        told = await stage.ask("create_payout", PAYOUT)
        assert (told["result"], told["ending"], told["done"]) == ("unknown", "unknown", "unknown"), told
        held = stage.row(Ask.CREATE_PAYOUT, "po-1")
        assert held is not None
        assert (held.state, held.in_flight) == ("unknown", False)
        assert held.parked is not None  # a human sees it, and it is counted
        stage.provider.books.payments[Ask.CREATE_PAYOUT, "po-1"] = {
            "reference": "po-1", "state": "success", "amount": Decimal("5000.00"), "currency": "BDT",
            "provider_transaction": "9",
        }  # fmt: skip
        assert (await stage.ask("create_payout", PAYOUT))["result"] == "already_exists"
        held = stage.row(Ask.CREATE_PAYOUT, "po-1")
        assert held is not None
        assert (held.state, held.parked) == ("applied", None)


async def test_silence_is_unknown_at_the_deadline_and_its_end_is_recorded() -> None:
    """The call is carried on; when it breaks, what became of it is asked, and the row is no doubt any more."""
    async with Stage("payfield", 0.4) as stage:
        stage.provider.meets(Trouble.SILENCE_AFTER)
        told = await stage.ask("create_payout", PAYOUT)
        assert told["result"] == "unknown"
        again = await stage.ask("create_payout", PAYOUT)
        assert (again["result"], again["why"]) == ("unknown", "the same reference is being worked on")
        stage.provider._release.set()
        for _ in range(100):
            held = stage.row(Ask.CREATE_PAYOUT, "po-1")
            if held is not None and not held.in_flight:
                break
            await asyncio.sleep(0.05)
        assert held is not None
        assert held.state == "applied"
        assert stage.payments == 1


async def test_what_cannot_be_reached_was_not_sent() -> None:
    """A refused connection is certain: nothing was done, and the reference may be used again."""
    async with Stage("payfield") as stage:
        await stage.provider.stop()
        told = await stage.ask("create_payout", PAYOUT)
        assert (told["result"], told["ending"], told["done"]) == ("provider_unavailable", "not_sent", "no"), told
        held = stage.row(Ask.CREATE_PAYOUT, "po-1")
        assert held is not None
        assert held.state == "open"


async def test_a_stop_cuts_off_what_is_asked_at_a_former_url() -> None:
    """A reload gave those calls the whole drain; who stops has less, and whoever asked is told of the doubt."""
    async with Stage("payfield", 30.0) as stage:
        stage.provider.meets(Trouble.SILENCE_AFTER)
        asking = asyncio.create_task(stage.ask("create_payout", PAYOUT))
        while not stage.payments:  # noqa: ASYNC110 - the provider writes them
            await asyncio.sleep(0.01)
        stage.internal._callees.serve({}, 60.0)
        await asyncio.sleep(0.05)
        await asyncio.wait_for(stage.internal.stop(0.0), 10)
        assert (await asking)["ending"] == "unknown"
