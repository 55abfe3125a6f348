"""Shapes of answers: what is written for a name, what is read back, and what is refused on the way."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.faults import Fault
from gateway.dialect.answerform import AnswerForm, Spelling, Unfilled
from gateway.dialect.wireanswer import WireAnswer
from gateway.wire.money_forms import MoneyForm
from gateway.wire.templates import Sample
from gateway.wire.times import Time

MONEY = MoneyForm("number", "major")
SPELLING = Spelling({"balance": MONEY, "amount": MONEY}, Time())
AT = datetime(2026, 1, 2, tzinfo=UTC)


def shape(body: str | None, http: tuple[int, ...] | str = (200,)) -> AnswerForm:
    """A shape with this sample."""
    return AnswerForm(http, (), Sample(body) if body is not None else None, SPELLING)


def said(body: str, facts: dict[str, Any], answer: WireAnswer | None = None) -> str:
    """The body that is written."""
    return shape(body).write(answer or WireAnswer("OK"), facts, "Done")[1].decode()


def test_the_status() -> None:
    """The first of the shape's, the row's own before it, or the code itself."""
    assert shape("{}", (201, 200)).write(WireAnswer("OK"), {}, "") == (201, b"{}")
    assert shape("{}", (201, 200)).write(WireAnswer("OK", http=402), {}, "") == (402, b"{}")
    assert shape("{}", "$code").write(WireAnswer(404), {}, "") == (404, b"{}")


def test_a_bare_status_has_no_body() -> None:
    """Nor has a shape without a sample."""
    assert shape('{"a": 1}').write(WireAnswer(http=503), {}, "") == (503, b"")
    assert shape(None).write(WireAnswer("OK"), {}, "") == (200, b"")


def test_codes_of_every_type() -> None:
    """In quotes a text, bare a number or a flag; no code is left out where it may be."""
    assert said('{"code": "$code", "text": "$message"}', {}) == '{"code":"OK","text":"Done"}'
    assert said('{"code": $code}', {}, WireAnswer(7)) == '{"code":7}'
    assert said('{"code": $code}', {}, WireAnswer(False)) == '{"code":false}'
    assert said('{"code": "$code?"}', {}, WireAnswer()) == "{}"


def test_values_of_every_kind() -> None:
    """Amounts by the money form, moments by the time form, ids, lists and flags as JSON has them."""
    facts = {"balance": Decimal("5.10"), "now": AT, "reference": ("a", "b"), "round_end": True, "currency_exponent": 2,
             "player": "p", "currency": "EUR"}  # fmt: skip
    body = '{"b": $balance, "t": "$now", "r": $reference, "e": $round_end, "x": $currency_exponent, "p": "$player"}'
    assert said(body, facts) == '{"b":5.10,"t":"2026-01-02T00:00:00Z","r":["a","b"],"e":true,"x":2,"p":"p"}'


def test_a_demanded_name_without_a_value() -> None:
    """Unfilled names it; a name with ? is left out."""
    assert said('{"p": "$player?"}', {}) == "{}"
    with pytest.raises(Unfilled) as caught:
        said('{"p": "$player"}', {})
    assert caught.value.args == ("player",)


def test_a_balance_that_the_form_cannot_write_is_left_out() -> None:
    """Without a known currency nobody knows its units; nothing is invented, and a demanded one is unfilled."""
    facts = {"balance": Decimal("0.001"), "currency": "EUR"}
    assert said('{"b": $balance?}', facts) == "{}"
    with pytest.raises(Unfilled, match="balance"):
        said('{"b": $balance}', facts)


def test_an_id_without_quotes_is_a_whole_number() -> None:
    """As a JSON number "1e5" or "007" would be another player's id: unfilled, never changed."""
    assert said('{"p": $player}', {"player": "1001"}) == '{"p":1001}'
    for other in ("1e5", "007", "p", "1.0"):
        with pytest.raises(Unfilled, match="player"):
            said('{"p": $player}', {"player": other})


def test_what_a_shape_demands() -> None:
    """Names without ?, beside those that are always known."""
    form = shape('{"code": "$code", "m": "$message", "t": "$now", "p": "$player", "b": $balance?}')
    assert form.demands() == ["player"]
    assert shape(None).demands() == []
    slot = form.slot("player")
    assert slot is not None
    assert slot.keys == ("p",)
    assert form.slot("country") is None
    assert shape(None).slot("code") is None


def test_the_code_in_a_body() -> None:
    """Where the sample has it; of no other type than a scalar; or the status, where the table says so."""
    form = shape('{"error": {"code": "$code", "text": "$message"}}')
    assert form.code_in({"error": {"code": "NO"}}) == "NO"
    assert form.code_in({"error": {"code": ["NO"]}}) is None
    assert form.code_in({}) is None
    assert form.code_in([]) is None
    assert form.message_in({"error": {"text": "why"}}) == "why"
    assert form.message_in({"error": {"text": 1}}) == ""
    assert shape("{}").message_in({"text": "why"}) == ""
    assert shape("{}", "$code").code_in({}, 402) == 402
    assert shape("{}").code_in({}, 402) is None
    assert [each.shows_code for each in (form, shape("{}"), shape("{}", "$code"))] == [True, False, True]


def test_a_trace_of_a_code() -> None:
    """A step towards the code without the code itself proves nothing, success least of all."""
    form = shape('{"error": {"code": "$code"}}')
    assert form.trace_in({"error": {}})
    assert form.trace_in({"error": {"id": 4}})
    assert not form.trace_in({"balance": 5})
    assert not shape("{}").trace_in({"error": {}})


def test_what_is_read_back() -> None:
    """Each name in our words, an amount in the answer's own currency before the call's."""
    form = shape('{"code": "$code?", "b": $balance, "c": "$currency?", "t": "$now?", "x": $currency_exponent?, '
                 '"e": $round_end?, "p": "$player?"}')  # fmt: skip
    body = {"code": "OK", "b": 5, "c": "JPY", "t": "2026-01-02T00:00:00Z", "x": 0, "e": True, "p": 1001}
    assert form.read(body, "EUR") == {
        "balance": Decimal(5), "currency": "JPY", "now": AT, "currency_exponent": 0, "round_end": True,
        "player": "1001",
    }  # fmt: skip
    assert form.read({"b": 5, "code": "OK"}, "EUR") == {"balance": Decimal("5.00")}
    assert shape(None).read({"b": 5}, "EUR") == {}


def test_what_cannot_be_read_back() -> None:
    """A missing name, an amount of the wrong kind, an id that is none, a moment that is none."""
    form = shape('{"b": $balance, "t": "$now?", "p": "$player?", "x": $currency_exponent?}')
    with pytest.raises(Unfilled, match="balance"):
        form.read({}, "EUR")
    for odd in ({"b": "5"}, {"b": 5, "t": "never"}, {"b": 5, "p": 1.5}, {"b": 5, "x": "two"}):
        with pytest.raises(Fault):
            form.read(odd, "EUR")


def test_odd_prose_is_dropped() -> None:
    """A text for people never decides: one that is no text is as if it were not there."""
    form = shape('{"n": "$nickname?", "why": "$reason?"}')
    assert form.read({"n": {}, "why": "a reason"}, "EUR") == {"reason": "a reason"}


def test_only_a_balance_may_be_cut() -> None:
    """A form that truncates cuts a balance; an amount that it cannot carry is not said at all."""
    cuts = MoneyForm("number", "major", decimals=1, inexact="truncate")
    form = AnswerForm((200,), (), Sample('{"b": $balance, "a": $amount?}'), Spelling({"balance": cuts, "amount": cuts},
                      Time()))  # fmt: skip
    facts = {"balance": Decimal("1.99"), "amount": Decimal("1.99"), "currency": "EUR"}
    assert form.write(WireAnswer("OK"), facts, "")[1] == b'{"b":1.9}'
