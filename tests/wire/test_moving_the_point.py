"""Amounts are read and written by moving the point in a text: held against arithmetic that is exact and slow."""

from decimal import Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st

from gateway.canon.faults import Fault
from gateway.canon.money import EXPONENTS, exact
from gateway.wire.money_forms import MoneyForm

CODES = st.sampled_from(["JPY", "EUR", "KWD", "BTC", "ETH", "VND"])
FORMS = st.builds(
    MoneyForm,
    form=st.sampled_from(["number", "text"]),
    unit=st.sampled_from(["major", "minor", 1, 100, 100_000, 10**18]),
    decimals=st.sampled_from([None, 0, 2, 8]),
    inexact=st.sampled_from(["refuse", "truncate"]),
    signed=st.booleans(),
    minus=st.sampled_from(["refused", "ignored"]),
    shifts=st.sampled_from([(), (("VND", 3),)]),
)
TEXTS = st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9])?", fullmatch=True)


def factor(form: MoneyForm, code: str) -> Decimal:
    """How many of theirs make one of ours."""
    unit = 10 ** EXPONENTS[code] if form.unit == "minor" else 1 if form.unit == "major" else form.unit
    return Decimal(unit).scaleb(-dict(form.shifts).get(code, 0))


@given(FORMS, CODES, TEXTS)
def test_read(form: MoneyForm, code: str, text: str) -> None:
    """The same amount, with as many decimals as the currency has; refused where it is finer, or below nothing."""
    with localcontext(prec=200):
        stated = exact(text).copy_abs() if form.minus == "ignored" else exact(text)
        ours, unit = stated / factor(form, code), Decimal(1).scaleb(-EXPONENTS[code])
        if (stated.is_signed() and not form.signed) or ours % unit:
            due = None
        else:
            due = str(ours.quantize(unit)) if ours else str(unit * 0)
    try:
        found = str(form.read_text(text, code))
    except Fault:
        found = None
    assert (found and Decimal(found).as_tuple()) == (due and Decimal(due).as_tuple())


@given(FORMS, CODES, st.decimals(-(10**12), 10**12, places=9), st.booleans())
def test_write(form: MoneyForm, code: str, amount: Decimal, exactly: bool) -> None:
    """The same number, cut towards zero only where the form says so; a sign needs a signed form."""
    with localcontext(prec=200):
        theirs, places = amount * factor(form, code), len(form.write(Decimal(0), code).partition(".")[2])
        unit = max(Decimal(1).scaleb(-places), Decimal(1).scaleb(-EXPONENTS[code]) * factor(form, code))
        cut = theirs - theirs.copy_abs() % unit * (-1 if theirs.is_signed() else 1)
        lost = cut != theirs and (exactly or form.inexact == "refuse")
        due = None if lost or (cut < 0 and not form.signed) else format(cut if cut else cut.copy_abs(), f".{places}f")
    try:
        found = form.write(amount, code, exact=exactly)
    except Fault:
        found = None
    assert found == due
