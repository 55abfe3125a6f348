"""The line before the wallet: the order of service, who is passed over, who is sent away."""

import asyncio
from typing import Any

import pytest

from gateway.edge.line import Line, Shed, Waiter
from gateway.exchange.wishes import Lane, Priority

READ, DEBIT, CREDIT, REVERSAL = Priority


@pytest.fixture
async def stand() -> Any:
    """`stand(line, priority, account)`: somebody more in line."""

    def make(line: Line, priority: Priority, account: str = "acme") -> Waiter:
        return line.join(Lane(account, priority), 0.0, asyncio.get_running_loop().create_future())

    return make


async def test_the_highest_priority_first_and_first_come_inside_one(stand: Any) -> None:
    """Reversal, win, bet, read; equals in the order in which they came."""
    line = Line(9, 9)
    came = [stand(line, priority) for priority in (DEBIT, READ, REVERSAL, DEBIT, CREDIT, READ, REVERSAL)]
    served = []
    while (waiter := line.first(lambda lane: True)) is not None:
        served.append(came.index(waiter))
        assert line.leave(waiter)
        assert waiter not in line
    assert served == [2, 6, 4, 0, 3, 1, 5]
    assert not line


async def test_whoever_does_not_fit_is_passed_over(stand: Any) -> None:
    """A provider that holds all it may delays nobody else."""
    line = Line(9, 9)
    stand(line, REVERSAL, "stuck")
    stand(line, DEBIT, "stuck")
    other = stand(line, DEBIT, "other")
    assert line.first(lambda lane: lane.account != "stuck") is other
    assert line.first(lambda lane: False) is None


@pytest.mark.parametrize(
    ("waiting", "comes", "goes"),
    [
        ([REVERSAL, CREDIT, DEBIT, READ], REVERSAL, 3),
        ([REVERSAL, CREDIT, DEBIT, DEBIT], REVERSAL, 3),
        ([REVERSAL, CREDIT, CREDIT, REVERSAL], REVERSAL, 2),
        ([REVERSAL] * 4, REVERSAL, 4),
        ([REVERSAL] * 4, CREDIT, 4),
        ([READ] * 4, READ, 4),
        ([READ, DEBIT, READ, DEBIT], DEBIT, 2),
    ],
)
async def test_a_full_line_sends_away_the_newest_of_the_lowest(
    stand: Any, waiting: list[Priority], comes: Priority, goes: int
) -> None:
    """Reads first, then bets, then wins, then reversals; whoever comes goes if nobody is lower."""
    line = Line(4, 4)
    everybody = [stand(line, priority) for priority in waiting]
    assert line.surplus("acme") is None
    everybody.append(stand(line, comes))
    assert line.surplus("acme") is everybody[goes]
    line.leave(everybody[goes])
    assert line.surplus("acme") is None


async def test_one_provider_does_not_fill_the_line(stand: Any) -> None:
    """Beyond its part it sends away its own lowest, although others wait who are lower still."""
    line = Line(9, 2)
    stand(line, READ, "other")
    bets = [stand(line, DEBIT) for _ in range(2)]
    stand(line, CREDIT)
    assert line.surplus("acme") is bets[1]
    assert line.surplus("other") is None


async def test_a_line_of_many_providers_is_bounded_too(stand: Any) -> None:
    """Nobody is beyond its part, all together are: the lowest of all goes, whoever came."""
    line = Line(4, 2)
    reads = [stand(line, READ, account) for account in "abcd"]
    assert line.surplus("d") is None
    stand(line, DEBIT, "a")
    assert line.surplus("a") is reads[3]


async def test_who_is_ahead(stand: Any) -> None:
    """Those of the same priority who came before, and all of a higher one, of every provider."""
    line = Line(9, 9)
    first, win, second = stand(line, DEBIT), stand(line, CREDIT), stand(line, DEBIT)
    assert [*line.ahead(second)] == [(first.lane, 1), (win.lane, 1)]
    assert [*line.ahead(win)] == []
    other = stand(line, DEBIT, "other")
    assert [*line.ahead(other)] == [(first.lane, 2), (win.lane, 1)]
    line.leave(other)
    assert line.last is second
    line.leave(first)
    assert not line.leave(first)
    assert line.everybody() == [win, second]


def test_every_reason_has_its_words() -> None:
    """And only the breaker's is no shedding."""
    assert [why for why in Shed if not why.text.startswith("shed: ")] == [Shed.BREAKER]
