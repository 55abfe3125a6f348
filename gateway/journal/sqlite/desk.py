"""A journal's file as the command line looks into it and changes it: a Desk (see `journal.reading`) over one file.

Beside the process that serves it, or when none does. `reader` looks and `byhand` changes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import time

import apsw

from gateway.canon.outcomes import Outcome
from gateway.journal.limits import Kept
from gateway.journal.manual import Action
from gateway.journal.reading import Audit, Found, Pruned
from gateway.journal.sqlite import upkeep
from gateway.journal.sqlite.byhand import Hand
from gateway.journal.sqlite.reader import Reader
from gateway.journal.states import Policy, Row
from gateway.journal.wishes import JournalRefused, JournalUnavailable


class SqliteDesk:
    """Over the file *path*, which is never created; in an `async with`. *policy* and *kept* as they are served."""

    def __init__(self, path: Path, policy: Policy, kept: Kept | None = None) -> None:
        self.path, self.policy, self.kept = path, policy, kept or Kept()
        self._reader = Reader(path)

    async def __aenter__(self) -> "SqliteDesk":
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.close()

    async def now(self) -> float:
        """See Desk."""
        with self._told():
            return self._reader.now()

    async def look(self, key: str) -> Found | None:
        """See Desk."""
        with self._told():
            return self._reader.look(key)

    async def find(self, text: str) -> Sequence[Found]:
        """See Desk."""
        with self._told():
            return self._reader.find(text)

    async def pruned(self, key: str) -> Outcome | None:
        """See Desk."""
        with self._told():
            return self._reader.pruned(key)

    async def waiting(self) -> Sequence[Row]:
        """See Desk."""
        with self._told():
            return self._reader.waiting()

    async def audits(self, key: str | None = None) -> Sequence[Audit]:
        """See Desk."""
        with self._told():
            return self._reader.audits(key)

    async def act(self, key: str, version: int, action: Action, who: str) -> Row:
        """See Desk."""
        with self._told(looking=False):
            hand = Hand(self.path, self.policy, who)
            if action.word == "retry":
                return hand.retry(key, action.reason, version)
            if action.word == "park":
                return hand.park(key, action.reason, version)
            return hand.resolve(key, action.found, action.reason, version)

    async def check(self) -> Sequence[str]:
        """See Desk."""
        with self._told():
            wrong = self._reader.check()
            if any("damaged" in line for line in wrong):
                return wrong
            return [*wrong, *upkeep.findings(self._reader.connection, self.policy, self._reader.now())]

    async def backup(self, to: Path) -> None:
        """See Desk."""
        with self._told(looking=False):
            self._reader.backup(to)

    async def prune(self, *, dry: bool) -> Pruned:
        """See Desk."""
        if dry:
            with self._told():
                return upkeep.prunable(self._reader.connection, self.kept, self._reader.now(), time())
        with self._told(looking=False):
            return upkeep.pruned(self.path, self.kept)

    @contextmanager
    def _told(self, *, looking: bool = True) -> Iterator[None]:
        """What SQLite says becomes a sentence for people; what is only looked at is of one moment."""
        try:
            if not looking:
                yield
                return
            with self._reader.at_one_moment():
                yield
        except JournalUnavailable as busy:
            raise JournalRefused(f"{busy}; try again") from None
        except apsw.BusyError:
            raise JournalRefused(f"{self.path} is being written by another process; try again") from None
        except (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError) as error:
            raise JournalRefused(f"{self.path} cannot be used by this user: {error}") from None
        except (apsw.NotADBError, apsw.CorruptError) as error:
            raise JournalRefused(f"{self.path} is no journal, or is damaged: {error}") from None
        except (apsw.IOError, apsw.FullError) as error:
            raise JournalRefused(f"{self.path}: the disk failed, or is full: {error}") from None
