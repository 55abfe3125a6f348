"""Payfield, the errors page: its messages with their causes and actions, its two bodies, and what they ask for."""

import json
from typing import Any

import pytest

from gateway.canon.requests import Ask, Result
from gateway.dialect.askedhearing import Word, hear
from gateway.dialect.askfacts import read_facts
from gateway.wire.message import Response
from tests.asked.stage import examples, given, table

TIME = "Send current UTC time within the allowed window."
SHOP = ("No operation found for the resolved shop scope.", "Check identifier and shop_code.")
#: The document's table: message, HTTP status by the other table of the page, cause, action.
MESSAGES = [
    ("API key required", 401, "X-API-Key header not sent.", "Add a valid API key."),
    ("Invalid API key", 401, "Key not found or inactive.", "Check key and status in the dashboard."),
    ("Timestamp required", 401, "Missing X-Timestamp.", TIME),
    ("Invalid timestamp format", 401, "Invalid X-Timestamp.", TIME),
    ("Timestamp window exceeded", 401, "Expired X-Timestamp.", TIME),
    ("Invalid signature", 401, "Signature does not match.", "Verify HMAC-SHA256 formula."),
    ("external_id is required", 422, "external_id not sent.", "Send external_id for create requests."),
    ("amount must be a positive decimal string", 422, "Amount missing, not a string, invalid, or not positive.",
     'Send amount as a string, for example "5000.00".'),
    ("currency is required", 422, "Currency not specified.", "Send ISO currency code."),
    ("card_number is required", 422, "Card number not specified for payout.",
     "Send recipient wallet, account, or card number."),
    ("callback_url must be a valid URL", 422, "callback_url is not valid.", "Use a valid URL or omit the field."),
    ("Shop currency mismatch. Expected BDT.", 422, "Request currency does not match shop currency.",
     "Use the shop currency."),
    ("Insufficient balance: 12.00 BDT", 422, "Not enough balance for payout.", "Top up balance or reduce amount."),
    ("Payout not found", 404, *SHOP),
    ("PayIn not found", 404, *SHOP),
]  # fmt: skip
#: Those of which we tell the reason; all others are what their HTTP status and code say.
REASONS = {
    "Timestamp": Result.CLOCK_REJECTED, "Invalid timestamp": Result.CLOCK_REJECTED,
    "Shop currency": Result.CURRENCY_NOT_SUPPORTED, "Invalid signature": Result.SIGNATURE_INVALID,
    "Insufficient": Result.INSUFFICIENT_FUNDS,
}  # fmt: skip
PLAIN = {401: Result.UNAUTHORIZED, 404: Result.NOT_FOUND, 422: Result.REQUEST_INVALID}


def heard(name: Ask, status: int, body: Any) -> Word:
    """What an answer of theirs to that request means."""
    answer = Response(status, (("Content-Type", "application/json"),), json.dumps(body).encode())
    return hear(table("payfield").forms[name], read_facts(given("payfield", name)), answer)


def error(message: str, code: str) -> dict[str, Any]:
    """Their standard body."""
    return {"message": message, "code": code, "error": {"code": code, "message": message}}


@pytest.mark.parametrize(("message", "status", "cause", "action"), MESSAGES, ids=lambda each: str(each)[:30])
def test_each_message_has_its_cause_and_its_action(message: str, status: int, cause: str, action: str) -> None:
    """Both words for word; the status decides that nothing was done, and the message only refines why."""
    lookups = {"Payout not found": Ask.PAYOUT_STATUS, "PayIn not found": Ask.PAYIN_STATUS}
    code = {401: "unauthorized", 404: "not_found", 422: "validation_error"}[status]
    word = heard(lookups.get(message, Ask.CREATE_PAYOUT), status, error(message, code))
    reason = next((result for start, result in REASONS.items() if message.startswith(start)), PLAIN[status])
    assert (word.result, word.cause, word.action, word.drift) == (reason, cause, action, ())
    assert heard(Ask.CREATE_PAYOUT, 500, error(message, code)).result is Result.UNKNOWN


def test_both_bodies_are_read_and_the_fields_are_kept() -> None:
    """One result for both, theirs beside it; `errors` says of which field, and is passed on as it came."""
    message = "amount must be a positive decimal string"
    fields = [{"field": "amount", "message": message}]
    standard = heard(Ask.CREATE_PAYOUT, 422, error(message, "validation_error"))
    validation = heard(Ask.CREATE_PAYOUT, 422, {**error(message, "validation_error"), "errors": fields})
    older = heard(Ask.CREATE_PAYOUT, 422, {"message": message, "errors": fields})
    assert {each.result for each in (standard, validation, older)} == {Result.REQUEST_INVALID}
    assert {each.message for each in (standard, validation, older)} == {message}
    assert [each.facts.get("errors") for each in (standard, validation, older)] == [None, fields, fields]
    assert heard(Ask.CREATE_PAYOUT, 403, error("Access denied", "forbidden")).result is not Result.OK


def test_what_the_messages_ask_for_is_in_a_create() -> None:
    """external_id, amount as a text with its decimals, currency, card_number; the key, the time and the signature."""
    requests, made = table("payfield"), examples("payfield")
    facts = read_facts({**given("payfield", Ask.CREATE_PAYOUT), "amount": "5000.00"})
    keys = made.keys(requests, playing=False)
    request = requests.write(Ask.CREATE_PAYOUT, facts, keys, 1_800_000_000.0, made.file.settings)
    body = json.loads(request.body)
    assert body.keys() >= {"external_id", "amount", "currency", "card_number"}
    assert body["amount"] == "5000.00"
    assert {name for name, _ in request.headers} >= {"X-API-Key", "X-Timestamp", "X-Signature"}
