"""What came of a run of lives, and what the gateways' log has to say of faults of our own."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Result:
    """What came of a run. *findings*: everything that must not be, a sentence each; empty when it is sound.

    *unheard*: parked rows of which nobody can know whether their yes was heard, since nobody served when the provider
    would have come back; a human asks it. *absent*: named points that no life came by, where all were to be reached.
    """

    seed: str
    lives: int = 0
    named: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    killed: int = 0
    seconds: float = 0.0
    transactions: int = 0
    messages: int = 0
    states: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    unheard: int = 0
    absent: list[str] = field(default_factory=list)
    report: str = ""

    def __str__(self) -> str:
        each = 1000 * self.seconds / max(1, self.lives)
        return (
            f"seed {self.seed}: {self.lives} lives of {each:.0f} ms, {self.killed} killed from outside, "
            f"{sum(self.named.values())} at {len(self.named)} named points ({self.missed} not reached); "
            f"{self.transactions} transactions in {self.messages} messages; rows {self.states}, "
            f"{self.unheard} parked unheard"
        )


def sentence(result: Result, folder: Path) -> str:
    """What a failure says: everything that must not be, how to play it again, and where everything is kept."""
    shown = "\n".join(result.findings[:40])
    return f"{result}\n{shown}\n{result.report}\nkept in {folder}; play it again with GATEWAY_LIVES_SEED={result.seed}"


#: Events of the log, and fields of its lines, that only a fault of our own brings about; and whatever is no line of it.
_BUGS = ('"event":"bug"', '"bug":', '"event":"event loop"', '"event":"died"', "Traceback")


def bugs(log: Path) -> list[str]:
    """Every line of the gateways' log that speaks of a fault of our own."""
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    return [line for line in lines if any(each in line for each in _BUGS)]
