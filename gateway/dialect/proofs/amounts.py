"""What a message says of an amount beside the amount itself: its parts, its net, what is added, how many decimals."""

from gateway.canon.operations import DEBITS
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.requestform import RequestForm
from gateway.wire.money_forms import MoneyForm


def amounts(compiled: Compiled, form: RequestForm) -> None:
    """Complain about what means nothing on an amount of *form*, or would lose a part of it."""
    _parts(compiled, form)
    _net(compiled, form)
    _plus(compiled, form)
    _exponent(compiled, form)


def _parts(compiled: Compiled, form: RequestForm) -> None:
    """The parts of an amount are looked at where it may be refused, and a message without them is whole."""
    for each in form.fields:
        if not each.parts:
            continue
        path = compiled.key_of(form.name, "fields", each.name)
        if form.operation not in DEBITS:
            fact = "what is due to the player is not refused because its parts do not add up"
            says = f'parts mean nothing on operation "{form.name}": {fact}'
            compiled.complain("GW123", path, says, "delete them", part="parts")
        elif all(place.optional for place in each.parts):
            says = f'every part of "{each.name}" may be absent; when must they add up?'
            remedy = "write without ? those that always stand together"
            compiled.complain("GW123", path, says, remedy, part="parts")


def _net(compiled: Compiled, form: RequestForm) -> None:
    """A net amount is of a payout that has its stake beside it."""
    bet = next((each for each in form.fields if each.name == "bet_amount" and not each.optional), None)
    for each in form.fields:
        if each.net is not None and (each.name != "win_amount" or bet is None):
            path = compiled.key_of(form.name, "fields", each.name)
            of_win = each.name == "win_amount"
            fact = "not every message has a bet_amount" if of_win else "only a win_amount can stand less its bet"
            says = f'net means nothing on "{each.name}" of operation "{form.name}": {fact}'
            compiled.complain("GW123", path, says, "delete it", part="net")


def _plus(compiled: Compiled, form: RequestForm) -> None:
    """What is added to is always there, stands at one place, and is what decides."""
    for each in form.fields:
        if each.plus and (each.optional or len(each.places) > 1 or each.net is not None):
            path = compiled.key_of(form.name, "fields", each.name)
            says = f'"{each.name}" may lack, stands at several places, or is decided by its net: nothing is added to it'
            compiled.complain("GW123", path, says, "add to one place that is always there", part="plus")


def _exponent(compiled: Compiled, form: RequestForm) -> None:
    """What says how many decimals an integer has is of no other amount, and of none that must add up."""
    for each in form.fields:
        if each.exponent is None:
            continue
        spelled = each.converter
        fits = isinstance(spelled, MoneyForm) and spelled.form == "integer" and spelled.unit == "minor"
        if not fits or each.parts or each.net is not None:
            path = compiled.key_of(form.name, "fields", each.name)
            says = f'exponent means nothing on "{each.name}": it is of integers in minor units, without parts or net'
            compiled.complain("GW123", path, says, 'form = "integer", unit = "minor"', part="exponent")
