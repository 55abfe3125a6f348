"""Money that leaves by our own asking: once per reference, in the journal before the first byte, never guessed."""

import asyncio

from gateway.canon.requests import Ask
from gateway.journal.memory import Memory
from gateway.journal.states import Policy
from gateway.sandbox.provider import Trouble
from tests.asked.stage import PAYOUT, Stage, table


class Late:
    """A clock that can be set forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


async def test_the_claim_is_there_before_the_first_byte() -> None:
    """While the provider thinks, the row is held; a copy waits, and hears what the first one heard."""
    async with Stage("payfield") as stage:
        copies = await asyncio.gather(*(stage.ask("create_payout", PAYOUT) for _ in range(5)))
        assert sorted(each["result"] for each in copies) == ["already_exists"] * 4 + ["ok"]
        assert stage.payments == 1
        creates = [name for _, name, _ in stage.provider.books.seen if name is Ask.CREATE_PAYOUT]
        assert len(creates) == 1


async def test_a_repeat_is_told_what_became_of_it_now() -> None:
    """A known payment is not sent again: it is asked about; the provider's state is the answer's."""
    async with Stage("payfield") as stage:
        await stage.ask("create_payout", PAYOUT)
        stage.provider.books.payments[Ask.CREATE_PAYOUT, "po-1"]["state"] = "success"
        told = await stage.ask("create_payout", PAYOUT)
        assert (told["result"], told["facts"]["state"]) == ("already_exists", "success")


async def test_a_repeat_while_the_provider_is_away() -> None:
    """The journal knows that it was made, and says whose id it has."""
    async with Stage("payfield") as stage:
        first = await stage.ask("create_payout", PAYOUT)
        stage.provider.meets(Trouble.FAILURE)
        told = await stage.ask("create_payout", PAYOUT)
        assert (told["result"], told["ending"]) == ("already_exists", "heard")
        assert told["facts"]["provider_transaction"] == first["facts"]["provider_transaction"]


async def test_the_same_reference_with_other_content_is_not_sent() -> None:
    """Refused by us, for certain; nothing is asked of the provider."""
    async with Stage("payfield") as stage:
        await stage.ask("create_payout", PAYOUT)
        asked = len(stage.provider.books.seen)
        told = await stage.ask("create_payout", {**PAYOUT, "amount": "50.00"})
        assert (told["result"], told["ending"], told["done"]) == ("request_invalid", "not_sent", "no")
        assert len(stage.provider.books.seen) == asked


async def test_what_a_repeat_leaves_out_is_not_forgotten() -> None:
    """A repeat that does not say whose it is fits; afterwards another player's still does not."""
    async with Stage("payfield") as stage:
        await stage.ask("create_payout", PAYOUT)
        short = {name: value for name, value in PAYOUT.items() if name != "player"}
        assert (await stage.ask("create_payout", short))["result"] == "already_exists"
        told = await stage.ask("create_payout", {**PAYOUT, "player": "1002"})
        assert (told["result"], told["ending"]) == ("request_invalid", "not_sent")


async def test_what_exists_with_another_amount_is_a_doubt() -> None:
    """200 says that our reference is taken; by another amount than ours, which a human must see."""
    async with Stage("payfield") as stage:
        await stage.ask("create_payout", PAYOUT)
        stage.journal.rows.clear()  # a payment that was made before this journal
        told = await stage.ask("create_payout", {**PAYOUT, "amount": "50.00"})
        assert (told["result"], told["differs"]) == ("unknown", ["amount"])
        again = await stage.ask("create_payout", {**PAYOUT, "amount": "50.00"})
        assert again["result"] == "unknown"
        assert stage.payments == 1


async def test_a_refused_payout_may_be_tried_again() -> None:
    """Insufficient balance is certain; after a top-up the same reference is paid."""
    async with Stage("payfield") as stage:
        rows = table("payfield").forms[Ask.CREATE_PAYOUT].rows
        stage.provider.meets(next(row for row in rows if row.result == "insufficient_funds"))
        told = await stage.ask("create_payout", PAYOUT)
        assert told["result"] == "insufficient_funds"
        assert (told["cause"], told["action"]) == (
            "Not enough balance for payout.", "Top up balance or reduce amount."
        )  # fmt: skip
        assert (await stage.ask("create_payout", PAYOUT))["result"] == "ok"


async def test_a_refused_repeat_resolves_nothing() -> None:
    """The first try was made and nobody heard it; the second is refused: that proves nothing of the first."""
    async with Stage("payfield") as stage:
        refused = next(
            row for row in table("payfield").forms[Ask.CREATE_PAYOUT].rows if row.result == "insufficient_funds"
        )
        not_found = next(row for row in table("payfield").forms[Ask.PAYOUT_STATUS].rows if row.result == "not_found")
        stage.provider.meets(Trouble.RESET_AFTER, not_found)  # a lookup that is too early
        assert (await stage.ask("create_payout", PAYOUT))["result"] == "unknown"
        stage.provider.meets(not_found, refused, not_found)
        told = await stage.ask("create_payout", PAYOUT)
        assert told["result"] == "unknown"
        assert told["why"] == "insufficient_funds to a repeat proves nothing of the first try"
        found = await stage.ask("create_payout", PAYOUT)
        assert (found["result"], stage.payments) == ("already_exists", 1)


async def test_not_found_proves_absence_only_after_its_time() -> None:
    """Before: a doubt, and a repeat of the same reference is safe. After: it is new, and a refusal counts."""
    clock = Late()
    async with Stage("payfield", journal=Memory(Policy(), clock=clock)) as stage:
        rows = table("payfield").forms
        refused = next(row for row in rows[Ask.CREATE_PAYOUT].rows if row.result == "insufficient_funds")
        stage.provider.meets(Trouble.RESET)
        assert (await stage.ask("create_payout", PAYOUT))["result"] == "unknown"
        clock.now += 599
        stage.provider.meets(*rows[Ask.PAYOUT_STATUS].rows[:1], Trouble.RESET)
        assert (await stage.ask("create_payout", PAYOUT))["result"] == "unknown"
        clock.now += 600
        stage.provider.meets(rows[Ask.PAYOUT_STATUS].rows[0], refused)
        assert (await stage.ask("create_payout", PAYOUT))["result"] == "insufficient_funds"


async def test_payins_are_no_payouts() -> None:
    """The same reference may name one of each."""
    async with Stage("payfield") as stage:
        payin = {name: value for name, value in PAYOUT.items() if name != "account"}
        assert (await stage.ask("create_payout", PAYOUT))["result"] == "ok"
        assert (await stage.ask("create_payin", payin))["result"] == "ok"
        assert stage.payments == 2
