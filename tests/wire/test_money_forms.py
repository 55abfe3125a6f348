"""Money forms: a million exact round trips, what is refused, and at what cost."""

import os
import random
import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from jiter import LosslessFloat

from gateway.canon.faults import Fault
from gateway.canon.money import EXPONENTS, Money
from gateway.canon.outcomes import Outcome
from gateway.wire.jsontext import Bare, read_json, write_json
from gateway.wire.message import Garbled
from gateway.wire.money_forms import MoneyForm, loss

FORMS = [
    MoneyForm(form, unit, decimals)
    for form in ("number", "integer", "text")
    for unit in ("major", "minor", 1, 100, 1000, 100_000, 10**8)
    for decimals in (None, 0, 2, 6, 18)
    if form != "integer" or not decimals
]
TRIPS = 1_000_000
BATCH = 250  # one JSON list, within the reader's bound of 256 items


@pytest.mark.heavy
def test_a_million_round_trips() -> None:
    """Every currency in every form that can carry it: amount -> JSON bytes -> amount, equal to the last digit."""
    seed = int(os.environ.get("GATEWAY_SEED", "20260101"))
    print(f"seed {seed} (GATEWAY_SEED)")
    dice = random.Random(seed)
    pairs = [(form, code) for form in FORMS for code in EXPONENTS if loss(form, code) is None]
    assert {code for _, code in pairs} == set(EXPONENTS)
    assert {form.form for form, _ in pairs} == {"number", "integer", "text"}
    assert len(pairs) * BATCH > TRIPS / 2
    dice.shuffle(pairs)
    done = 0
    while done < TRIPS:
        form, code = pairs[done // BATCH % len(pairs)]
        most = 10 ** dice.choice((1, 3, 6, 12, 18, 20))
        units = [0, 1, most, *(dice.randrange(most) for _ in range(BATCH - 3))]
        amounts = [Money.from_units(one, code).amount for one in units]
        texts = [form.write(amount, code) for amount in amounts]
        values = read_json(write_json([Bare(text) for text in texts] if form.bare else texts))
        back = [form.read(value, code) for value in values]
        assert back == amounts, (form, code)
        done += BATCH


@pytest.mark.parametrize(
    ("form", "currency", "amount", "text"),
    [
        (MoneyForm("number"), "EUR", "87.5", "87.50"),
        (MoneyForm("number"), "JPY", "87", "87"),
        (MoneyForm("text"), "IQD", "0.1", "0.100"),
        (MoneyForm("text", decimals=6), "EUR", "0.10", "0.100000"),
        (MoneyForm("text", decimals=2), "JPY", "5", "5.00"),
        (MoneyForm("number", "minor"), "EUR", "10", "1000"),
        (MoneyForm("number", "minor", decimals=1), "EUR", "10", "1000.0"),
        (MoneyForm("integer", "minor"), "KWD", "0.001", "1"),
        (MoneyForm("integer", "minor"), "JPY", "7", "7"),
        (MoneyForm("integer", 100_000), "EUR", "87.50", "8750000"),
        (MoneyForm("integer", 100_000), "JPY", "1", "100000"),
        (MoneyForm("number", 1000), "BTC", "0.00000001", "0.00001"),
        (MoneyForm("text"), "ETH", "0.000000000000000001", "0.000000000000000001"),
        (MoneyForm("integer"), "EUR", "12.00", "12"),
        (MoneyForm("text"), "EUR", "1E+3", "1000.00"),
        (MoneyForm("text"), "EUR", "-0.00", "0.00"),
        (MoneyForm("text", signed=True), "EUR", "-0.05", "-0.05"),
        (MoneyForm("integer", "minor", signed=True), "EUR", "-12.5", "-1250"),
        (MoneyForm("number"), None, "87.5", "87.5"),
        (MoneyForm("integer", 100_000), None, "87.5", "8750000"),
        (MoneyForm("number", 100), None, "0.005", "0.5"),
    ],
)
def test_spelling(form: MoneyForm, currency: str | None, amount: str, text: str) -> None:
    """An amount has one spelling in a form, and that spelling is the amount again."""
    assert form.write(Decimal(amount), currency) == text
    assert form.read_text(text, currency) == Decimal(amount)
    value = read_json(text.encode()) if form.bare else text
    assert form.read(value, currency) == Decimal(amount)


def test_read_spells_by_the_ledger() -> None:
    """Two spellings of one amount give the same Decimal, digits included, so that texts of ours can be compared."""
    form = MoneyForm("number", "minor")
    assert str(form.read(1000, "EUR")) == str(form.read(LosslessFloat(b"1000.0"), "EUR")) == "10.00"
    assert str(MoneyForm("number").read(LosslessFloat(b"1e1"), "EUR")) == "10.00"


def refused(do: Callable[[], object]) -> Fault:
    """The Fault that *do* raises."""
    with pytest.raises(Fault) as caught:
        do()
    return caught.value


@pytest.mark.parametrize("form", ["number", "integer"])
@pytest.mark.parametrize("value", ["10", True, False, None, [], {}, [10], {"a": 1}, 10.0, ""])
def test_a_number_is_due(form: str, value: object) -> None:
    """Where a JSON number is due, a string, a flag, a list or a float of ours is amount_invalid."""
    assert refused(lambda: MoneyForm(form).read(value, "EUR")).outcome is Outcome.AMOUNT_INVALID  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [10, LosslessFloat(b"10.0"), True, None, [], {}, ["10"]])
def test_a_text_is_due(value: object) -> None:
    """Where a text is due, a number is amount_invalid."""
    assert refused(lambda: MoneyForm("text").read(value, "EUR")).outcome is Outcome.AMOUNT_INVALID


def test_lenient_reads_both() -> None:
    """A lenient form takes the number in quotes too, and nothing else besides."""
    form = MoneyForm("number", lenient=True)
    assert form.read("87.50", "EUR") == form.read(LosslessFloat(b"87.50"), "EUR") == Decimal("87.50")
    for value in (True, None, "", "x", " 1"):
        assert refused(lambda value=value: form.read(value, "EUR")).outcome is Outcome.AMOUNT_INVALID


def test_integer_may_be_spelled_with_a_point() -> None:
    """1000.0 is a whole number, 1000.5 is not, whatever the unit could carry."""
    form = MoneyForm("integer", "minor")
    assert form.read(LosslessFloat(b"1000.0"), "EUR") == 10
    assert refused(lambda: form.read(LosslessFloat(b"1000.5"), "EUR")).outcome is Outcome.AMOUNT_INVALID
    fine = MoneyForm("integer", 100)
    assert refused(lambda: fine.read(LosslessFloat(b"1000.5"), None)).why == "not a whole number"


@pytest.mark.parametrize(
    ("form", "value", "currency"),
    [
        (MoneyForm("integer", 100_000), 1, "EUR"),
        (MoneyForm("integer", 100_000), 123_456, "EUR"),
        (MoneyForm("integer", 100_000), 50_000, "JPY"),
        (MoneyForm("number"), LosslessFloat(b"0.001"), "EUR"),
        (MoneyForm("number"), LosslessFloat(b"0.0001"), "KWD"),
        (MoneyForm("number", "minor"), LosslessFloat(b"0.5"), "EUR"),
        (MoneyForm("text"), "1.5", "JPY"),
        (MoneyForm("text", inexact="truncate"), "1.005", "EUR"),
    ],
)
def test_finer_than_the_ledger_is_refused(form: MoneyForm, value: object, currency: str) -> None:
    """An amount that is not a whole number of ledger units is refused, not rounded, also by a form that truncates."""
    fault = refused(lambda: form.read(value, currency))
    assert fault.outcome is Outcome.AMOUNT_INVALID
    assert fault.why == f"finer than {currency}'s smallest unit"


def test_a_sign_needs_a_signed_form() -> None:
    """Negative is refused in both directions unless the table declares a signed form."""
    plain, signed = MoneyForm("number"), MoneyForm("number", signed=True)
    for value in (-1, LosslessFloat(b"-0.01"), LosslessFloat(b"-0.0")):
        assert refused(lambda value=value: plain.read(value, "EUR")).why == "negative amount"
    assert signed.read(-1, "EUR") == -1
    assert signed.read(LosslessFloat(b"-0.01"), "EUR") == Decimal("-0.01")
    assert refused(lambda: plain.write(Decimal("-0.01"), "EUR")).outcome is Outcome.AMOUNT_INVALID
    assert refused(lambda: plain.write(Decimal("-0.01"), "EUR", exact=False)).outcome is Outcome.AMOUNT_INVALID


def test_currency() -> None:
    """Minor units need one; an unknown one is refused by every form; other units can be read without."""
    assert refused(lambda: MoneyForm("number", "minor").read(1, None)).outcome is Outcome.REQUEST_INVALID
    assert refused(lambda: MoneyForm("number", "minor").write(Decimal(1), None)).outcome is Outcome.REQUEST_INVALID
    for form in (MoneyForm("number"), MoneyForm("number", "minor"), MoneyForm("number", 100)):
        assert refused(lambda form=form: form.read(1, "XAU")).outcome is Outcome.CURRENCY_MISMATCH
        assert refused(lambda form=form: form.write(Decimal(1), "XAU")).outcome is Outcome.CURRENCY_MISMATCH
    assert MoneyForm("integer", 100_000).read(8_750_000, None) == Decimal("87.5")
    assert MoneyForm("text").read("0.001", None) == Decimal("0.001")


@pytest.mark.parametrize(
    ("form", "currency", "amount", "cut"),
    [
        (MoneyForm("text", decimals=2, inexact="truncate"), "KWD", "1.999", "1.99"),
        (MoneyForm("integer", 100_000, inexact="truncate"), "BTC", "0.12345678", "12345"),
        (MoneyForm("integer", inexact="truncate"), "EUR", "0.99", "0"),
        (MoneyForm("number", inexact="truncate"), "EUR", "1.239", "1.23"),
        (MoneyForm("number", decimals=6, inexact="truncate"), "EUR", "1.239", "1.230000"),
        (MoneyForm("number", inexact="truncate", signed=True), "EUR", "-1.239", "-1.23"),
    ],
)
def test_balances_are_cut_only_where_the_form_says_so(form: MoneyForm, currency: str, amount: str, cut: str) -> None:
    """A balance is cut towards zero by a truncating form; an amount never; by a refusing form neither."""
    value = Decimal(amount)
    assert form.write(value, currency, exact=False) == cut
    assert refused(lambda: form.write(value, currency)).outcome is Outcome.AMOUNT_INVALID
    strict = MoneyForm(form.form, form.unit, form.decimals, signed=form.signed)
    assert refused(lambda: strict.write(value, currency, exact=False)).outcome is Outcome.AMOUNT_INVALID


def test_loss() -> None:
    """What a form cannot carry is said in a few words, per currency."""
    assert loss(MoneyForm("integer", 100_000), "BTC") == "carries 5 of BTC's 8 decimals"
    assert loss(MoneyForm("text", decimals=2), "KWD") == "carries 2 of KWD's 3 decimals"
    assert loss(MoneyForm("integer"), "EUR") == "carries 0 of EUR's 2 decimals"
    assert loss(MoneyForm("integer", 100_000), "IQD") is None
    for code in EXPONENTS:
        for form in (MoneyForm("number"), MoneyForm("text"), MoneyForm("integer", "minor"), MoneyForm("text", 100)):
            assert loss(form, code) is None


@pytest.mark.parametrize("form", FORMS)
def test_loss_tells_the_truth(form: MoneyForm) -> None:
    """A form that loses cannot write the smallest unit; one that loses nothing can."""
    for code in ("JPY", "EUR", "IQD", "CLF", "BTC", "ETH"):
        unit = Money.from_units(1, code).amount
        if loss(form, code) is None:
            assert form.read_text(form.write(unit, code), code) == unit
        else:
            assert refused(lambda unit=unit, code=code: form.write(unit, code)).outcome is Outcome.AMOUNT_INVALID


def test_bare() -> None:
    """Only text stands in quotes."""
    assert [MoneyForm(form).bare for form in ("number", "integer", "text")] == [True, True, False]


@pytest.mark.parametrize("unit", [0, -1, 3, 99, 110, 10**41, True])
def test_a_unit_is_a_power_of_ten(unit: int) -> None:
    """Division by anything else would not end."""
    with pytest.raises(ValueError, match="power of ten"):
        MoneyForm("integer", unit)


def test_decimals_have_bounds() -> None:
    """No negative count, no thousand digits, none for an integer."""
    for form, decimals in (("number", -1), ("text", 41), ("integer", 2)):
        with pytest.raises(ValueError, match="decimals"):
            MoneyForm(form, decimals=decimals)  # type: ignore[arg-type]


HOSTILE = [
    "1e1000000", "1e999999999", "1E400", "1e100", "1e-1000000", "1e99", "-1e99", "0e99", "1e041", "1e+-5",
    "1e", "1e5.0",
    "NaN", "nan", "sNaN", "-NaN", "NaN123", "Infinity", "-Infinity", "inf", "Inf",
    "1_000.00", "1_0", "1,000.00", "1,5", "1 000", "1'000", "1.000.000", "1.2.3",
    " 1", "1 ", "\t1", "1\n", "\n1", "1\r\n", "\u00a01", "1\u2003", "\ufeff1", "1\u200b", "1\0", "\x001",
    "+5", "++5", "--5", "- 5", "5-", "\u22125", "-", "+", "-0", "-0.00", "-1", "-0.01",
    ".5", "5.", ".", "-.5", "..", "00", "01", "007.50", "-01",
    "0x10", "0b1", "0o7", "1f", "1d", "1L", "10n", "$5", "5 EUR", "\u20ac5", "5%", "1/2", "1+1",
    "", " ", "null", "true", "None", "[]", "{}", "\"5\"", "'5'",
    "\uff11\uff12", "\u0661\u0662", "\u06f1", "\u0967", "\u00b2", "\u00bd", "\u2167", "\u4e00", "1\uff0e5", "1\u066b5",
    "\U0001d7d9", "1\ud800",
    "9" * 41, "9" * 5_000, "9" * 60_000, "1" + "0" * 60_000, "0." + "0" * 60_000 + "1", "0" * 60_000,
    "1e" + "9" * 60_000,
    "1." + "9" * 41, "0.001", "9" * 40 + "e40", "1e" + "0" * 60_000, "-" * 60_000, "." * 60_000, "1_" * 30_000,
]  # fmt: skip


def cpu(do: Callable[[], object]) -> float:
    """The least seconds of CPU that *do* took in five runs."""
    best = 1.0
    for _ in range(5):
        begun = time.process_time()
        do()
        best = min(best, time.process_time() - begun)
    return best


@pytest.mark.parametrize("number", range(len(HOSTILE)))
@pytest.mark.parametrize("form", [MoneyForm("text"), MoneyForm("number", "minor"), MoneyForm("integer", 100_000)])
def test_hostile_texts(form: MoneyForm, number: int) -> None:
    """Each is refused as amount_invalid, wherever text is read, in under a millisecond and without being quoted."""
    text = HOSTILE[number] if HOSTILE[number] != "0.001" else "0.0000000001"

    def attempt() -> Fault:
        try:
            form.read_text(text, "EUR")
        except Fault as fault:
            return fault
        raise AssertionError("accepted")

    fault = attempt()
    assert fault.outcome is Outcome.AMOUNT_INVALID
    assert len(text) < 5 or text not in str(fault)
    assert cpu(attempt) < 0.001


# White space around a number is JSON's own, and the parser reads -0 as the integer 0.
@pytest.mark.parametrize("number", [n for n, text in enumerate(HOSTILE) if text.strip(" \t\r\n") not in ("1", "-0")])
def test_hostile_json_numbers(number: int) -> None:
    """The same as a bare JSON number: the parser or the form refuses, in under a millisecond."""
    text = HOSTILE[number]
    raw = b'{"a":' + text.encode("utf-8", "surrogatepass") + b"}"
    form = MoneyForm("number")

    def attempt() -> str:
        try:
            form.read(read_json(raw).get("a"), "EUR")
        except (Fault, Garbled) as refusal:
            return str(refusal)
        raise AssertionError("accepted")

    assert "60000" not in attempt()
    assert cpu(attempt) < 0.001


@pytest.mark.parametrize("form", [MoneyForm("text"), MoneyForm("number"), MoneyForm("text", decimals=2), MoneyForm()])
def test_what_is_spelled_as_we_spell_it_is_still_looked_at(form: MoneyForm) -> None:
    """The short way for texts that need no change takes no text, and writes none, that the long way would not."""
    assert str(form.read_text("0.10", "EUR")) == "0.10"  # from now on it is known how the euro is spelled
    for odd in (
        "00.10",
        "0.10\n",
        " 0.10",
        "-0.10",
        "+0.10",
        "0.1O",
        "\u0660.10",
        "0\u066b10",
        "1" * 41 + ".10",
        ".10",
    ):
        with pytest.raises(Fault):
            form.read_text(odd, "EUR")
    assert str(form.read_text("1" * 40 + ".10", "EUR")) == "1" * 40 + ".10"
    for value in ("NaN", "-NaN", "sNaN", "Infinity", "-Infinity"):
        for currency in ("EUR", "IQD", "BTC"):
            with pytest.raises(ValueError, match="finite"):
                form.write(Decimal(value), currency)
    assert form.write(Decimal("-0.00"), "EUR") == "0.00"
    with pytest.raises(Fault):
        form.write(Decimal("-0.10"), "EUR")
