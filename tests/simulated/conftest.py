"""Operators on sockets, for the simulated providers to play against."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import RawTestServer

from tests.simulated.operators import HONEST, Operator, Silence, playing
from tests.torture.providers.rounds import Provider

Play = Callable[..., Awaitable[Operator]]


@pytest.fixture
async def play(aiohttp_raw_server: Callable[..., Awaitable[RawTestServer]]) -> AsyncIterator[Play]:
    """`await play(provider, *answers, rounds=(0,))`: the operator, after the provider has played with it.

    The call with which a session begins is answered honestly and not among the answers, nor in `heard`.
    """
    made: list[Operator] = []

    async def go(who: Provider, *answers: Any, rounds: Any = (0,), **scales: Any) -> Operator:
        operator = Operator(HONEST[who.account])
        made.append(operator)
        if Silence not in answers:  # nothing is to be waited for, so that a busy machine may take its time
            scales = {"deadlines": 5.0, **scales}
        server = await aiohttp_raw_server(operator.serve)
        entered = operator.honest

        def first(message: Any) -> Any:
            """The session begins; from now on as it was scripted."""
            operator.honest, operator.script = entered, list(answers)
            operator.heard.clear()
            return entered(message)

        operator.honest = first
        await playing(str(server.make_url("")).rstrip("/"), who, rounds, **scales)
        return operator

    yield go
    for operator in made:
        operator.gone.set()
