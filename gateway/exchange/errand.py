"""What is known about one errand of the outbox: one step for one row; filled by its story, read by a log line."""

from gateway.exchange.journey import Journey
from gateway.journal.states import Step


class Errand(Journey):
    """A Journey that no provider waits for: *step* for the row *key*, tried *tries* times before.

    Afterwards: the row's *state*, what is to be done *next*, why it is *parked*; *finished*: nothing is left to do.
    """

    key: str = ""
    step: Step | None = None
    tries: int = 0
    next: str = ""
    parked: str = ""
    finished: bool = False
