"""HMAC over chosen fields in a fixed order, the result inside the body: number literals count as they were sent."""

import hmac

import pytest

from gateway.wire.jsontext import Bare
from gateway.wire.message import Garbled, Request
from gateway.wire.opened import Draft, Opened
from gateway.wire.signatures import BoundRecipe, Forged, Recipe

SECRET = b"not-a-real-secret"
SECTION = {
    "scheme": "hmac",
    "digest": "sha256",
    "encoding": "hex",
    "over": ["body.merchant", "body.amount", "body.id", "body.at"],
    "at": "body.hash",
    "secret": "key",
}


WHOLE = '{"at":17,"hash":"TAG","id":"t1","amount":NUMBER,"merchant":"m1","more":[1]}'
LACKING = '{"at":17,"hash":"TAG","id":"t1","merchant":"m1"}'


def bound() -> BoundRecipe:
    return Recipe.compile(SECTION).bind({"key": [SECRET]})


def tag(text: str) -> str:
    return hmac.digest(SECRET, text.encode(), "sha256").hex()


def sent(body: str) -> Opened:
    return Opened(Request("POST", "/debit", "", (), body.encode()))


@pytest.mark.parametrize("literal", ["1", "1.0", "1.00", "1E0", "0.10", "100000000000000000000.000000001"])
def test_a_number_is_signed_as_it_was_sent(literal: str) -> None:
    """No float on the way: 1.0 and 1.00 are two texts, whatever the order of the body's fields."""
    body = WHOLE.replace("TAG", tag(f"m1{literal}t117")).replace("NUMBER", literal)
    assert bound().check(sent(body), 0) == "key 1"


@pytest.mark.parametrize(("signed", "literal"), [("1.0", "1.00"), ("1.00", "1.0"), ("1", "1.0"), ("1.0", "1")])
def test_the_same_amount_in_other_digits_is_forged(signed: str, literal: str) -> None:
    body = WHOLE.replace("TAG", tag(f"m1{signed}t117")).replace("NUMBER", literal)
    with pytest.raises(Forged, match="fits no key"):
        bound().check(sent(body), 0)


def test_what_is_written_is_signed_from_its_own_bytes() -> None:
    """The sender writes the message first, and reads the parts from it."""
    draft = Draft("json", "POST", "/debit")
    draft.body = {"merchant": "m1", "amount": Bare("2.50"), "id": "t1", "at": 17}
    bound().make(draft, 0)
    opened = Opened(draft.request())
    assert opened.body["hash"] == tag("m12.50t117")
    assert bound().check(opened, 0) == "key 1"


def test_a_body_that_is_written_already_gets_its_signature_inside() -> None:
    """Answers are written from samples, examples are bytes; every literal stays as it was."""
    draft = Draft(
        "json", "POST", "/debit", raw=b'{ "merchant": "m1", "amount": 2.50, "id": "t1", "at": 17, "x": 1.10 }'
    )
    bound().make(draft, 0)
    made = draft.request()
    due = '{"merchant":"m1","amount":2.50,"id":"t1","at":17,"x":1.10,"hash":"TAG"}'
    assert made.body.decode() == due.replace("TAG", tag("m12.50t117"))
    assert bound().check(Opened(made), 0) == "key 1"


def test_a_missing_part_is_the_bodys_fault_and_a_missing_signature_is_forged() -> None:
    with pytest.raises(Garbled, match=r"body\.amount"):
        bound().check(sent(LACKING.replace("TAG", tag("m1t117"))), 0)
    with pytest.raises(Forged, match="absent"):
        bound().check(sent('{"at":17,"id":"t1","amount":1,"merchant":"m1"}'), 0)
