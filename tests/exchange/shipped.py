"""Which shipped dialects the suites play: from the shelf, every one that knows a bet; and why where one is left out.

A table that is new on the shelf is played by all of them, unless a reason stands here why it is not.
"""

from functools import cache

from gateway.canon.operations import Operation
from gateway.dialect.dialect import Dialect
from gateway.dialect.shelf import Shelf
from gateway.wire.ids import Whole
from gateway.wire.values import Text

#: After a bet in doubt their providers send nothing, and we take it back before we answer.
SILENT = ("caleta",)
#: Those with everything in the query, and those with one id for all legs.
GETTERS = ("groove", "blueocean", "100hp", "100hp-29")
#: Ids that are unique within an operation, rollbacks that bear their target's, games and times of another form.
OTHERS = ("betbrothers", "betbrothers-supplier", "hpgames", "rubyplay")
#: Left out by the suites that tell the story's every turn: why, and who tells it of them instead.
ELSEWHERE = {
    **dict.fromkeys(SILENT, "we undo before we answer: behaviours/test_our_reversal"),
    **dict.fromkeys(GETTERS, "ids that are derived of others: test_getters"),
    **dict.fromkeys(OTHERS, "scopes, and games of another form: test_rest_of_the_shipped"),
    "jdb": "sealed, and its ids are numbers: test_sealed",
    "igamingace": "a variant of scorpio with bet and win in one call: tests/dialect and tests/seeds",
    "scorpio-older": "its words for a doubt are those of scorpio: tests/seeds",
    "canonical": "the wallet's own, which a provider may speak: tests/pairs",
}


@cache
def dialect(name: str) -> Dialect:
    """A shipped dialect, compiled once."""
    return Shelf().dialect(name)


def numbered(spoken: Dialect, name: str) -> bool:
    """Is field *name* a whole number in any of its messages?"""
    fields = [each for form in spoken.variants.values() for each in form.fields if each.name == name]
    return any(isinstance(each.converter, Whole) or each.converter == Text(integer=True) for each in fields)


#: Every dialect of a wallet's callbacks that knows bets; `tests/matrix` plays them all.
BETTING = tuple(name for name in Shelf().names if Operation.BET in dialect(name).operations())
#: Those of which every suite plays everything.
DIALECTS = tuple(name for name in BETTING if name not in ELSEWHERE)
#: Those that know no bet.
LEFT_OUT = {
    name: f"knows no bet, but {', '.join(sorted(dialect(name).operations()))}"
    for name in Shelf().names
    if name not in BETTING
}
