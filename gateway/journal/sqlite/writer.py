"""The one thread that writes a journal's file: it takes all wishes that wait, and makes them durable in one commit.

A disk that is full, or an fsync that failed: the transaction counts for nothing, everybody who waits hears why, the
file is closed and opened anew until it can be written again. Meanwhile `failing` says what is wrong.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from threading import Thread
from time import monotonic
from typing import Any

import apsw

from gateway.journal.sqlite.book import Book
from gateway.journal.sqlite.entries import Entries, Entry
from gateway.journal.unwanted import given_back, owed, without_listener
from gateway.journal.wishes import JournalRefused, JournalUnavailable

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE_S = 0.05
#: These are about one wish's own content; whatever else SQLite says is about the file.
_OF_THE_WISH = (apsw.ConstraintError, apsw.MismatchError, apsw.TooBigError, apsw.BindingsError, apsw.RangeError)


def reason(error: BaseException) -> str:
    """What is wrong, in plain words."""
    if isinstance(error, apsw.FullError):
        return "the disk is full"
    if isinstance(error, apsw.BusyError):
        return "another process holds the journal's file"
    if isinstance(error, apsw.IOError):
        code = apsw.mapping_extended_result_codes.get(getattr(error, "extendedresult", 0), "I/O error")
        return f"the disk failed ({code})"
    return f"{type(error).__name__}: {error}"


class Writer:
    """Performs entries through *book*; *deliver* is called, in the thread, with each batch when it is durable or lost.

    *deliver* gets the entries, each with its result or its error, and the keys whose call has ended.
    """

    def __init__(self, book: Book, deliver: Callable[[list[Entry], set[str]], None]) -> None:
        self.failing = ""
        self.commits = 0
        self._book, self._deliver = book, deliver
        self._limits = book.limits
        self._entries = Entries(book.limits)
        self._owed: deque[Any] = deque()
        self._pause, self._open_at = _FIRST_PAUSE_S, 0.0
        self._thread = Thread(target=self._run, name=f"journal {book.path.name}", daemon=True)

    # -- from other threads

    def start(self) -> None:
        """Open the file and begin to serve. Raises what opening it raises."""
        try:
            self._book.open()
        except apsw.Error as error:
            raise JournalRefused(f"{self._book.path} cannot be served: {reason(error)}") from error
        self._thread.start()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entry: Entry) -> None:
        """Let *entry* wait for the next commit."""
        self._entries.put(entry)

    def owe(self, wish: Any) -> None:
        """Perform what must not be lost of *wish* as soon as the file can be written again; nobody waits for it."""
        self._owed.extend(owed(wish))

    def give_back(self, entry: Entry) -> None:
        """Nobody took the result of *entry*."""
        for wish in given_back(entry.wish, entry.result):
            self.put(Entry(wish))

    def stop(self) -> None:
        """Write what waits, and close the file; waits for the thread's end."""
        self._entries.close()
        self._thread.join()

    # -- in the thread

    def _run(self) -> None:
        last = False
        while not last:
            idle = self._book.is_open and not self._owed and not self.failing
            closed = self._entries.closed  # what comes after that is seen on one more pass
            batch = self._entries.taken() if idle else self._entries.taken(self._open_at)
            try:
                if self._ready():
                    self._serve(batch)
                else:
                    self._lose(batch, JournalUnavailable(f"the journal cannot write: {self.failing}"))
            except BaseException as bug:  # a bug of ours must not end the thread that everybody waits for
                _LOG.exception("the journal's writer failed")
                self._fail(batch, bug)
            last = closed and not len(self._entries)
        try:
            self._book.close(clean=True)
        except Exception as error:
            _LOG.warning("the journal was not closed cleanly: %s", reason(error))

    def _ready(self) -> bool:
        """Is the file open; if not, is it time to try again, and does it open?"""
        if self._book.is_open:
            return True
        if monotonic() < self._open_at:
            return False
        try:
            self._book.open()
        except Exception as error:
            self._closed(error)
            return False
        _LOG.warning("the journal writes again, after: %s", self.failing)
        self.failing, self._pause = "", _FIRST_PAUSE_S
        return True

    def _serve(self, batch: list[Entry]) -> None:
        batch = [*self._debts(), *batch]
        try:
            self._book.begin()
        except apsw.BusyError as busy:
            self._wait_for_the_other(batch, busy)
            return
        except Exception as error:
            self._fail(batch, error)
            return
        try:
            for entry in batch:
                self._apply(entry)
            self._book.commit()
        except Exception as error:
            self._book.rollback()
            if self._is_of_the_file(error):
                self._fail(batch, error)
            elif len(batch) == 1:
                batch[0].error = error
                self._deliver(batch, set())
            else:  # one of them cannot be written: each for itself, so that the others are
                for entry in batch:
                    self._serve_alone(entry)
            return
        self.commits += 1
        self.failing = ""
        self._deliver(batch, self._book.freed)
        try:
            self._book.tidy()
        except Exception as error:
            self._fail([], error)

    def _debts(self) -> list[Entry]:
        debts = []
        while self._owed:
            debts.append(Entry(self._owed.popleft()))
        return debts

    def _serve_alone(self, entry: Entry) -> None:
        entry.result, entry.error = None, None
        if self._book.is_open:
            self._serve([entry])
        else:
            self._lose([entry], JournalUnavailable(f"the journal cannot write: {self.failing}"))

    def _apply(self, entry: Entry) -> None:
        if entry.dropped:
            entry.wish = without_listener(entry.wish)
        if entry.wish is None:
            return
        try:
            entry.result = self._book.apply(entry.wish)
        except Exception as error:
            if self._is_of_the_file(error):
                raise
            entry.error = error
            if entry.future is None:
                _LOG.exception("nobody waits for it, and it cannot be performed: %s", type(entry.wish).__name__)

    @staticmethod
    def _is_of_the_file(error: Exception) -> bool:
        return isinstance(error, apsw.Error) and not isinstance(error, _OF_THE_WISH)

    def _wait_for_the_other(self, batch: Iterable[Entry], busy: Exception) -> None:
        """Another process writes, briefly: those who wait go on waiting, as long as their stories do."""
        self.failing = reason(busy)
        lost = []
        for entry in batch:
            if entry.dropped or entry.future is None:
                lost.append(entry)
            else:
                self._entries.put(entry)
        self._lose(lost, JournalUnavailable(f"the journal cannot write: {self.failing}"))

    def _fail(self, batch: list[Entry], error: BaseException) -> None:
        """The file cannot be trusted: nothing of *batch* happened, and it is opened anew."""
        self._closed(error)
        self._lose(batch, JournalUnavailable(f"the journal cannot write: {self.failing}"))

    def _closed(self, error: BaseException) -> None:
        if self.failing != (why := reason(error)):
            _LOG.error("the journal cannot write: %s", why)
        self.failing = why
        self._open_at = monotonic() + self._pause
        self._pause = min(self._limits.reopen_s, self._pause * 2)
        try:
            self._book.close(clean=False)
        except Exception as failed:
            _LOG.warning("the journal's file did not close: %s", reason(failed))

    def _lose(self, batch: list[Entry], error: BaseException) -> None:
        """Nothing of *batch* counts; if its commit comes to light after all, what it gave is given back."""
        for entry in batch:
            if entry.wish is not None:
                if entry.error is None and entry.result is not None:
                    self._owed.extend(given_back(entry.wish, entry.result))
                self._owed.extend(owed(entry.wish))
            entry.result, entry.error = None, error
        if batch:
            self._deliver(batch, set())
