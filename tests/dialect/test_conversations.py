"""Examples are played both ways; each way in which one can be wrong has its complaint, at the key that is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.dialect.conversations import Conversations
from gateway.dialect.problems import Problem, Refused
from gateway.dialect.shelf import Shelf
from tests.dialect.made import BASE
from tests.dialect.made_examples import SOUND, TABLE, changed, loaded

Play = Callable[..., list[Problem]]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Run the sound examples with one text of them, or of the table, replaced by another."""

    def run(old: str = "", new: str = "", *, table: str = TABLE, until_first: bool = False) -> list[Problem]:
        return loaded(tmp_path, changed(SOUND, old, new), table).run(until_first=until_first)

    return run


def cut(start: str, end: str) -> str:
    """The sound examples from one text up to another."""
    first = SOUND.index(start)
    return SOUND[first : SOUND.index(end, first)]


def told(problems: list[Problem]) -> tuple[str, str, str]:
    """Code, keypath and fact of the one complaint there is."""
    (one,) = problems
    return one.code, ".".join(map(str, one.keypath)), one.says


def test_sound_examples_hold(play: Play) -> None:
    """Every operation, pair and row is exercised, and there is no complaint."""
    assert play() == []


def test_no_examples_at_all(tmp_path: Path) -> None:
    """A table without its file of examples is refused, and the file is named."""
    (tmp_path / "made.toml").write_text(TABLE, "utf-8")
    with pytest.raises(Refused, match=r"GW403 the table has no examples: .*made\.examples\.toml is missing"):
        Conversations.load(Shelf(tmp_path, BASE), "made")


def test_the_call_differs_in_a_field(play: Play) -> None:
    """The complaint stands at the stated field, and offers the call as it is read."""
    (problem,) = play('amount = "5.00"', 'amount = "6.00"')
    assert told([problem]) == ("GW401", "example.1.call.amount", 'call.amount is "5.00", not "6.00"')
    assert 'amount = "5.00"' in problem.remedy
    assert problem.remedy.startswith("call = { ")


def test_the_call_states_a_field_that_is_not_read(play: Play) -> None:
    """What the message does not carry is absent, whatever the example says."""
    found = told(play('amount = "5.00" }', 'amount = "5.00", game = "g" }'))
    assert found == ("GW401", "example.1.call.game", 'call.game is absent, not "g"')


def test_the_call_leaves_out_a_field_that_is_read(play: Play) -> None:
    """Every field of the call must be stated: the complaint stands at the call."""
    found = told(play(', time = "2026-01-01T00:00:00Z" }', " }"))
    assert found == ("GW401", "example.0.call", 'call.time is "2026-01-01T00:00:00+00:00", not absent')


def test_no_call_is_stated(play: Play) -> None:
    """A conversation without its canonical call documents nothing; the call is offered."""
    problems = play('call = { player = "1001", currency = "EUR", transaction = "t-3", reference = "t-1" }\n', "")
    assert told(problems) == ("GW401", "example.3", "it states no canonical call")
    assert 'reference = ["t-1"]' in problems[0].remedy


def test_a_refused_message_that_states_a_call(play: Play) -> None:
    """The bytes cannot be read, so there is no call: the complaint names the outcome."""
    found = told(play('"round": "r-1", "amount": 5}', '"round": "r-1"}'))
    assert found == ("GW401", "example.1", "it is refused: request_invalid")


def test_a_sound_message_that_states_a_refusal(play: Play) -> None:
    """What is read must not be stated as refused."""
    found = told(play("forged = true\n", ""))
    assert found == ("GW401", "example.4.refused", "it is refused with request_invalid, not with this")
    call = 'call = { player = "1001", currency = "EUR", transaction = "t-3", reference = "t-1" }'
    assert told(play(call, 'refused = "request_invalid"'))[2] == "it is refused with nothing, not with this"


def test_a_forged_message_is_not_signed(play: Play) -> None:
    """`forged` leaves the signature out, so a call that is stated beside it is never read."""
    found = told(play('name = "a win"', 'name = "a win"\nforged = true'))
    assert found == ("GW401", "example.2", "it is refused: signature_invalid")


def test_a_signature_of_its_own_is_kept(play: Play) -> None:
    """A header that the example brings is sent as it stands, and a wrong one is refused."""
    found = told(play('name = "a win"', 'name = "a win"\nheaders = { X-Signature = "00" }'))
    assert found == ("GW401", "example.2", "it is refused: signature_invalid")
    assert play('name = "a win"', 'name = "a win"\nheaders = { X-Other = "00" }') == []


def test_another_operation_than_stated(play: Play) -> None:
    """What the path says it is, is what it is."""
    found = told(play('name = "a win"', 'name = "a win"\npath = "/bet"'))
    assert found == ("GW401", "example.2.operation", 'it is read as "bet", not as "win"')
    found = told(play('path = "/nothing"', 'path = "/win"'))
    assert found == ("GW401", "example.5.operation", 'it is read as "win", not as "unread"')
    found = told(play('name = "a win"', 'name = "a win"\npath = "/nowhere"'))
    assert found[2] == 'it is read as "unread", not as "win"'


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ('operation = "win"', 'operation = "gain"', "example.2.operation"),
        ('operations = ["win"]', 'operations = ["gain"]', "said.1.operations"),
        ('[[heard]]\noperations = ["bet"]', '[[heard]]\noperations = ["gain"]', "heard.0.operations"),
        ("true }]\neffect = { ", 'true }]\neffect = { gain = ["final"], ', "failure.0.effect.gain"),
    ],
)
def test_an_operation_that_the_table_lacks(play: Play, old: str, new: str, at: str) -> None:
    """GW105 where it is named, in an example and in each of the short forms."""
    assert told(play(old, new)) == ("GW105", at, 'the table has no operation "gain"')


def test_an_unknown_outcome(play: Play) -> None:
    """GW104 where it is named, with what was meant; an outcome that cannot be is told too."""
    (problem,) = play('outcome = "insufficient_funds"', 'outcome = "insufficient_fund"')
    assert told([problem])[:2] == ("GW104", "example.1.reply.outcome")
    assert problem.hint == 'did you mean "insufficient_funds"?'
    found = told(play('"already_settled", "trans', '"settled", "trans'))
    assert found == ("GW104", "said.1.outcomes", 'unknown outcome "settled"')


def test_an_outcome_that_the_operation_cannot_have(play: Play) -> None:
    """A win has no lack of funds; what is said before the operation is known is no success."""
    found = told(play('"already_settled", "trans', '"insufficient_funds", "trans'))
    assert found == ("GW104", "said.1", "win, insufficient_funds: insufficient_funds cannot be the outcome of win")
    found = told(play('outcomes = ["maintenance"]', 'outcomes = ["ok"]'))
    assert found == ("GW104", "said.5", "unread, ok: ok cannot be the outcome of an unread message")


def test_another_answer(play: Play) -> None:
    """The whole JSON counts, digits and order too; its spaces do not."""
    balance = '"balance": 87.50}'
    found = told(play(balance, '"balance": 87.5}'))
    assert found[:2] == ("GW401", "example.0.answer")
    assert found[2] == 'the answer is {"code":"OK","text":"Done","player":"1001","balance":87.50}'
    assert play(balance, '  "balance":87.50 }') == []
    assert told(play(balance, '"balance": 87.50'))[1] == "example.0.answer"


def test_no_answer_is_stated(play: Play) -> None:
    """An example without an answer expects an empty one."""
    answer = 'answer = \'{"code": "NO_MONEY", "text": "Insufficient funds", "player": "1001"}\'\n'
    assert told(play(answer, ""))[:2] == ("GW401", "example.1.answer")


def test_another_status(play: Play) -> None:
    """The complaint offers the status that is sent."""
    (problem,) = play(
        'reply = { outcome = "insufficient_funds" }', 'reply = { outcome = "insufficient_funds" }\nhttp = 402'
    )
    assert told([problem]) == ("GW401", "example.1.http", "HTTP 200, not 402")
    assert problem.remedy == "http = 200"


def test_an_answer_where_none_is_due(play: Play) -> None:
    """`no_answer` says that the connection is closed: an answer is a complaint that shows it."""
    found = told(play('outcomes = ["maintenance"]\nhttp = 503', 'outcomes = ["maintenance"]\nno_answer = true'))
    assert found == ("GW401", "said.5", "unread, maintenance: there is an answer: HTTP 503 ")


def test_no_answer_where_one_is_due(play: Play) -> None:
    """The table closes the connection, and the example does not say so."""
    found = told(play("no_answer = true\neffect", "effect"))
    assert found == ("GW401", "said.4", "unread, busy: the connection is closed without an answer")


def test_another_effect(play: Play) -> None:
    """GW402, of a conversation and of a short form, of one operation and of each where none is known."""
    money = '"Insufficient funds", "player": "1001"}\'\neffect = '
    found = told(play(money + '["final"]', money + '["retries"]'))
    assert found == ("GW402", "example.1.effect", "the effect of this answer is final, not retries")
    found = told(play('effect = { bet = ["rolls_back"], win = ["retries"] }', 'effect = { bet = ["rolls_back"] }')[:1])
    assert found == ("GW402", "said.2.effect", "win, in_progress: the effect of this answer is retries, not not stated")
    found = told(play('{ bet = ["final"], win = ["final"]', '{ bet = ["final"], win = ["done", "silent"]'))
    assert found[:2] == ("GW402", "example.5.effect")
    assert found[2] == 'the effect of operation "win" is final, not done and silent'


def test_a_failure_of_the_transport_with_another_effect(play: Play) -> None:
    """GW402 for each answer and operation whose effect the table states otherwise."""
    end = 'true }]\neffect = { bet = ["rolls_back"]'
    problems = play(end, end.replace("rolls_back", "retries"))
    assert {one.code for one in problems} == {"GW402"}
    assert [one.says for one in problems] == [
        'after HTTP 500, operation "bet" does: rolls_back',
        'after no answer, operation "bet" does: rolls_back',
    ]


def test_a_word_that_is_heard_otherwise(play: Play) -> None:
    """The complaint names what is heard, and why it is unknown."""
    found = told(play('outcome = "player_blocked"', 'outcome = "ok"'))
    assert found == ("GW401", "heard.0.outcome", "bet hears player_blocked (its row), not ok")
    problems = play('"code": "BARRED"', '"code": "BARED"')
    assert told(problems)[2] == "bet hears unknown (a code that no row knows), not player_blocked"


def test_an_operation_without_a_conversation(play: Play) -> None:
    """GW403 at the operation: what is said of it in short is not enough."""
    found = told(play(cut('[[example]]\nname = "a win"', '[[example]]\nname = "a rollback"'), ""))
    assert found == ("GW403", "operations.win", 'no example holds a conversation of operation "win"')


@pytest.mark.parametrize(
    ("old", "row"),
    [
        ('"free_rounds_inactive",\n', "said_as.free_rounds_inactive"),
        (cut('[[heard]]', '[[failure]]'), "operations.bet.heard_as"),
        (cut('[[said]]\noperations = ["unread"]\noutcomes = ["maintenance"]', "[[heard]]"), "unread.codes.maintenance"),
        (', "already_rolled_back"]', "operations.rollback.said_as.already_rolled_back"),
    ],
)  # fmt: skip
def test_a_row_that_no_example_touches(play: Play, old: str, row: str) -> None:
    """GW404 at the row, be it said, heard or a stand-in, of the table, an operation or `[unread]`."""
    new = "]" if old.endswith("]") else ""
    problems = play(old, new)
    assert [(one.code, one.says) for one in problems] == [("GW404", f"no example touches this row: {row}")]


def test_untouched_rows_are_not_told_beside_a_wrong_example(play: Play) -> None:
    """What an example that does not hold would touch is not known."""
    problems = play('"free_rounds_quantity", "free_rounds_inactive",\n]', '"settled",\n]')
    assert [one.code for one in problems] == ["GW104"]


def test_a_word_that_reads_back_as_something_else(play: Play) -> None:
    """Every answer that is said must be heard as no more than was known."""
    table = TABLE.replace(
        "player_blocked = [", 'limit_exceeded = [{ code = "NO_MONEY", http = 200 }]\nplayer_blocked = ['
    )
    heard = (
        '[[heard]]\noperations = ["bet"]\nanswer = \'{"code": "NO_MONEY", "text": "?"}\'\noutcome = "limit_exceeded"\n'
    )
    problems = play("[[failure]]", heard + "[[failure]]", table=table)
    assert told(problems) == (
        "GW401", "example.1",
        "read back, the answer to insufficient_funds means limit_exceeded: ",
    )  # fmt: skip


def test_a_secret_that_is_missing(play: Play) -> None:
    """The example cannot be played, and the secret is named."""
    problems = play('key = "not-a', 'other = "not-a')
    assert {one.code for one in problems} == {"GW401"}
    assert "cannot be played" in problems[0].says
    assert "key" in problems[0].says
    assert not any("real-secret" in one.says for one in problems)


def test_a_fact_of_the_wrong_kind(play: Play) -> None:
    """A number where a text is due is named, and the other examples are still played."""
    found = told(
        play('call = { player = "1001", currency = "EUR", trans', 'call = { player = 1001, currency = "EUR", trans')
    )
    assert found == ("GW401", "example.1", "the example cannot be played: player is not a text")


def test_an_option_that_is_not_there(play: Play) -> None:
    """The complaint of the shelf is handed on."""
    problems = play('name = "a win"', 'name = "a win"\noptions = { unit = "minor" }')
    assert [one.code for one in problems] == ["GW109"]


def test_every_entry_is_played_or_the_first_alone(play: Play) -> None:
    """Two wrong examples are two complaints; `until_first` stops after the first entry that does not hold."""
    text = 'player = "1001", currency = "EUR", time = '
    both = changed(SOUND, text, text.replace("1001", "1002"))
    start = both.index('name = "a win"')
    middle = both[both.index(text.replace("1001", "1002")) : start]
    new = middle + 'name = "a win"\nforged = true'
    old = middle.replace("1002", "1001") + 'name = "a win"'
    assert [one.keypath[:2] for one in play(old, new)] == [("example", 0), ("example", 2)]
    assert [one.keypath[:2] for one in play(old, new, until_first=True)] == [("example", 0)]


def test_what_is_remembered_is_recalled(tmp_path: Path) -> None:
    """The file's own memory, and the example's beside it, fill the fields that a message leaves out."""
    table = (
        TABLE + '[operations.rollback]\nfields = { currency = "body.currency?" }\nrecall = { currency = "reference" }\n'
    )
    lacks = changed(SOUND, '"currency": "EUR", "id": "t-3"', '"id": "t-3"')
    (without,) = loaded(tmp_path, lacks, table).run()
    assert without.says == 'call.currency is absent, not "EUR"'
    own = lacks + '[memory.reference.t-1]\ncurrency = "EUR"\n'
    assert loaded(tmp_path, own, table).run() == []
    beside = changed(lacks, 'name = "a rollback"', 'name = "a rollback"\nmemory.reference.t-1 = { currency = "EUR" }')
    running = loaded(tmp_path, beside, table)
    assert running.run() == []
    example = running.file.example[3]
    dialect = running.dialect({})
    request = running.request(dialect, example)
    assert running.recalled_for(dialect, example, request) == {"currency": "EUR"}
    unread = running.file.example[5]
    assert running.recalled_for(dialect, unread, running.request(dialect, unread)) == {}


def test_every_answer_is_kept_for_an_update(tmp_path: Path) -> None:
    """`actual` holds what the table really says at each entry, wrong or right."""
    running = loaded(tmp_path, changed(SOUND, '"NO_MONEY"', '"NO_CASH"'))
    running.run()
    assert running.actual["example", 1] == ['{"code":"NO_MONEY","text":"Insufficient funds","player":"1001"}']
    assert len(running.actual["said", 1]) == 3
    assert ("said", 4) not in running.actual


def test_a_value_that_is_lost_on_the_way_out(play: Play) -> None:
    """What is read must be what is written and read again, field by field."""
    table = TABLE + '[time]\nform = "unix_s"\n'
    old = 'time": "2026-01-01T00:00:00Z"}\'\ncall = { player = "1001", currency = "EUR", time = "2026-01-01T00:00:00Z"'
    new = old.replace('time": "2026-01-01T00:00:00Z"', 'time": 1767225600.5').replace("00Z", "00.5Z")
    found = told(play(old, new, table=table))
    assert found == ("GW401", "example.0", "written and read again, time is not what it was")
