"""Which columns the matrices have, from the shelf, and which cells of each `make test` plays.

Five dialects are played whole. Of the others each plays its share of every product, and together they play all of it,
each cell of it for one operation at least; GATEWAY_ALL_FAULTS plays the product for every one.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

from gateway.canon.operations import Operation
from tests.exchange.shipped import BETTING, DIALECTS, dialect

Cell = TypeVar("Cell")
#: What goes on between a wallet and a game; the rest is played by `test_cashier`, and of canonical by `tests/pairs`.
GAMES = (
    Operation.AUTHENTICATE, Operation.PLAYER, Operation.BALANCE, Operation.BET, Operation.WIN, Operation.BET_WIN,
    Operation.ROLLBACK, Operation.ROLLBACK_WIN, Operation.PROMO_WIN,
)  # fmt: skip
EVERYTHING = bool(os.environ.get("GATEWAY_ALL_FAULTS"))


def columns(operations: Sequence[Operation] = GAMES) -> list[tuple[str, Operation]]:
    """Every (dialect, operation) of the shelf."""
    return [(name, each) for name in BETTING for each in sorted(dialect(name).operations()) if each in operations]


OTHERS = [name for name in BETTING if name not in DIALECTS]


def plays_whole(name: str) -> bool:
    """Does this dialect play every cell?"""
    return EVERYTHING or name in DIALECTS


def plays(name: str, at: int) -> bool:
    """Is cell number *at* in the share of this one, of those that do not play them all?"""
    return at % len(OTHERS) == OTHERS.index(name)


def share(name: str, cells: Sequence[Cell]) -> list[Cell]:
    """Those of *cells* that this dialect plays."""
    return [cell for at, cell in enumerate(cells) if plays_whole(name) or plays(name, at)]
