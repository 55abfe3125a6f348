"""The two clocks a story reads: one that only goes forward, for deadlines, and the wall's, for what is written down."""

from typing import Protocol


class Clock(Protocol):
    """Seconds. Tests bring a virtual one."""

    def monotonic(self) -> float:
        """Never set back; its zero means nothing."""

    def wall(self) -> float:
        """Unix time."""
