"""How one kind of party speaks: recognising, verifying, keys, literals of [missing], and the way back."""

import base64
from decimal import Decimal

import pytest

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.keys import Keys
from gateway.dialect.sayings import Literally
from gateway.dialect.shelf import Shelf
from gateway.wire.message import Request
from tests.dialect.made import SECRET, answer, dialect, keys, request

NOW = 1_700_000_000.0
BET = '{"player": "p", "currency": "EUR", "id": "t", "round": "r", "amount": 5}'
CALL = Call(Operation.BET, player="p", currency="EUR", transaction="t", round="r", amount=Decimal("5.00"))


def fault(made: Dialect, message: Request, *, verify: bool = False, bound: Keys | None = None) -> Outcome:
    """The outcome with which it is refused."""
    opened = made.open(message)
    try:
        form = made.recognise(opened)
        if verify:
            made.verify(form.name, opened, bound or keys(made), NOW)
        made.read_call(form, opened)
    except Fault as refusal:
        return refusal.outcome
    raise AssertionError("it is not refused")


def test_a_body_is_decoded_as_its_path_has_it() -> None:
    """A form on one path, JSON on the others, and on a path that nobody knows."""
    made = dialect('[operations.balance]\nbody = "form"')
    opened = made.open(request("/balance", "player=p&currency=EUR"))
    assert made.read_call(made.recognise(opened), opened).player == "p"
    assert made.open(request("/bet", BET)).body["id"] == "t"
    assert made.open(request("/nothing", "{}")).body == {}


def test_the_method_decides_which_of_two_on_one_path() -> None:
    """A GET and a POST of the same path are two operations, each with its own way of decoding."""
    made = dialect(
        '[operations.player]\npath = "/balance"\nmethod = "GET"\nbody = "none"\n'
        'fields = { player = "query.player", currency = "query.currency", session = false, time = false }'
    )
    assert made.recognise(made.open(request("/balance", "{}"))).name == "balance"
    opened = made.open(Request("GET", "/balance", "player=p&currency=EUR", (), b""))
    form = made.recognise(opened)
    assert (form.name, made.read_call(form, opened).player) == ("player", "p")


def test_the_narrower_when_goes_first() -> None:
    """A variant with more conditions is tried before the one that its message would fit as well."""
    made = dialect(
        '[operations.free_bet]\noperation = "bet"\npath = "/bet"\nwhen = { "body.free" = true }\n'
        'set = { free = true }\ncodes.insufficient_funds = "NO_MONEY"\n'
        'fields = { transaction = "body.id", round = "body.round", amount = "body.amount" }\n'
        '[effects.free_bet]\nrolls_back = ["ERROR", { http = 500 }, { no_answer = true }]'
    )
    assert made.recognise(made.open(request("/bet", BET))).name == "bet"
    assert made.recognise(made.open(request("/bet", BET[:-1] + ', "free": true}'))).name == "free_bet"
    assert made.operations()[Operation.BET] == ["free_bet", "bet"]
    assert made.variant_for(CALL).name == "bet"


def test_a_body_that_when_needs_and_nobody_can_read() -> None:
    """request_invalid, not an unknown operation: what it is cannot be said."""
    made = dialect('[operations.bet]\nwhen = { "body.kind" = "bet" }')
    assert fault(made, request("/bet", "{")) is Outcome.REQUEST_INVALID
    assert fault(made, request("/bet", BET)) is Outcome.UNSUPPORTED_OPERATION


def test_signatures() -> None:
    """The receiver checks what the sender made; no signature, another key, another body: forged."""
    made = dialect()
    _, signed = made.write_call(CALL, keys(made, "sender"), NOW)
    opened = made.open(signed)
    assert made.verify("bet", opened, keys(made), NOW) == "key 1"
    assert fault(made, request("/bet", BET), verify=True) is Outcome.SIGNATURE_INVALID
    two = made.bind({"key": [b"an-older-secret-of-nobody-at-all", SECRET]})
    assert made.verify("bet", opened, two, NOW) == "key 2"
    other = made.bind({"key": [b"another-secret-of-nobody-at-all"]})
    assert fault(made, signed, verify=True, bound=other) is Outcome.SIGNATURE_INVALID


def test_a_secret_that_is_not_given() -> None:
    """It is named, and nothing of the others is shown."""
    with pytest.raises(ValueError, match="key") as caught:
        dialect().bind({"other": [SECRET]})
    assert SECRET.decode() not in str(caught.value)


def test_which_secrets_a_role_needs() -> None:
    """Nothing where nothing is signed; one name for each recipe otherwise."""
    assert dialect().secrets("receiver") == {"key"}
    none = 'without = ["request.signature"]\n[request.signature]\nscheme = "none"'
    assert dialect(none).secrets("receiver") == dialect(none).secrets("sender") == set()
    own = '[answers.signature]\nrecipe = "hmac-raw"\nat = "header.X-Answer"\nsecret = "answers"'
    assert dialect(own).secrets("receiver") == dialect(own).secrets("sender") == {"key", "answers"}


def test_a_reply_whose_signature_is_wrong_is_unknown() -> None:
    """Whatever it says, nobody knows who said it."""
    made = dialect('[answers.signature]\nlike = "request.signature"')
    reply, why = made.read_reply("bet", CALL, answer('{"code": "OK", "text": "x"}'), keys(made, "sender"), NOW)
    assert reply.outcome is Outcome.UNKNOWN
    assert why.startswith("the answer's signature: ")


def test_an_operation_that_this_dialect_lacks() -> None:
    """unsupported_operation, before anything is written."""
    with pytest.raises(Fault) as caught:
        dialect().variant_for(Call(Operation.STATUS))
    assert caught.value.outcome is Outcome.UNSUPPORTED_OPERATION


def test_literals_of_missing() -> None:
    """The first source that has a value; a literal in a refusal alone; what is there is never replaced."""
    made = dialect(
        '[answers]\nbody = \'\'\'{"code": "$code", "id": "$request_id", "who": "$nickname?"}\'\'\'\n'
        '[missing]\nrequest_id = ["transaction", "none"]\nnickname = ["session", "player"]'
    )

    def said(outcome: Outcome, **facts: str) -> str:
        response = made.write_answer("bet", outcome, facts, keys(made), NOW)
        assert response is not None
        return response.body.decode()

    assert made.missing["request_id"] == ("transaction", Literally("none"))
    assert said(Outcome.PLAYER_BLOCKED) == '{"code":"REFUSED","id":"none"}'
    assert said(Outcome.PLAYER_BLOCKED, transaction="t") == '{"code":"REFUSED","id":"t"}'
    assert said(Outcome.OK, request_id="i", transaction="t", player="p") == '{"code":"OK","id":"i","who":"p"}'
    assert made.unfilled("bet", Outcome.OK, {"request_id": "i"}).keys() == {"nickname"}


def test_headers_go_with_a_body_only() -> None:
    """A bare status says nothing of a content type."""
    made = dialect("[unread]\ncodes.maintenance = { http = 503 }")
    spoken = made.write_answer(None, Outcome.REQUEST_INVALID, {}, keys(made), NOW)
    bare = made.write_answer(None, Outcome.MAINTENANCE, {}, keys(made), NOW)
    assert spoken is not None
    assert bare is not None
    assert ("Content-Type", "application/json") in spoken.headers
    assert all(name.lower() != "content-type" for name, _ in bare.headers)
    assert (bare.status, bare.body) == (503, b"")


def test_signed_parts_that_cannot_be_read() -> None:
    """request_invalid: the signature is well-formed, and what it would cover has no fields to sort."""
    made = dialect('[request.signature]\nrecipe = "hmac-sorted-values"\nat = "header.X-Signature"\nsecret = "key"')
    signature = base64.b64encode(bytes(64)).decode()
    message = Request("POST", "/bet", "", (("X-Signature", signature),), b"{")
    assert fault(made, message, verify=True) is Outcome.REQUEST_INVALID


def test_a_signature_of_the_wrong_form_is_judged_before_the_body() -> None:
    """signature_invalid: it cannot be this recipe's, so nothing of an unreadable body is looked at."""
    made = dialect('[request.signature]\nrecipe = "hmac-sorted-values"\nat = "header.X-Signature"\nsecret = "key"')
    message = Request("POST", "/bet", "", (("X-Signature", "00" * 32),), b"{")
    assert fault(made, message, verify=True) is Outcome.SIGNATURE_INVALID


def test_a_field_that_was_renamed_on_the_way() -> None:
    """A recipe over values alone does not see it: a documented name gone and an undocumented one there is forged."""
    made = dialect('[request.signature]\nrecipe = "hmac-sorted-values"\nat = "header.X-Signature"\nsecret = "key"')
    _, signed = made.write_call(CALL, keys(made, "sender"), NOW)
    assert made.verify("bet", made.open(signed), keys(made), NOW) == "key 1"
    renamed = Request("POST", "/bet", "", signed.headers, signed.body.replace(b'"round"', b'"rownd"'))
    assert renamed.body != signed.body
    with pytest.raises(Fault, match="renamed"):
        made.verify("bet", made.open(renamed), keys(made), NOW)


def test_whether_any_answer_tells_the_time() -> None:
    """EvenBet's do, Scorpio's do not: nothing is made for the latter."""
    shelf = Shelf()
    assert shelf.dialect("evenbet").tells_time
    assert not shelf.dialect("scorpio").tells_time
