"""Answers written and read back: the code decides, what is doubtful is unknown, and nothing is ever raised."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call, Reply
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.answerform import Unfilled
from gateway.dialect.dialect import Dialect
from gateway.wire.ids import Whole
from gateway.wire.message import Request, Response
from gateway.wire.opened import Opened
from tests.dialect.made import answer, dialect, keys

NOW = 1_700_000_000.0
CALL = Call(Operation.BET, player="p", currency="EUR", transaction="t", round="r", amount=Decimal(5))


def heard(made: Dialect, body: str, status: int = 200, name: str = "bet", call: Call = CALL) -> Reply:
    """What an answer to operation *name* means."""
    return made.read_reply(name, call, answer(body, status), keys(made, "sender"), NOW)[0]


def said(made: Dialect, outcome: Outcome, name: str | None = "bet", **facts: Any) -> tuple[int, str] | None:
    """What is written for an outcome."""
    response = made.write_answer(name, outcome, facts, keys(made), NOW)
    return response and (response.status, response.body.decode())


def test_a_code_decides_and_literals_do_not() -> None:
    """The word in its place; a word that no row knows, no word, no JSON and a 500 are unknown."""
    made = dialect()
    assert heard(made, '{"code": "OK", "text": "x", "balance": 5}').balance == Decimal("5.00")
    for body, status in (
        ('{"code": "NEVER", "text": ""}', 200), ('{"text": ""}', 200), ("<html>", 200), ("", 200), ("[]", 200),
        ('{"code": "OK", "text": "x"}', 500), ('{"code": "OK", "text": "x", "balance": "5"}', 200),
        ('{"code": "OK", "text": "x", "player": "somebody else"}', 200), ('{"code": "OK"}', 200),
    ):  # fmt: skip
        assert heard(made, body, status).outcome is Outcome.UNKNOWN, body


def test_outcomes_that_share_a_code_are_said_and_heard_by_their_texts() -> None:
    """The first row is the code's plain meaning: a text of tomorrow is no drift."""
    rows = 'ok = { code = "OK", text = "Done" }\nalready_done = { code = "OK", text = "Before" }'
    made = dialect(f"[codes]\n{rows}")
    assert said(made, Outcome.OK) == (200, '{"code":"OK","text":"Done"}')
    assert said(made, Outcome.ALREADY_DONE) == (200, '{"code":"OK","text":"Before"}')
    for text, outcome in (("Done", Outcome.OK), ("Before", Outcome.ALREADY_DONE), ("of tomorrow", Outcome.OK)):
        assert heard(made, f'{{"code": "OK", "text": "{text}"}}').outcome is outcome, text


def test_a_text_that_goes_on_where_another_ends_is_heard_as_its_own_row() -> None:
    """Of two beginnings the longer one counts."""
    made = dialect('[codes]\nok = { code = "OK", text = "Done" }\nalready_done = { code = "OK", text = "Done before" }')
    for text, outcome in (("Done before", Outcome.ALREADY_DONE), ("Done", Outcome.OK), ("Done be", Outcome.OK)):
        assert heard(made, f'{{"code": "OK", "text": "{text}"}}').outcome is outcome, text


def test_a_refusal_of_us_is_the_wallet_s_trouble() -> None:
    """request_invalid from a wallet is never the provider's fault."""
    assert heard(dialect(), '{"code": "REFUSED", "text": "x"}').outcome is Outcome.WALLET_FAILED


def test_contract_statuses_prove_that_nothing_was_done() -> None:
    """Only those that the table lists."""
    made = dialect("[wallet]\nnot_processed = [429]")
    assert heard(made, "", 429).outcome is Outcome.WALLET_FAILED
    assert heard(made, "", 503).outcome is Outcome.UNKNOWN


def test_an_outcome_that_cannot_be_is_unknown() -> None:
    """A wallet that answers a bet with a rollback's outcome says nothing."""
    made = dialect('[heard_as]\nalready_settled = ["SETTLED"]')
    assert heard(made, '{"code": "SETTLED", "text": "x"}').outcome is Outcome.UNKNOWN


def test_a_row_s_own_status_is_read_as_it_is_said() -> None:
    """A refusal with a status of its own is that refusal, and under another status unknown."""
    made = dialect('[operations.bet]\ncodes.player_blocked = { code = "BLOCKED", http = 403 }')
    assert said(made, Outcome.PLAYER_BLOCKED) == (403, '{"code":"BLOCKED","text":"The player is blocked"}')
    assert heard(made, '{"code": "BLOCKED", "text": "x"}', 403).outcome is Outcome.PLAYER_BLOCKED
    assert heard(made, '{"code": "BLOCKED", "text": "x"}', 200).outcome is Outcome.UNKNOWN


def test_a_message_refines_a_code() -> None:
    """The fuller row first; without that text the plain one."""
    made = dialect(
        '[operations.bet.heard_as]\nround_closed = ["FAIL"]\n'
        'player_blocked = [{ code = "FAIL", message_starts = "Blocked" }]'
    )
    assert heard(made, '{"code": "FAIL", "text": "Blocked since May"}').outcome is Outcome.PLAYER_BLOCKED
    assert heard(made, '{"code": "FAIL", "text": "Closed"}').outcome is Outcome.ROUND_CLOSED


def test_a_code_that_is_the_status() -> None:
    """`http = "$code"`: the status is written and read as the code; a status of no row is unknown, never success."""
    shape = "'''{\"text\": \"$message\", \"balance\": $balance?}'''"
    made = dialect(
        f'without = ["effects"]\n[answers]\nhttp = "$code"\nbody = {shape}\n'
        "[codes]\nok = 200\nrequest_invalid = 400\nunknown = 409\n[operations.bet]\ncodes.insufficient_funds = 402\n"
        "[effects]\nretries = [409, { http = 500 }, { no_answer = true }]"
    )
    assert said(made, Outcome.INSUFFICIENT_FUNDS) == (402, '{"text":"Insufficient funds"}')
    assert heard(made, '{"text": "x"}', 402).outcome is Outcome.INSUFFICIENT_FUNDS
    assert heard(made, '{"text": "x"}', 200).outcome is Outcome.OK
    assert heard(made, '{"text": "x"}', 418).outcome is Outcome.UNKNOWN


def test_an_answer_without_a_body_is_said_and_heard_by_its_status() -> None:
    """`body = ""` takes the shared sample away; where a body is due, an empty one stays unknown."""
    made = dialect("""
without = ["operations.bet.codes", "effects"]
[answers]
http = "$code"
body = '''{"text": "$message"}'''
[operations.rollback.answers.done]
body = ""
[codes]
ok = 204
request_invalid = 400
unknown = 503
[operations.bet]
said_as.request_invalid = ["insufficient_funds"]
[effects]
retries = [503, { http = 500 }, { no_answer = true }]
[effects.bet]
rolls_back = [503, { http = 500 }, { no_answer = true }]
""")
    undo = Call(Operation.ROLLBACK, player="p", currency="EUR", transaction="t", reference=("b",))
    assert said(made, Outcome.OK, "rollback") == (204, "")
    assert heard(made, "", 204, "rollback", undo).outcome is Outcome.OK
    for status in (200, 400, 500, 503):
        assert heard(made, "", status, "rollback", undo).outcome is Outcome.UNKNOWN, status
    assert heard(made, '{"text": ""}', 400, "rollback", undo).outcome is not Outcome.OK
    assert heard(made, "", 204).outcome is Outcome.UNKNOWN
    row = made.hearings["rollback"].row(Response(204))
    assert row is not None
    assert row.outcome is Outcome.OK
    assert made.hearings["bet"].row(Response(204)) is None


def test_nothing_at_all_and_a_bare_status() -> None:
    """`no_answer` closes the connection, `{ http }` sends that status with no body."""
    made = dialect("[unread]\ncodes.busy = { no_answer = true }\ncodes.maintenance = { http = 503 }")
    assert said(made, Outcome.BUSY, None) is None
    assert said(made, Outcome.MAINTENANCE, None) == (503, "")


def test_values_of_every_kind() -> None:
    """Amounts by the money form, moments by the time form, ids, flags and lists as JSON has them."""
    made = dialect(
        '[operations.rollback.answers.done]\nbody = \'\'\'{"code": "$code", "bets": $reference, "at": "$now",'
        ' "last": $round_end?, "digits": $currency_exponent?, "name": "$nickname?"}\'\'\'\n'
        '[missing]\nnickname = ["player"]'
    )
    at = datetime(2026, 1, 2, tzinfo=UTC)
    told = said(
        made, Outcome.OK, "rollback", reference=("a", "b"), now=at, round_end=True, currency_exponent=2, player="p"
    )
    assert told == (
        200, '{"code":"OK","bets":["a","b"],"at":"2026-01-02T00:00:00Z","last":true,"digits":2,"name":"p"}'
    )  # fmt: skip
    call = Call(Operation.ROLLBACK, player="p", currency="EUR", transaction="t", reference=("a", "b"))
    reply = heard(made, told[1] if told else "", 200, "rollback", call)
    assert (reply.outcome, reply.nickname, reply.now) == (Outcome.OK, "p", at)
    bad = '{"code": "OK", "bets": ["a"], "at": "never"}'
    assert heard(made, bad, 200, "rollback", call).outcome is Outcome.UNKNOWN
    odd = '{"code": "OK", "bets": ["a"], "at": "2026-01-02T00:00:00Z", "digits": 2, "name": {}}'
    assert heard(made, odd, 200, "rollback", call).outcome is Outcome.OK


def test_an_echo_must_be_ours() -> None:
    """An answer about another transaction, or about none where the table repeats it, is unknown."""
    made = dialect('[operations.bet.answers.done]\nbody = \'\'\'{"code": "$code", "id": "$transaction?"}\'\'\'')
    assert heard(made, '{"code": "OK", "id": "t"}').outcome is Outcome.OK
    assert heard(made, '{"code": "OK", "id": "u"}').outcome is Outcome.UNKNOWN
    assert heard(made, '{"code": "OK"}').outcome is Outcome.UNKNOWN


def test_an_echo_of_a_key_that_went_as_a_number() -> None:
    """The wallet repeats what it got; another number, or our key itself, which it never saw, is another's."""
    echo = '[operations.bet.answers.done]\nbody = \'\'\'{"code": "$code", "id": "$transaction?"}\'\'\''
    made = dialect(f'[request]\nintegers = ["transaction"]\n{echo}')
    sent, call = Whole().write("acme::t"), replace(CALL, transaction="acme::t")
    for id_, outcome in ((sent, Outcome.OK), ("7", Outcome.UNKNOWN), ('"acme::t"', Outcome.UNKNOWN)):
        assert heard(made, f'{{"code": "OK", "id": {id_}}}', call=call).outcome is outcome, id_


def test_a_balance_that_cannot_be_written_is_not_invented() -> None:
    """A literal of [missing] fills refusals alone; a success without its balance cannot be said."""
    made = dialect(
        '[answers]\nbody = \'\'\'{"code": "$code", "balance": $balance}\'\'\'\n[missing]\nbalance = ["ask", 0]'
    )
    assert said(made, Outcome.PLAYER_BLOCKED) == (200, '{"code":"REFUSED","balance":0}')
    assert made.unfilled("bet", Outcome.OK, {}).keys() == {"balance"}
    with pytest.raises(Unfilled, match="balance"):
        said(made, Outcome.OK)
    with pytest.raises(Unfilled, match="balance"):
        said(made, Outcome.OK, balance=Decimal("0.001"), currency="EUR")


def test_answers_are_signed_where_the_table_says_so() -> None:
    """The sender of a call checks what the receiver made; a flipped byte is unknown."""
    made = dialect('[answers.signature]\nlike = "request.signature"')
    response = made.write_answer("bet", Outcome.OK, {}, keys(made), NOW)
    assert response is not None
    caller = keys(made, "sender")
    assert made.read_reply("bet", CALL, response, caller, NOW)[0].outcome is Outcome.OK
    flipped = type(response)(response.status, response.headers, response.body.replace(b"OK", b"ok"))
    assert made.read_reply("bet", CALL, flipped, caller, NOW)[0].outcome is Outcome.UNKNOWN
    assert made.secrets("receiver") == made.secrets("sender") == {"key"}
    with pytest.raises(TypeError):
        made.recognise(Opened(response))


def test_a_call_is_written_signed_and_verified() -> None:
    """Their request, our call, and back; `dialect.deadline_s` and the variants by operation."""
    made = dialect("deadline_ms = { bet = 1500 }")
    form, request = made.write_call(CALL, keys(made, "sender"), NOW)
    assert form.name == "bet"
    opened = made.open(request)
    assert made.verify("bet", opened, keys(made), NOW) == "key 1"
    assert made.read_call(form, opened) == CALL
    assert (made.deadline_s("bet"), made.deadline_s("win"), made.deadline_s(None)) == (1.5, 4.0, 4.0)
    assert made.operations()[Operation.BET] == ["bet"]
    assert isinstance(request, Request)


def test_which_row_s_word_it_says() -> None:
    """The row, if there is one; none for an answer that nobody can read or that has no code."""
    hearing = dialect().hearings["bet"]
    row = hearing.row(answer('{"code": "NO_MONEY", "text": ""}'))
    assert row is not None
    assert (row.outcome, row.path) == (Outcome.INSUFFICIENT_FUNDS, ("operations", "bet", "codes", "insufficient_funds"))
    for body in ("<html>", "{}", '{"code": "NEVER", "text": ""}'):
        assert hearing.row(answer(body)) is None


SILENT = """without = ["codes.ok", "said_as.nothing_to_do", "said_as.already_done", "operations.rollback.said_as"]
[said_as]
ok = ["already_done", "nothing_to_do"]
request_invalid = ["transaction_not_found", "already_rolled_back"]
[answers]
body = '{"error": {"code": "$code"}}'
[answers.done]
body = '{"player": "$player", "balance": $balance?}'
[operations.bet.heard_as]
player_blocked = ["BARRED"]
"""


def test_success_is_the_absence_of_an_error() -> None:
    """And of any trace of one; what a success must show is there, and a status that is not its own proves nothing."""
    made = dialect(SILENT)
    assert heard(made, '{"player": "p", "balance": 5}').balance == Decimal("5.00")
    assert heard(made, '{"error": {"code": "NO_MONEY"}}').outcome is Outcome.INSUFFICIENT_FUNDS
    for body, status in (
        ("{}", 200), ('{"player": "p", "error": {}}', 200), ('{"player": "p", "error": {"id": 7}}', 200),
        ('{"player": "p"}', 500), ('{"player": "q"}', 200), ('{"error": {"code": "NEVER"}}', 200),
    ):  # fmt: skip
        assert heard(made, body, status).outcome is Outcome.UNKNOWN, body


def test_a_word_that_is_only_heard_stands_in_any_shape() -> None:
    """ok's own shape has no code: a word that means success is read in the shape in which it stands."""
    made = dialect(SILENT + '[operations.win.heard_as]\nok = ["FINE"]')
    call = Call(Operation.WIN, player="p", currency="EUR", transaction="t", round="r", amount=Decimal(5))
    assert heard(made, '{"error": {"code": "FINE"}}', 200, "win", call).outcome is Outcome.OK
    assert heard(made, '{"error": {"code": "BARRED"}}').outcome is Outcome.PLAYER_BLOCKED


def test_another_currency_is_what_a_mismatch_tells() -> None:
    """The refusal names the player's own currency; an answer of any other kind in it is unknown."""
    made = dialect(
        '[operations.bet]\ncodes.currency_mismatch = "CURRENCY"\n'
        '[operations.bet.answers]\nbody = \'\'\'{"code": "$code", "currency": "$currency?"}\'\'\''
    )
    told = heard(made, '{"code": "CURRENCY", "currency": "USD"}')
    assert (told.outcome, told.currency) == (Outcome.CURRENCY_MISMATCH, "USD")
    assert heard(made, '{"code": "OK", "currency": "USD"}').outcome is Outcome.UNKNOWN
    assert heard(made, '{"code": "OK", "currency": "EUR"}').outcome is Outcome.OK
