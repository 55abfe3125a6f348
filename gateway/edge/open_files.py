"""How many files the process may open: each connection is one, and without one left nobody is listened to."""

import resource
from contextlib import suppress

#: What is open beside connections: the journal, listeners, tables, and a margin for a client beyond its limit.
_OURS = 300


def raise_limit() -> int:
    """Raise the limit of open files as far as the system lets us; returns what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A filter of the service manager's may forbid it; then it stays what it was.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft


def due(public: int, wallet: int) -> int:
    """How many are wanted where one client may have *public* connections, and the wallet has *wallet*.

    A client is cut off at twice its limit.
    """
    return 2 * public + wallet + _OURS


def too_few(limit: int, wanted: int) -> bool:
    """Whether *limit* is below what is wanted; a system may have none."""
    return limit != resource.RLIM_INFINITY and limit < wanted
