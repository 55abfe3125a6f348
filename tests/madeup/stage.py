"""The made-up dialects of this folder, compiled, and the messages of their providers."""

from functools import cache
from pathlib import Path

from gateway.canon.operations import Operation
from gateway.dialect.dialect import Dialect
from gateway.dialect.shelf import Shelf
from tests.exchange.driving import World

FOLDER = Path(__file__).parent
NAMES = ("fjord", "shoal", "quill", "ledge")


@cache
def dialect(name: str) -> Dialect:
    """A table of this folder, compiled once."""
    return Shelf(FOLDER).dialect(name)


def world(name: str, balance: str = "100.00") -> World:
    """A provider that speaks it, our memory, and the wallet."""
    return World(dialect(name), balance)


def stake(name: str) -> Operation:
    """The operation that takes a stake."""
    return next(each for each in (Operation.BET, Operation.RESERVE) if each in dialect(name).operations())


def undo(name: str) -> Operation:
    """The operation that takes back a stake."""
    return next(each for each in (Operation.ROLLBACK, Operation.RELEASE) if each in dialect(name).operations())
