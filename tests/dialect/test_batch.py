"""Messages that hold a list of items, written with one and read item by item; answers that hold a list of answers."""

from decimal import Decimal

import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.wire.message import Garbled, Request
from gateway.wire.opened import Opened
from tests.dialect.made import dialect, keys
from tests.dialect.proofs.test_batch import SOUND

NOW = 1_700_000_000.0
CALL = Call(Operation.BET, player="p", currency="EUR", transaction="t", round="r", amount=Decimal(5))
#: Where the list may stand.
LISTS = {
    "body.all": b'{"all":[%b],"player":"p","currency":"EUR"}',
    "body.an.inner.one": b'{"an":{"inner":{"one":[%b]}},"player":"p","currency":"EUR"}',
}


def made(each: str = "body.all", answer: str = "") -> Dialect:
    """The base table as a batch."""
    sample = f"\nanswer = '{answer}'" if answer else ""
    return dialect(SOUND.replace('each = "body.all"', f'each = "{each}"{sample}'))


@pytest.mark.parametrize("each", LISTS)
def test_a_call_is_written_as_a_batch_of_one_and_read(each: str) -> None:
    """The item in its list, what all items share beside it."""
    spoken = made(each)
    _, request = spoken.write_call(CALL, keys(spoken, "sender"), NOW)
    assert sorted(request.body) == sorted(LISTS[each] % b'{"id":"t","round":"r","amount":5.00}')
    opened = spoken.open(request)
    assert spoken.verify(None, opened, keys(spoken), NOW) == "key 1"
    assert spoken.read_call(spoken.recognise(opened), opened) == CALL


def test_each_item_is_read_by_itself() -> None:
    """The same message once for each; at most so many."""
    spoken = made()
    items = b",".join(b'{"id":"t%d","round":"r","amount":%d}' % (number, number) for number in (1, 2, 3))
    request = Request("POST", "/bet", body=LISTS["body.all"] % items)
    opened = spoken.batch.split(spoken.open(request))
    calls = [spoken.read_call(spoken.recognise(each), each) for each in opened]
    assert [(call.transaction, call.amount) for call in calls] == [("t1", 1), ("t2", 2), ("t3", 3)]
    many = Request("POST", "/bet", body=LISTS["body.all"] % b",".join([b"{}"] * 101))
    with pytest.raises(Garbled, match="more than 100 items"):
        spoken.batch.split(spoken.open(many))


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"all":[]}', b'{"all":{}}', b'{"all":[1]}', b'{"all":"x"}', b"x"])
def test_what_holds_no_list_of_objects_has_no_items(body: bytes) -> None:
    """Garbled, and never an item of something else."""
    with pytest.raises(Garbled):
        _ = Opened(Request("POST", "/", body=body), "json", ("all",)).items
    with pytest.raises(Garbled):
        _ = Opened(Request("POST", "/", body=body)).items


def test_a_list_may_be_the_whole_body_and_the_whole_answer() -> None:
    """Read and written; an answer to what could not be read is said alone."""
    rest = '[request.fields]\nplayer = "item.p"\nsession = false\ncurrency = "item.c"\ntime = "item.at?"\n'
    spoken = dialect(SOUND.replace('each = "body.all"', 'each = "body"') + rest)
    _, request = spoken.write_call(CALL, keys(spoken, "sender"), NOW)
    assert request.body.startswith(b"[{")
    opened = spoken.open(request)
    assert spoken.read_call(spoken.recognise(opened), opened) == CALL
    facts = {"player": "p", "balance": Decimal(7), "currency": "EUR"}
    ok = spoken.write_answer("bet", Outcome.OK, facts, keys(spoken), NOW)
    assert ok.body == b'[{"code":"OK","text":"Done","player":"p","balance":7.00}]'
    assert spoken.read_reply("bet", CALL, ok, keys(spoken, "sender"), NOW)[0].balance == Decimal(7)
    forged = spoken.write_answer(None, Outcome.SIGNATURE_INVALID, {}, keys(spoken), NOW)
    assert forged.body == b'{"code":"REFUSED","text":"Invalid request"}'
    assert spoken.read_reply("bet", CALL, forged, keys(spoken, "sender"), NOW)[0].outcome is Outcome.UNKNOWN


def test_the_answer_around_the_items_says_one_word_for_all() -> None:
    """Its own sample, with the code of the item that speaks for all, and signed as a whole."""
    spoken = made(answer='{"all": {"code": "$code", "of": $items}}')
    facts = {"currency": "EUR"}
    said = spoken.write_batch([b'{"a":1.0}', b'{"b":2}'], b"", "bet", Outcome.UNKNOWN, facts, keys(spoken), NOW)
    assert said.body == b'{"all":{"code":"ERROR","of":[{"a":1.0},{"b":2}]}}'
    none = spoken.write_answer(None, Outcome.REQUEST_INVALID, {}, keys(spoken), NOW)
    assert none.body == b'{"all":{"code":"REFUSED","of":[]}}'


def test_what_is_known_of_an_item_is_not_known_beside_the_list() -> None:
    """Else a field beside it could be renamed to it where only values are signed."""
    spoken = dialect(SOUND + 'known = ["item.new", "body.campaign"]\n')
    found = spoken.variants["rollback"].documented("body")
    assert ("campaign" in found, "new" in found) == (True, False)
