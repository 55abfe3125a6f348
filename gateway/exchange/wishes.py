"""What a story can wish for. The edge (or a test) performs the wish and sends the result back into the generator.

Times are seconds of one monotonic clock. A wish that fails raises into the story at the yield.
"""

from collections.abc import Callable, Generator
from enum import IntEnum
from typing import Any

from msgspec import Struct

from gateway.wire.message import Ending, Request, Response

Flow = Generator[Any, Any, None]


class Priority(IntEnum):
    """What is shed first when there is too much: the lowest. A shed call was never sent."""

    READ = 0
    DEBIT = 1
    CREDIT = 2  # wins and facts
    REVERSAL = 3


class Lane(Struct, frozen=True, gc=False):
    """On whose behalf the wallet is asked. *account*: a provider's journal id. *outbox*: our own recovery asks."""

    account: str = ""
    priority: Priority = Priority.READ
    outbox: bool = False


class Send(Struct, frozen=True):
    """Ask the wallet; the result is an Ending, at the latest at *until*.

    When the request has left and *until* passes, the result is Silence, the call is carried on until *patience*, and
    the story `late(ending)` is carried when it ends. A call that has not left by *until* never leaves: NotSent.
    *again*: a repeat inside one callback; where too many were repeated lately, the result is NotSent.
    *to*: which of a provider's URLs, by its name; "" is the wallet.
    """

    request: Request
    until: float
    patience: float
    late: Callable[[Ending], Flow] | None = None
    lane: Lane = Lane()
    again: bool = False
    to: str = ""


class Answer(Struct, frozen=True, gc=False):
    """Answer the provider; None closes the connection without an answer. The result is a Delivery."""

    response: Response | None


class Delivery(Struct, frozen=True, gc=False):
    """*at*: when the last byte was handed to the socket; None if the connection was gone before."""

    at: float | None
