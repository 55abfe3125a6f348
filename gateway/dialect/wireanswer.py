"""One thing that can be said: a code, an HTTP status, both, or nothing at all."""

from dataclasses import dataclass
from typing import Any

Scalar = str | int | bool


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """*code* is None where the absence of an error says it, or where *http* or *no_answer* stands alone.

    A code's type counts: 0, "0" and false are three words. `key` tells answers apart, texts aside.
    """

    code: Scalar | None = None
    text: str | None = None
    http: int | None = None
    no_answer: bool = False
    message_starts: str | None = None

    @classmethod
    def of(cls, value: Any) -> "WireAnswer":
        """From a table's value: a scalar or `{ code, text, http, no_answer, message_starts }`."""
        return cls(**value) if isinstance(value, dict) else cls(value)

    @property
    def key(self) -> str:
        """Unequal for unequal answers; what effects are looked up by."""
        if self.no_answer:
            return "no_answer"
        if self.code is None:
            return f"http {'5xx' if self.transport else self.http}" if self.http else "plain"
        word = f"{type(self.code).__name__} {self.code}"
        return word if self.http is None else f"{word} http {self.http}"

    @property
    def transport(self) -> bool:
        """A deliberate failure of the transport: HTTP 5xx without a code, or silence."""
        return self.no_answer or (self.code is None and self.http is not None and self.http // 100 == 5)

    def __str__(self) -> str:
        if self.no_answer:
            return "no answer"
        if self.code is None:
            return f"HTTP {self.http}" if self.http else "success without a code"
        word = f'"{self.code}"' if isinstance(self.code, str) else str(self.code).lower()
        return word if self.http is None else f"{word} with HTTP {self.http}"


#: In `heard_as`: every code that no row knows, and an answer without a code.
OTHERWISE = WireAnswer("*")
#: What happens when we die, or a proxy in front of us answers in our place.
TRANSPORT = (WireAnswer(http=500), WireAnswer(no_answer=True))
