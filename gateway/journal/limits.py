"""How long a durable journal may take, how much it lets wait, and how long it keeps what is closed. In seconds."""

from dataclasses import dataclass

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Limits:
    """*claim_s*: a claim that is not durable by then is never ours. *wish_s*: every other wish. *waiting*: how many
    wishes may wait. *batch*: how many share a commit. *linger_s*: how long a commit of mere confirmations, for which
    nobody waits, is held back for others to join. *rest_s*: from the beginning of a commit to that of the next one, if
    only those who are patient wait for it. *gap_s*: nobody served in a longer gap between two commits or beats,
    so the journal's clock goes on by no more than this. *reopen_s*: the longest pause between two tries to open a
    failed store again. *checkpoint*: pages of a write-ahead log before they are moved to the main file.
    """

    claim_s: float = 0.2
    wish_s: float = 2.0
    waiting: int = 10_000
    batch: int = 64
    linger_s: float = 0.005
    rest_s: float = 0.002
    gap_s: float = 10.0
    reopen_s: float = 1.0
    checkpoint: int = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """*rows_s*: closed rows after their last change; then a hash of the key, *hashes_s*. *sessions_s*: unused ones."""

    rows_s: float = 90 * DAY_S
    hashes_s: float = 730 * DAY_S
    sessions_s: float = 90 * DAY_S
