"""The internal listener: who may ask, what is a request, and that a refusal of ours says that nothing was asked."""

from typing import Any

import aiohttp
import pytest

from tests.asked.stage import PAYOUT, TOKEN, Stage


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
async def test_without_the_token_nothing_is_asked(headers: dict[str, str]) -> None:
    """401, whatever is asked for, and nothing leaves."""
    async with Stage("payfield") as stage:
        for path in ("/requests/acme/create_payout", "/requests/nobody/create_payout"):
            async with stage.client.post(stage.url + path, json=PAYOUT, headers=headers) as answer:
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"] == "Bearer"
        async with stage.client.get(f"{stage.url}/requests", headers=headers) as answer:
            assert answer.status == 401
        assert stage.provider.books.seen == []
        assert stage.journal.rows == {}


async def test_any_token_of_the_list() -> None:
    """Rotation: the older one still asks."""
    async with Stage("payfield") as stage:
        told = await stage.ask("provider_balance", {}, token="an-older-token-of-nobody")
        assert told["facts"]["available"] == "900.00"


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"ammount": "1.00"}, 'there is no field "ammount": did you mean "amount"?'),
        ({**PAYOUT, "amount": 5000}, 'amount: an amount is a text, such as "5000.00"'),
        ({**PAYOUT, "amount": "-5.00"}, "amount: an amount is not negative"),
        ({**PAYOUT, "amount": "0.001"}, "amount: "),
        ({**PAYOUT, "currency": "XXQ"}, "amount: "),
        ({**PAYOUT, "player": 7}, "player: a text is due"),
        ([], "a JSON object of our fields is due"),
    ],
)
async def test_what_is_no_request(facts: Any, why: str) -> None:
    """400 with the field and the rule, and nothing is asked."""
    async with Stage("payfield") as stage:
        told = await stage.ask("create_payout", facts)
        assert (told["http"], told["ending"]) == (400, "not_sent")
        assert told["why"].startswith(why)
        assert stage.provider.books.seen == []


async def test_a_missing_field_is_not_sent() -> None:
    """What the provider must have is refused by us, certainly."""
    async with Stage("payfield") as stage:
        told = await stage.ask("create_payout", {name: PAYOUT[name] for name in ("reference", "amount", "currency")})
        assert (told["http"], told["result"], told["ending"]) == (200, "request_invalid", "not_sent")
        assert told["why"].startswith("account: ")


async def test_unknown_names_are_404() -> None:
    """A provider and a request that are not there, each with what was probably meant."""
    async with Stage("payfield") as stage:
        told = await stage.ask("create_payot", PAYOUT)
        assert told["http"] == 404
        assert 'did you mean "create_payout"?' in told["why"]
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with stage.client.post(f"{stage.url}/requests/acne/x", json={}, headers=headers) as answer:
            assert answer.status == 404
            assert 'did you mean "acme"?' in (await answer.json())["why"]


async def test_what_can_be_asked_of_whom() -> None:
    """Every request with its fields, and which of them must be given."""
    async with Stage("payfield") as stage, aiohttp.ClientSession() as client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with client.get(f"{stage.url}/requests", headers=headers) as answer:
            listed = await answer.json()
        assert listed["acme"]["payout_status"] == {"reference": True, "shop": False}
