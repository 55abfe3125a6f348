"""No shipped table is forgotten by the suites that play them all."""

from collections.abc import Callable

from gateway.dialect.shelf import Shelf
from tests.exchange.shipped import BETTING, DIALECTS, ELSEWHERE, LEFT_OUT


def test_every_table_is_played_or_its_reason_is_printed(note: Callable[[str], None]) -> None:
    """What is on the shelf is in a list, once, and no list names what is not there."""
    assert sorted([*BETTING, *LEFT_OUT]) == sorted(Shelf().names)
    assert sorted([*DIALECTS, *ELSEWHERE]) == sorted(BETTING)
    for name, why in {**ELSEWHERE, **LEFT_OUT}.items():
        note(f"not in every suite of the story: {name}: {why}")
