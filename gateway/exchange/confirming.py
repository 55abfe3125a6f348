"""Asking a provider whether a payment has succeeded after all: it had fallen through, by its own webhooks."""

from collections.abc import Generator
from typing import Any

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.payments import PaymentState
from gateway.canon.requests import ASKED_BY, CREATED_BY, Result
from gateway.dialect.askedhearing import hear
from gateway.dialect.requestform import RequestForm
from gateway.exchange.outbound import Account, request_key
from gateway.exchange.wishes import Lane, Priority, Send
from gateway.journal.content import apart
from gateway.journal.wishes import Look
from gateway.wire.message import Heard


def has_succeeded(
    call: Call, form: RequestForm, account: Account, until: float, now: float
) -> Generator[Any, Any, bool]:
    """Does it say so, asked by our own reference, of the same amount and currency? Unheard or unlike: no.

    *call* is the webhook's, *form* its message: a status answer spells a payment's states as webhooks do. *until*:
    monotonic; *now*: unix seconds.
    """
    create, reference = CREATED_BY[call.kind or ""], (call.reference or ("",))[0]
    name = ASKED_BY[create]
    asks = account.outbound.forms.get(name)
    if asks is None:
        return False
    row = yield Look(request_key(account.journal_id, create, reference))
    kept = {} if row is None else apart(row.fingerprint)
    shop = kept.get("shop") or account.settings.get("shop_code")
    facts = {"reference": reference, "amount": call.amount, "currency": call.currency, "shop": shop}
    given = {each: facts[each] for each in asks.names if facts.get(each) is not None}
    try:
        request = account.outbound.write(name, given, account.keys, now, account.settings)
    except Fault:
        return False
    ending = yield Send(request, until, until, None, Lane(account.journal_id, Priority.READ), to=asks.url)
    if not isinstance(ending, Heard):
        return False
    word = hear(asks, facts, ending.response)
    states = next(each.values or {} for each in form.fields if each.name == "state")
    return word.result is Result.OK and word.facts.get("state") == states.get(PaymentState.SUCCEEDED)
