"""What a simulated provider wants done, and what it gets to hear: the words between its stories and a driver.

A story is a generator. It yields a wish and is sent the event that came of it; it does no I/O and knows no clock but
the one it is given. Seconds are the provider's own, before any scaling by a driver.
"""

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Line(Enum):
    """What becomes of an answer on the provider's own side. All but HEARD are the provider's own faults."""

    HEARD = "heard"
    HANGS_UP = "hangs up"  # the connection is closed before the answer
    LATE = "late"  # the provider stops waiting, but reads and ignores what still comes
    LOSES = "loses"  # the answer arrived in time and was lost: the other side believes it was heard


@dataclass(frozen=True, slots=True)
class Post:
    """One HTTP request, a POST mostly; a query stands in its *path*.

    *timeout*: the documented deadline; *cut*: the share of it after which LATE or HANGS_UP occurs.
    """

    path: str
    headers: dict[str, str]
    body: bytes
    timeout: float
    line: Line = Line.HEARD
    cut: float = 0.0
    method: str = "POST"

    @property
    def waits(self) -> float:
        """Seconds until the provider stops listening for the answer."""
        return self.timeout * self.cut if self.line in (Line.HANGS_UP, Line.LATE) else self.timeout


@dataclass(frozen=True, slots=True)
class Together:
    """Copies that are on the way at once. The event is a list: one entry for each post, in their order."""

    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class Stray:
    """A message that is still under way somewhere and arrives *after* seconds; nobody hears its answer. Event: None."""

    post: Post
    after: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds between two tries. Event: None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole HTTP answer, heard in time."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing was heard; *why* is for people only, since a provider cannot tell what the other side did."""

    why: str


Wish = Post | Together | Stray | Pause
Event = Answered | NoAnswer
Story = Generator[Wish, Any, Any]
