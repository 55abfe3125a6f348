"""What is known about one errand of the outbox: one step for one row; filled by its story, read by a log line."""

from dataclasses import dataclass, field

from gateway.exchange.journey import Journey
from gateway.journal.states import Step


@dataclass(slots=True)
class Errand(Journey):
    """A Journey that nobody waits for: *step* for the row *key*, tried *tries* times before."""

    key: str = ""
    step: Step | None = None
    tries: int = 0
    parked: str = ""
    state: str = ""  # of the row, afterwards
    undone: bool | None = field(default=None)
