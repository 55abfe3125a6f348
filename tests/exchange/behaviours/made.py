"""Made-up dialects, for what no shipped one can show: bet and win in one, rounds that end, doubts that we undo."""

from dataclasses import replace
from functools import cache

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.shelf import Shelf
from tests.dialect import made

TABLE = """
retry_span_s = { default = 300 }
[operations.bet_win]
path = "/spin"
fields = { transaction = "body.id", round = "body.round", bet_amount = "body.bet", win_amount = "body.win" }
codes.insufficient_funds = "NO_MONEY"
[operations.end_round]
path = "/end"
fields = { transaction = "body.id", round = "body.round", reference = "body.bet?" }
[operations.promo_win]
path = "/promo"
fields = { transaction = "body.id", amount = "body.amount", promotion = "body.promo?" }
[operations.bet]
zero = "allowed"
[operations.win]
fields.reference = "body.bet?"
zero = "allowed"
[operations.rollback]
targets = ["bet", "win", "bet_win"]
fields.round = "body.round?"
[effects.bet_win]
rolls_back = ["ERROR", { http = 500 }, { no_answer = true }]
"""


@cache
def acme() -> Dialect:
    """The sound table of the refusals, with more operations; its rollback may undo wins."""
    return made.dialect(TABLE)


@cache
def final() -> Dialect:
    """The same provider, which takes every word but a success for the end: we reverse before a doubt is answered.

    The compiler proves such a table by its `reverse_unknown` row; here the compiled dialect is changed by hand.
    """
    acme_ = acme()
    said = dict(acme_.said)
    for (name, outcome), each in said.items():
        if name in ("bet", "bet_win") and outcome.moved is not Moved.YES:
            effect = frozenset({"silent"} if outcome in (Outcome.UNKNOWN, Outcome.IN_PROGRESS) else {"final"})
            said[name, outcome] = replace(each, effect=effect)
    forms = {name: replace(form, reverse_unknown=name in ("bet", "bet_win")) for name, form in acme_.variants.items()}
    return replace(acme_, said=said, variants=forms)


@cache
def plain() -> Dialect:
    """Our own dialect of a wallet that has no bet_win, no end of a round and no adjustment, and says what is sent."""
    whole = Shelf().dialect("canonical")
    lacks = {Operation.BET_WIN, Operation.END_ROUND, Operation.ADJUST}
    forms = {name: form for name, form in whole.variants.items() if form.operation not in lacks}
    instead = {
        Operation.BET_WIN: (Operation.BET, Operation.WIN), Operation.END_ROUND: (Operation.WIN,), Operation.ADJUST: (),
    }  # fmt: skip
    return replace(whole, variants=forms, instead=instead)


@cache
def fish() -> Dialect:
    """The provider of `acme`, whose bet_wins may need more than the stake."""
    stated = 'win_amount = "body.win" }'
    return made.dialect(TABLE.replace(stated, f'{stated[:-2]}, required_balance = "body.mb?" }}'))


@cache
def patient() -> Dialect:
    """The provider of `acme`, which repeats a bet_win until it hears a yes or a no."""
    table = TABLE.replace("[effects.bet_win]\nrolls_back", "[effects.bet_win]\nretries")
    return made.dialect(table.replace("default = 300", "default = 3600"))
