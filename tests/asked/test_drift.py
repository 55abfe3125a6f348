"""What a provider's answer to a request of ours has, and no row: seen, noted, and never a value in the log."""

import io

import pytest

from gateway.canon.requests import Ask, Result
from gateway.dialect.askedhearing import hear
from gateway.dialect.drift import Drift, Side
from gateway.edge.logs import Log
from gateway.exchange.outbound import Account, Inquiry
from gateway.wire.message import Response
from tests.asked.stage import examples, table

JSON = (("Content-Type", "application/json"),)


@pytest.mark.parametrize(
    ("response", "result", "seen"),
    [
        (Response(418, JSON, b""), Result.UNKNOWN, [(Drift.STATUS, "418", "")]),
        (Response(400, JSON, b'{"code": "no_luck"}'), Result.UNKNOWN, [(Drift.CODE, "no_luck", "")]),
        (Response(400, JSON, b'{"code": "Ann Lee"}'), Result.UNKNOWN, [(Drift.CODE, "text of 7 characters", "")]),
        (
            Response(422, JSON, b'{"code": "validation_error", "message": "Ann Lee is ill"}'),
            Result.REQUEST_INVALID, [(Drift.MESSAGE, "", "text of 14 characters")],
        ),
        (
            Response(422, JSON, b'{"code": "validation_error", "hint": {"of": "Ann"}}'),
            Result.REQUEST_INVALID, [(Drift.FIELD, "answer.hint", "object of 1 fields")],
        ),
        (
            Response(422, (("Content-Type", "text/x-odd"),), b'{"code": "validation_error"}'),
            Result.REQUEST_INVALID, [(Drift.CONTENT_TYPE, "text/x-odd", "")],
        ),
        (Response(502, (("Content-Type", "text/html"),), b"<html>"), Result.UNKNOWN, [(Drift.STATUS, "502", "")]),
    ],
)  # fmt: skip
def test_what_stands_in_no_row(response: Response, result: Result, seen: list[tuple[Drift, str, str]]) -> None:
    """The result is that of the rows; what none of them lists is told by its name, code or type."""
    heard = hear(table("payfield").forms[Ask.CREATE_PAYOUT], {}, response)
    assert heard.result is result
    assert [(each.kind, each.name, each.shown) for each in heard.unlisted] == seen
    assert {each.side for each in heard.unlisted} == {Side.ANSWER}
    assert "Ann" not in repr(heard.unlisted)


def test_the_log_has_no_message_of_theirs() -> None:
    """A text for people may name somebody: the line says that there was one, and how long it is."""
    made = examples("payfield")
    requests = table("payfield")
    account = Account("acme", "acme", requests, made.keys(requests, playing=False))
    inquiry = Inquiry(account, Ask.CREATE_PAYOUT, {"reference": "po-1"}, 0.0)
    response = Response(422, JSON, b'{"code": "validation_error", "message": "Ann Lee is ill"}')
    inquiry.word = hear(requests.forms[Ask.CREATE_PAYOUT], {}, response)
    inquiry.drift += inquiry.word.unlisted
    lines = io.BytesIO()
    Log(lines, "json").inquiry(inquiry, 0.1)
    assert b"message text of 14 characters" in lines.getvalue()
    assert b"Ann" not in lines.getvalue()
