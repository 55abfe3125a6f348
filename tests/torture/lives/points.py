"""Every instant at which a gateway is made to die, by name: what is done then, and what is not.

A point is reached many times in a life; which of them kills is drawn by the run. A store has those of the callbacks, of
the outbox, and of its own way of writing.
"""

from dataclasses import dataclass
from enum import Enum


class Way(Enum):
    """What a life needs so that it comes by a point."""

    TRAFFIC = "callbacks"
    ERRANDS = "rows that the outbox has to carry, or calls in doubt"
    START = "a start"
    STOP = "a stop that was asked for"
    FRESH = "a journal that is made in this life"
    HURRY = "a second request to stop, while a call is on its way"
    DEATH = "an instance that was killed a moment ago"
    SESSIONS = "sessions that began elsewhere"
    OLD = "closed rows that are old enough to be pruned"


@dataclass(frozen=True, slots=True)
class Point:
    """*sentence*: what has happened when the process dies here. *store*: whose way of writing it belongs to, or any."""

    name: str
    sentence: str
    way: Way = Way.TRAFFIC
    store: str = ""
    most: int = 8  # occurrences after which it is rare


_ALL = (
    # a callback, from the claim to the confirmation
    Point("claim.before", "a callback is verified, and nothing of it is written"),
    Point("claim.after", "the claim is durable, and not a byte has left for the wallet"),
    Point("intent.after", "a rollback's intent is durable, and it may not be sent yet", Way.ERRANDS, most=1),
    Point("wait.before", "a copy is about to wait for a call in flight", Way.ERRANDS, most=2),
    Point("wallet.before", "the message to the wallet is written, and not a byte has left"),
    Point("wallet.sent", "the whole message has left, and nothing was answered"),
    Point("wallet.after", "the wallet has answered, and nothing of that is recorded"),
    Point("wallet.silent", "the wallet was not to be heard, and nothing of that is recorded", Way.ERRANDS, most=2),
    Point("record.before", "the answer is written, and nothing of it is recorded"),
    Point("record.after", "the outcome and what we are telling are durable, and the answer has not left"),
    Point("doubt.after", "an unknown outcome is durable, and its answer has not left", Way.ERRANDS, most=1),
    Point("late.before", "a call that was no longer waited for has ended, and that is not recorded", Way.HURRY, most=1),
    Point("told.before", "the answer has left, and that it was heard is not noted"),
    Point("told.after", "that the answer was heard is noted, and not durable"),
    Point("remember.before", "a session's facts are known, and not remembered", Way.SESSIONS, most=1),
    Point("remember.after", "a session's facts are remembered, and the call is not claimed", Way.SESSIONS, most=1),
    # the outbox
    Point("lease.before", "rows may be due, and none is leased", most=3),
    Point("lease.after", "rows are leased, and nothing is asked", Way.ERRANDS, most=2),
    Point("status.before", "the outbox is about to ask what became of a key", Way.ERRANDS, most=1),
    Point("status.after", "the wallet has said what became of a key, and nothing is settled", Way.ERRANDS, most=1),
    Point("outbox.before", "an errand's message is written, and not a byte has left", Way.ERRANDS, most=1),
    Point("outbox.after", "the wallet has answered an errand, and nothing is settled", Way.ERRANDS, most=1),
    Point("settle.before", "an errand has ended, and nothing of it is settled", Way.ERRANDS, most=2),
    Point("settle.after", "an errand is settled, and its line not logged", Way.ERRANDS, most=2),
    # the heart
    Point("beat.before", "the heart is about to beat", most=1),
    Point("beat.after", "the heart has beaten", most=1),
    Point("prune.before", "old rows are pruned to hashes, and that is not durable", Way.OLD, most=1),
    # the writing thread, and its file
    Point("commit.before", "wishes are applied, and their transaction is not committed", store="sqlite"),
    Point("commit.after", "a transaction is durable, and nobody has heard of it", store="sqlite"),
    Point("log.torn", "half of a page of a transaction is in the write-ahead log", store="sqlite"),
    Point("log.unsynced", "a transaction is in the write-ahead log, and not flushed", store="sqlite"),
    Point("log.synced", "a transaction is flushed, and its commit has not returned", store="sqlite"),
    Point("file.torn", "half of a page is moved from the log to the file", store="sqlite", most=4),
    # the connection to PostgreSQL, and the other instances
    Point("write.before", "a batch is decided, and nothing of it is sent", store="postgres"),
    Point("write.sent", "a batch is sent, and nobody knows whether it was written", store="postgres"),
    Point("write.after", "a batch is written, and nobody has heard of it", store="postgres"),
    Point("join.before", "we are connected, and none of the instances", Way.START, store="postgres", most=1),
    Point("join.after", "we are one of the instances, and have served nobody", Way.START, store="postgres", most=1),
    Point("death.before", "another instance is dead, and that is not written", Way.DEATH, store="postgres", most=1),
    Point("death.after", "another instance is held for dead, and what it held is not free", Way.DEATH, "postgres", 1),
    Point("reap.before", "what the dead held is to be freed, and is not", Way.DEATH, store="postgres", most=1),
    Point(
        "reap.after", "what the dead held is free, and our heart has not beaten to its end", Way.DEATH, "postgres", 1
    ),
    Point("leave.before", "nobody listens any more, and we are still one of the instances", Way.STOP, "postgres", 1),
    Point("leave.after", "we are none of the instances, and still connected", Way.STOP, store="postgres", most=1),
    # start and stop
    Point("schema.torn", "half of a page of a new journal is written", Way.FRESH, store="sqlite", most=9),
    Point("open.before", "the lock is held, and the file is not open", Way.START, store="sqlite", most=1),
    Point("recovery.before", "what the dead held is free, and that is not durable", Way.START, store="sqlite", most=1),
    Point("recovery.after", "what the dead held is free", Way.START, store="sqlite", most=1),
    Point("port.before", "the journal is open, and nobody listens", Way.START, most=1),
    Point("drain.before", "a stop was asked for, and the listener is open", Way.STOP, most=1),
    Point("close.before", "nobody listens any more, and the file is not closed", Way.STOP, store="sqlite", most=1),
    Point("close.after", "the file is closed, and the process has not ended", Way.STOP, store="sqlite", most=1),
)
POINTS = {point.name: point for point in _ALL}


def points_of(store: str) -> list[Point]:
    """The points that a gateway on *store* comes by."""
    return [point for point in _ALL if point.store in ("", store)]
