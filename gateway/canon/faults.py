"""A refusal on its way to becoming an answer."""

from gateway.canon.outcomes import Outcome


class Fault(Exception):
    """Something refused this call before or instead of the wallet; carries the outcome to answer with.

    *outcome* is said to the provider in its own dialect; *why* is for the operator's log line and for `explain`,
    names fields and rules, and never holds a value that came from outside.
    """

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(f"{outcome}: {why}")
        self.outcome = outcome
        self.why = why
