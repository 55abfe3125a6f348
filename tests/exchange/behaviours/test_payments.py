"""Webhooks about payments, each behaviour with its messages in order: our answer, the wallet's books, the row."""

import hmac
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace as with_fields

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.canon.requests import Ask
from gateway.exchange.outbound import Inquiry, outbound
from gateway.journal.payments import AMOUNT_DIFFERS, CURRENCY_DIFFERS, DISORDERED
from gateway.journal.states import State, Step
from gateway.journal.wishes import JournalUnavailable
from gateway.wire.message import Heard, Request, Response
from gateway.wire.opened import Draft
from tests.exchange.endings import Hop, answers, not_sent, silent, silent_after_booking
from tests.exchange.till import Till, asked_at, telling

FELL_THROUGH = ("failed", "cancelled", "expired")


def test_a_payin_is_credited_once_and_answered_after_the_wallet_has_taken_it() -> None:
    """pending, success: 200 each, the second with the money; each was the wallet's before it was told."""
    till = Till()
    assert till.balance == Decimal("70.00")  # the payout is set aside
    for state, balance in (("pending", "70.00"), ("succeeded", "110.00")):
        story = till.webhook(state, 1)
        assert (story.outcome, story.response.status, story.response.body) == ("ok", 200, b'{"received":true}')
        assert story.kinds == ["Claim", "Send", "Record", "Answer", "Told"]
        assert till.balance == Decimal(balance)
    assert [call.state for call in till.booked] == ["pending", "succeeded"]
    assert till.booked[1].reference == ("dep-1",)  # the platform's own id, as it gave it
    assert till.booked[1].transaction == "acme::payin:dep-1:succeeded"
    assert not till.sandbox.audit()


def test_the_same_change_delivered_again_is_taken_once() -> None:
    """success, success: the second hears 200 from the journal, and the wallet is not asked."""
    till = Till()
    till.webhook("succeeded", 1)
    story = till.webhook("succeeded", 1)
    assert (story.outcome, story.response.status, story.sends) == ("already_done", 200, [])
    assert till.balance == Decimal("110.00")


def test_a_change_that_was_overtaken_is_nothing_to_do() -> None:
    """success of 12:00:09, then pending of 12:00:01: 200, recorded, never sent, nobody is woken."""
    till = Till()
    till.webhook("succeeded", 9)
    story = till.webhook("pending", 1)
    assert (story.outcome, story.response.status, story.sends) == ("nothing_to_do", 200, [])
    assert story.journey.alerts == []
    row = till.change("pending")
    assert (row.state, row.outcome, row.parked, row.step) == (State.DECLINED, "nothing_to_do", None, None)


def test_an_older_change_that_should_have_come_later_is_looked_at_by_somebody() -> None:
    """pending of 12:00:09, then success of 12:00:01: not applied, and parked with an alert."""
    till = Till()
    till.webhook("pending", 9)
    story = till.webhook("succeeded", 1)
    assert (story.outcome, story.sends, story.journey.alerts) == ("nothing_to_do", [], ["payment_disordered"])
    assert till.change("succeeded").parked == DISORDERED
    assert till.balance == Decimal("70.00")


def test_a_refund_after_success_takes_the_money_back_even_below_zero() -> None:
    """success, the player spends it, refunded: booked, for it has happened."""
    till = Till()
    till.webhook("succeeded", 1)
    till.sandbox.apply(Call(Operation.BET, transaction="b", player="1001", amount=Decimal("100.00"), currency="EUR"))
    story = till.webhook("refunded", 2)
    assert (story.outcome, story.response.status) == ("ok", 200)
    assert till.balance == Decimal("-30.00")
    assert not till.sandbox.audit()


def test_a_refund_that_overtakes_its_success_leaves_nothing_booked() -> None:
    """pending, refunded of 12:00:09, success of 12:00:05: the late one was overtaken."""
    till = Till()
    stories = [till.webhook("pending", 1), till.webhook("refunded", 9), till.webhook("succeeded", 5)]
    assert [story.outcome for story in stories] == ["ok", "ok", "nothing_to_do"]
    assert till.balance == Decimal("70.00")


@pytest.mark.parametrize("fell", FELL_THROUGH)
def test_a_success_after_all_is_not_booked_while_nobody_confirms_it(fell: str) -> None:
    """expired, success, success: 503 each, so that it comes again; parked, alerted, never sent."""
    till = Till()
    till.webhook(fell, 1)
    for _ in range(2):
        story = till.webhook("succeeded", 2)
        assert (story.outcome, story.response.status, story.sends) == ("unknown", 503, [])
        assert story.journey.alerts == ["payment_unconfirmed"]
        assert story.effect == {"retries"}
    row = till.change("succeeded")
    assert (row.state, row.sent, row.step, row.parked) == (
        State.DECLINED, 0, None, "it had fallen through, and its success has not been confirmed",
    )  # fmt: skip
    till.recover(seconds=3600)
    assert till.balance == Decimal("70.00")


@pytest.mark.parametrize("fell", FELL_THROUGH)
def test_a_success_after_all_is_booked_and_alerted_once_it_is_confirmed(fell: str) -> None:
    """expired, success: the provider is asked, says so, and the money is booked."""
    till = Till()
    asked_at(till)
    till.webhook(fell, 1)
    story = till.webhook("succeeded", 2, telling("success"))
    assert (story.outcome, story.response.status) == ("ok", 200)
    assert story.journey.alerts == ["payment_revived"]
    assert till.balance == Decimal("110.00")
    row = till.change("succeeded")
    assert (row.state, row.parked) == (State.APPLIED, None)
    assert till.webhook("succeeded", 2).outcome == "already_done"
    assert till.webhook("refunded", 3).outcome == "ok"
    assert till.balance == Decimal("70.00")


@pytest.mark.parametrize(
    "told",
    [
        telling("expired"), telling("success", amount="4000.00"), telling("success", external_id="dep-2"),
        telling("Success"), silent, not_sent, answers(500), answers(404), answers(200, b"{}"), answers(200, b"<html>"),
    ],
)  # fmt: skip
def test_a_success_after_all_that_the_provider_does_not_confirm_stays_unbooked(told: Hop) -> None:
    """expired, success: asked, and told otherwise, of another payment, or not at all; the next delivery asks again."""
    till = Till()
    asked_at(till)
    till.webhook("expired", 1)
    story = till.webhook("succeeded", 2, told)
    assert (story.outcome, story.journey.alerts) == ("unknown", ["payment_unconfirmed"])
    assert till.balance == Decimal("70.00")
    assert till.webhook("succeeded", 2, telling("success")).outcome == "ok"
    assert till.balance == Decimal("110.00")


@pytest.mark.parametrize(
    ("known", "new"),
    [
        ("succeeded", "pending"), ("succeeded", "failed"), ("succeeded", "cancelled"), ("succeeded", "expired"),
        ("failed", "pending"), ("failed", "cancelled"), ("expired", "refunded"), ("refunded", "succeeded"),
        ("refunded", "failed"),
    ],
)  # fmt: skip
def test_a_step_that_payments_do_not_take_is_recorded_and_never_applied(known: str, new: str) -> None:
    """success, failed: 409, parked, alerted; the books are as they were."""
    till = Till()
    if known == "refunded":
        till.webhook("pending", 0)
    till.webhook(known, 1)
    before = till.balance
    story = till.webhook(new, 2)
    assert (story.outcome, story.response.status, story.sends) == ("transaction_conflict", 409, [])
    assert story.journey.alerts == ["payment_no_step"]
    assert till.change(new).parked == "no step that a payment takes from what is known of it"
    till.recover(seconds=3600)
    assert till.balance == before


def test_another_amount_than_the_payments_is_parked() -> None:
    """pending of 40.00, success of 4000.00: 409, parked; where no create is known, the first update counts."""
    till = Till()
    till.webhook("pending", 1)
    story = till.webhook("succeeded", 2, amount=Decimal("4000.00"))
    assert (story.outcome, story.response.status, story.sends) == ("amount_invalid", 409, [])
    assert story.journey.alerts == ["payment_differs"]
    assert till.change("succeeded").parked == AMOUNT_DIFFERS
    assert till.balance == Decimal("70.00")


def test_another_currency_than_the_payments_is_parked() -> None:
    """pending in EUR, success in USD."""
    till = Till()
    till.webhook("pending", 1)
    story = till.webhook("succeeded", 2, currency="USD")
    assert (story.outcome, story.journey.alerts) == ("currency_mismatch", ["payment_differs"])
    assert till.change("succeeded").parked == CURRENCY_DIFFERS


def create_of_50(till: Till, reference: str) -> Inquiry:
    """Our own request for a payin of 50.00 EUR."""
    asked_at(till)
    assert till.provider.asked is not None
    facts = {"reference": reference, "amount": Decimal("50.00"), "currency": "EUR"}
    return Inquiry(till.provider.asked, Ask.CREATE_PAYIN, facts, till.clock.now + 15)


def test_a_create_that_the_journal_knows_counts_before_any_update() -> None:
    """pending of 40.00, a create of 50.00, success of 40.00: that is not the payment's amount, whatever came first."""
    till = Till()
    till.webhook("pending", 1)
    inquiry = create_of_50(till, "dep-1")
    till.carry(outbound(inquiry, till.clock), till.story, [answers(201, b"{}")])
    assert till.webhook("succeeded", 2).outcome == "amount_invalid"
    assert [call.state for call in till.booked] == ["pending"]


@pytest.mark.parametrize(
    ("fault", "why"),
    [(JournalUnavailable("the disk is full"), "the journal: the disk is full"), (LookupError("boom"), "a bug of ours")],
)
@pytest.mark.parametrize(
    ("at", "ending", "result"), [("Claim", "not_sent", "provider_unavailable"), ("Record", "unknown", "unknown")]
)
def test_a_payment_of_ours_that_cannot_be_written_down(
    fault: Exception, why: str, at: str, ending: str, result: str
) -> None:
    """Before it is asked for it is certain that nothing was done; after that, nobody is told a no."""
    till = Till()
    till.webhook("pending", 1)
    inquiry = create_of_50(till, "dep-9")
    flow, heard = outbound(inquiry, till.clock), Heard(Response(201, (), b"{}"))
    till.carry(flow, till.story, [lambda *_: heard] * 4, lambda _, wish: fault if type(wish).__name__ == at else None)
    assert inquiry.word is not None
    assert (inquiry.word.why, str(inquiry.word.result), inquiry.ending) == (why, result, ending)
    assert (inquiry.bug is None) is isinstance(fault, JournalUnavailable)


def test_a_state_that_no_table_lists_is_neither_success_nor_failure() -> None:
    """pending, on_review, success: the odd one is 503, parked and alerted, and holds nothing up."""
    till = Till()
    till.webhook("pending", 1)
    call, name, request = till.message("pending", 2)
    odd = Request("POST", "/payin", "", (), request.body.replace(b'"pending"', b'"on_review"'))
    story = till.tell((call, name, signed(till, odd)))
    assert (story.outcome, story.response.status, story.sends) == ("unknown", 503, [])
    assert story.journey.alerts == ["payment_unlisted"]
    assert till.change("unknown").parked == "its state is not one that the table lists"
    assert till.webhook("succeeded", 3).outcome == "ok"
    assert till.balance == Decimal("110.00")


def signed(till: Till, request: Request, now: float | None = None) -> Request:
    """*request* as the processor signs it."""
    draft = Draft("json", request.method, request.path, raw=request.body)
    till.caller.of(None).make(draft, till.clock.wall() if now is None else now)
    return draft.request()


def test_a_payout_reports_its_states_and_never_debits() -> None:
    """pending, success, refunded: what was set aside is taken once, and comes back; never twice."""
    till = Till()
    assert till.balance == Decimal("70.00")
    for state, balance in (("pending", "70.00"), ("succeeded", "70.00"), ("refunded", "100.00")):
        assert till.webhook(state, 1, kind="payout").outcome == "ok"
        assert till.balance == Decimal(balance)
    assert not till.sandbox.audit()


@pytest.mark.parametrize("fell", FELL_THROUGH)
def test_a_payout_that_fell_through_gives_back_what_was_set_aside(fell: str) -> None:
    """failed: the player has the money again; failed again: once."""
    till = Till()
    assert [till.webhook(fell, 1, kind="payout").outcome for _ in range(2)] == ["ok", "already_done"]
    assert till.balance == Decimal("100.00")
    assert not till.sandbox.audit()


def test_a_payin_and_a_payout_of_one_id_are_two_payments() -> None:
    """The path tells them apart: both succeed, and each is booked once."""
    till = Till()
    till.sandbox.open_payment("payout", "dep-1", "1001", Decimal("40.00"), "EUR")
    amount = Decimal("40.00")
    stories = [
        till.webhook("succeeded", 1), till.webhook("succeeded", 1, kind="payout", reference=("dep-1",), amount=amount),
    ]  # fmt: skip
    assert [story.outcome for story in stories] == ["ok", "ok"]
    assert till.balance == Decimal("70.00")


def test_a_payment_that_the_wallet_does_not_know_yet_is_taken_when_it_comes_again() -> None:
    """success before its create is booked: 503; after it: 200 and the money."""
    till = Till(created=False)
    story = till.webhook("succeeded", 1)
    assert (story.outcome, story.response.status) == ("transaction_not_found", 503)
    till.sandbox.open_payment("payin", "dep-1", "1001", Decimal("40.00"), "EUR")
    assert till.webhook("succeeded", 1).outcome == "ok"
    assert till.balance == Decimal("140.00")


@pytest.mark.parametrize("hop", [silent, silent_after_booking], ids=["lost", "booked"])
def test_a_wallet_that_says_nothing_is_no_200(hop: Hop) -> None:
    """success into silence: 503; the outbox finds out; the repeat hears 200, and the money came once."""
    till = Till()
    story = till.webhook("succeeded", 1, hop, hop)
    assert (story.outcome, story.response.status) == ("unknown", 503)
    till.running.clear()
    till.recover(seconds=600)
    assert till.change("succeeded").state is State.APPLIED
    assert till.webhook("succeeded", 1).response.status == 200
    assert till.balance == Decimal("110.00")


def test_a_change_waits_for_the_one_before_it() -> None:
    """pending could not be sent, success comes: 503, durable; our outbox sends both, in order."""
    till = Till()
    assert till.webhook("pending", 1, not_sent, not_sent).response.status == 503
    story = till.webhook("succeeded", 2)
    assert (story.outcome, story.response.status, story.sends) == ("unknown", 503, [])
    assert till.change("succeeded").step is Step.DELIVER
    till.recover(seconds=60)
    assert [call.state for call in till.booked] == ["pending", "succeeded"]
    assert till.balance == Decimal("110.00")
    assert till.webhook("succeeded", 2).response.status == 200


def test_what_waited_is_judged_again_before_it_leaves() -> None:
    """expired could not be sent, success waits behind it: once expired is booked, the success needs to be confirmed."""
    till = Till()
    till.webhook("expired", 1, not_sent, not_sent)
    till.webhook("succeeded", 2)
    till.recover(seconds=60)
    assert [call.state for call in till.booked] == ["expired"]
    assert till.change("succeeded").parked == "it had fallen through, and its success has not been confirmed"
    assert till.balance == Decimal("70.00")


def test_an_update_in_doubt_is_asked_for_again_and_never_forgotten() -> None:
    """pending, lost and given up on; success is applied all the same; pending again: sent, not held for overtaken."""
    till = Till()
    till.webhook("pending", 1, silent, silent)
    doubt = till.change("pending")
    assert doubt.state is State.UNKNOWN
    till.memory.rows[doubt.key] = with_fields(doubt, step=None, parked="tried for a day without a definite answer")
    assert till.webhook("succeeded", 2).outcome == "ok"
    story = till.webhook("pending", 1)
    assert [wish.request.path for wish in story.money_sends] == ["/payment_update"]
    assert story.outcome.moved is not Moved.YES
    assert till.balance == Decimal("110.00")


def test_a_forged_webhook_leaves_nothing_behind() -> None:
    """A body that another has signed: 401, no row, nothing asked."""
    till = Till()
    call, name, request = till.message("succeeded", 1)
    forged = Request("POST", "/payin", "", request.headers, request.body.replace(b"40.00", b"41.00"))
    story = till.tell((call, name, forged))
    assert (story.outcome, story.response.status) == ("signature_invalid", 401)
    assert story.kinds == ["Answer"]
    assert not till.memory.rows


def test_the_timestamp_is_signed_and_has_a_window() -> None:
    """Signed 216 minutes ago, as a last repeat may be: taken. Older, or from the future: 401."""
    till = Till()
    now = till.clock.wall()
    for offset, status in ((-12_960, 200), (-13_021, 401), (13_021, 401)):
        call, name, request = till.message("succeeded", 1)
        plain = Request("POST", "/payin", "", (), request.body)
        assert till.tell((call, name, signed(till, plain, now + offset))).response.status == status
    call, name, request = till.message("succeeded", 1)
    signature = next(pair for pair in request.headers if pair[0] == "X-Signature")
    headers = (("X-Timestamp", f"{int(now)}"), signature)
    later = Request("POST", "/payin", "", headers, request.body)
    assert till.tell((call, name, later)).response.status == 401


def test_a_timestamp_may_be_written_in_either_form() -> None:
    """ISO 8601 or Unix seconds, each signed as it stands."""
    till = Till()
    call, name, request = till.message("pending", 1)
    for stamp in (f"{int(till.clock.wall())}", datetime.fromtimestamp(till.clock.wall(), UTC).isoformat()):
        digest = hmac.new(b"the secret of webhooks", stamp.encode() + request.body, "sha256").hexdigest()
        headers = (("X-Timestamp", stamp), ("X-Signature", digest))
        assert till.tell((call, name, Request("POST", "/payin", "", headers, request.body))).response.status == 200


def test_outcomes_of_a_lasting_no_are_never_a_200() -> None:
    """Whatever did not move is not acknowledged, but for what there is nothing to do about."""
    till = Till()
    done = {outcome for (name, outcome), said in till.dialect.said.items() if name and said.done}
    assert done == {Outcome.OK, Outcome.ALREADY_DONE, Outcome.NOTHING_TO_DO}
