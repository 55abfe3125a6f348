"""Rows that cashiers need: ids made of a message, texts that stand for nothing, facts that are parked, the bag."""

from decimal import Decimal

import pytest

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.requestform import Reading
from tests.dialect.made import answer, complaints, dialect, keys, request

TABLE = """
[request]
body   = "form"
absent = ["null", "undefined"]
[money]
form = "text"
[answers]
body = '{"code": "$code", "text": "$message", "player": "$player?", "balance": "$balance?"}'
[operations.bet]
path = "/bet"
zero = "allowed"
fields.transaction = "body.id?"
fields.details = ["body.chain?", "body.coin?"]
[operations.bet.derive.transaction]
within_s  = 60
digest_of = ["body.player", "body.amount", { text = "|" }]
[operations.promo_win]
path = "/promo"
park_without = ["amount"]
fields.transaction = "body.id"
fields.amount = "body.amount?"
[effects.promo_win]
retries = ["ERROR", { http = 500 }, { no_answer = true }]
because = "two words for every refusal"
"""
BET = "player=p&currency=EUR&round=r&amount=5.00"


@pytest.fixture(scope="module")
def made() -> Dialect:
    """The base table, as a form, with all of these rows."""
    return dialect(TABLE)


def read(made: Dialect, body: str, path: str = "/bet") -> Reading:
    """The message half read."""
    opened = made.open(request(path, body))
    return made.read(made.recognise(opened), opened)


def call_of(made: Dialect, body: str, path: str = "/bet") -> Call:
    """The whole call."""
    reading = read(made, body, path)
    return reading.form.call(reading, {})


# -- ids made of the message


def test_an_absent_id_is_a_digest_and_a_given_one_is_not(made: Dialect) -> None:
    """The same parts give the same id, other parts another; only a made one says for how long."""
    one, same, other = (read(made, f"{BET}{more}") for more in ("", "&note=x", ""))
    assert one.facts["transaction"] == same.facts["transaction"]
    assert len(one.facts["transaction"]) == 40
    assert (one.within_s, other.within_s) == (60, 60)
    assert read(made, BET.replace("5.00", "6.00")).facts["transaction"] != one.facts["transaction"]
    assert read(made, BET.replace("5.00", "5")).facts["transaction"] != one.facts["transaction"]
    given = read(made, f"{BET}&id=t1")
    assert (given.facts["transaction"], given.within_s) == ("t1", None)


@pytest.mark.parametrize("nothing", ["", "null", "undefined"])
def test_a_text_that_stands_for_nothing_is_no_id(made: Dialect, nothing: str) -> None:
    """The same digest as without the field."""
    assert read(made, f"{BET}&id={nothing}").facts == read(made, BET).facts


def test_parts_do_not_run_into_each_other(made: Dialect) -> None:
    """ "p" and "11" is another id than "p1" and "1"."""
    bodies = ("player=p&currency=EUR&round=r&amount=11", "player=p1&currency=EUR&round=r&amount=1")
    one, other = (read(made, body).facts["transaction"] for body in bodies)
    assert one != other


def test_a_digest_is_not_written(made: Dialect) -> None:
    """Playing this side, a call without an id is sent without one; one that has an id keeps it."""
    call = Call(Operation.BET, player="p", currency="EUR", round="r", amount=Decimal("5.00"))
    _, bare = made.write_call(call, keys(made, "sender"), 0.0)
    assert b"id=" not in bare.body.replace(b"roundid=", b"")
    assert call_of(made, bare.body.decode()).transaction == read(made, BET).facts["transaction"]


@pytest.mark.parametrize(
    ("rule", "code", "at"),
    [
        ('{ digest_of = ["secret"], within_s = 60 }', "GW119", "operations.bet.derive.transaction.digest_of"),
        ('{ digest_of = ["nowhere.x"], within_s = 60 }', "GW119", "operations.bet.derive.transaction.digest_of"),
        ('{ digest_of = ["body.player"], within_s = 0 }', "GW102", "operations.bet.derive.transaction.within_s"),
        ("{ digest_of = [], within_s = 60 }", "GW102", "operations.bet.derive.transaction.digest_of"),
    ],
)
def test_a_digest_that_is_none_is_refused(rule: str, code: str, at: str) -> None:
    """A secret, a place that is none, no time, no parts: a complaint at the key."""
    patch = f'[operations.bet]\nfields.transaction = "body.id?"\nderive.transaction = {rule}'
    found = complaints(patch)
    assert any(each == code and path.startswith(at) for each, path in found), found


def test_only_an_id_is_a_digest() -> None:
    """A round is no id of a movement."""
    patch = '[operations.bet]\nfields.round = "body.r?"\nderive.round = { digest_of = ["body.id"], within_s = 9 }'
    assert ("GW119", "operations.bet.derive.round") in complaints(patch)


# -- facts that are parked


@pytest.mark.parametrize("amount", ["", "null", "0.001", "a lot", "-1"])
def test_an_amount_that_cannot_be_read_is_left_out_where_the_row_says_so(made: Dialect, amount: str) -> None:
    """The call is whole but for the amount; elsewhere the same is refused."""
    call = call_of(made, f"player=p&currency=EUR&id=t1&amount={amount}", "/promo")
    assert (call.amount, call.transaction) == (None, "t1")
    with pytest.raises(Fault):
        call_of(made, f"player=p&currency=EUR&round=r&amount={amount}")


@pytest.mark.parametrize(
    ("patch", "at"),
    [
        ('[operations.bet]\npark_without = ["amount"]', "operations.bet.park_without"),
        ('[operations.win]\npark_without = ["amount"]', "operations.win.park_without"),
        ('[operations.win]\nfields.amount = "body.amount?"\npark_without = ["round"]', "operations.win.park_without"),
    ],
)
def test_what_cannot_be_parked_is_refused(patch: str, at: str) -> None:
    """A debit, an amount that is always there, a field that is no amount."""
    assert ("GW123", at) in complaints(patch)


# -- the bag


def test_the_bag_collects_all_its_places_and_is_written_back(made: Dialect) -> None:
    """Each under its own name; what is absent, or a text that stands for nothing, is not in it."""
    call = call_of(made, f"{BET}&chain=1&coin=null&id=t")
    assert call.details == {"chain": "1"}
    assert call_of(made, f"{BET}&id=t").details is None
    _, written = made.write_call(call, keys(made, "sender"), 0.0)
    assert b"chain=1" in written.body
    assert b"coin" not in written.body


def test_a_value_that_would_stand_for_nothing_is_not_written(made: Dialect) -> None:
    """An id that happens to be "null" cannot be said here."""
    call = Call(Operation.BET, player="p", currency="EUR", round="r", amount=Decimal(5), transaction="null")
    with pytest.raises(Fault) as caught:
        made.write_call(call, keys(made, "sender"), 0.0)
    assert caught.value.outcome is Outcome.WALLET_FAILED


# -- every other code


def heard(made: Dialect, body: str, status: int = 200) -> Outcome:
    """What a wallet's answer to a bet means."""
    call = Call(Operation.BET, player="p", currency="EUR", transaction="t", round="r", amount=Decimal(5))
    return made.read_reply("bet", call, answer(body, status), keys(made, "sender"), 0.0)[0].outcome


def test_every_other_code_and_none_may_be_heard_as_a_decline() -> None:
    """Where the documents say so; a listed word keeps its meaning, and a broken answer stays unknown."""
    made = dialect(
        '[operations.bet]\nheard_as.bet_not_allowed = ["*"]\n[answers.refused]\nbody = \'{"code": "$code"}\''
    )
    assert heard(made, '{"code": "NEVER_SEEN"}') is Outcome.BET_NOT_ALLOWED
    assert heard(made, '{"text": "no code"}') is Outcome.BET_NOT_ALLOWED
    assert heard(made, '{"code": "ERROR"}') is Outcome.UNKNOWN
    for body, status in (("", 200), ("[]", 200), ("<html>", 200), ('{"code": "NEVER_SEEN"}', 500), ("{}", 503)):
        assert heard(made, body, status) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("patch", "at"),
    [
        ('[heard_as]\nbet_not_allowed = ["*"]', "heard_as.bet_not_allowed.0"),
        ('[operations.bet]\nheard_as.ok = ["*"]', "operations.bet.heard_as.ok.0"),
        ('[operations.bet]\nheard_as.in_progress = ["*"]', "operations.bet.heard_as.in_progress.0"),
    ],
)
def test_every_other_code_is_never_a_yes_and_never_everybodys(patch: str, at: str) -> None:
    """Of one operation, and after it nothing has moved: else unknown is the safe reading."""
    assert ("GW216", at) in complaints(patch)
