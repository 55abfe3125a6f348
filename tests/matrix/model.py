"""What may be believed: a small model of one bet, its wins and its rollbacks, that knows nothing of journals.

It hears what the provider hears, sees the wallet's books, and says of each answer whether it may be given. The rules
are the ones of money, not of the story: a yes is in the books, a final no never will be, and neither is taken back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

Effect = frozenset[str]
#: How often the books hold a transaction, and have not undone it.
Live = Callable[[str], int]


def ends(effect: Effect) -> bool:
    """Does the provider take it for failed, and send nothing more?"""
    return bool(effect) and effect <= {"final", "silent"}


@dataclass
class Bet:
    """*asked*: whether it was ever sent. *waits*: nothing came back to the last try, so it will be tried again."""

    key: str
    amount: int
    asked: bool = False
    yes: bool = False
    no: bool = False
    waits: bool = False
    undo_asked: bool = False
    undone: bool = False
    wins: dict[str, "Win"] = field(default_factory=dict)

    def answered(self, effect: Effect, live: Live, *, heard: bool) -> None:
        """The provider sent it, and hears this (or nothing)."""
        self.asked, self.waits = True, not heard
        if not heard:
            return
        if "done" in effect:
            assert live(self.key) == 1, "a yes that is not in the books"
            # A win names what its provider holds, whatever we had told it before.
            assert not self.no or self.wins, "a yes after a final no"
            assert not self.undone, "a yes after its undoing was confirmed"
            self.yes = True
        elif ends(effect):
            assert not self.yes or self.undo_asked, "a final no after a yes"
            self.no = True
        else:
            assert not self.yes or self.undo_asked, "a doubt after a yes"

    def undo_answered(self, effect: Effect, live: Live, *, heard: bool) -> None:
        """The provider rolled it back, and hears this (or nothing)."""
        self.undo_asked = True
        if not heard:
            return
        if "done" in effect:
            assert live(self.key) == 0, "undone, and still in the books"
            self.undone = True
        elif ends(effect):
            assert live(self.key) == 0 or any(live(win) for win in self.wins), (
                "refused for good, and still in the books"
            )

    def win_answered(self, key: str, effect: Effect, live: Live, *, heard: bool) -> None:
        """The provider sent a win of it, and hears this (or nothing)."""
        win = self.wins.setdefault(key, Win())
        if not heard:
            return
        if "done" in effect:
            assert live(key) == 1, "a prize that was confirmed and not paid"
            assert not win.no, "a yes after a final no"
            win.yes = True
        elif ends(effect):
            assert live(key) == 0, "a prize that was refused and paid"
            assert not win.yes, "a final no after a yes"
            win.no = True
        else:
            assert not win.yes, "a doubt after a yes"

    def always(self, live: Live) -> None:
        """What holds at every moment."""
        assert live(self.key) in (0, 1), "booked twice"
        assert all(live(win) in (0, 1) for win in self.wins), "paid twice"
        if self.yes and not self.undo_asked:
            assert live(self.key) == 1, "a confirmed bet has left the books"
        if self.undone:
            assert live(self.key) == 0, "an undone bet is back in the books"
        for key, win in self.wins.items():
            assert not win.yes or live(key) == 1
            assert not win.no or live(key) == 0

    def at_rest(self, live: Live) -> None:
        """What holds when nobody has anything left to do, and no human is asked."""
        self.always(live)
        for key, win in self.wins.items():
            assert live(key) <= live(self.key), "a prize without its bet"
            if live(self.key):
                assert live(key) or win.no, "the bet holds, and its prize was never paid"
        if self.wins:
            return
        wanted = self.yes and not self.undo_asked
        assert live(self.key) == wanted, f"booked: {live(self.key)}, believed: {wanted}"


@dataclass
class Win:
    """What was heard of it."""

    yes: bool = False
    no: bool = False
