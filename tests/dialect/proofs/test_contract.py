"""The retry contract: spans that somebody stated, balances that are shown, content that tells calls apart, keys."""

import pytest

from tests.dialect.made import complaints

# -- spans


def test_what_is_repeated_has_a_span() -> None:
    """GW217 once for all operations that no row speaks of; not for a bet that is only rolled back."""
    assert complaints('without = ["retry_span_s"]') == [("GW217", "dialect")]
    assert complaints('without = ["retry_span_s"]\nretry_span_s = { win = 60 }') == [("GW217", "retry_span_s")]
    assert complaints('without = ["retry_span_s"]\nretry_span_s = { win = 60, rollback = 60 }') == []


def test_one_try_is_not_repeated() -> None:
    """GW217 at the row that says one try, the operation's own or the shared one."""
    assert complaints("retry_span_s = { win = 0 }") == [("GW217", "retry_span_s.win")]
    assert complaints("retry_span_s = { default = 0, rollback = 60 }") == [("GW217", "retry_span_s.default")]
    assert complaints("retry_span_s = { bet = 0, balance = 0 }") == []


def test_a_lost_answer_alone_makes_it_a_repeat() -> None:
    """Also where no word of theirs is repeated: silence and an HTTP error are answers as well."""
    patch = "retry_span_s = { bet = 0 }\n[effects.bet]\nretries = [{ no_answer = true }]"
    assert complaints(patch) == [("GW217", "retry_span_s.bet")]


# -- balances


def test_a_balance_that_no_answer_shows() -> None:
    """GW203 for an operation whose success has no place for it; a repeat with a shape of its own may have one."""
    row = 'replay_balance = { bet = "fresh" }\n'
    assert complaints(row) == []
    without = '[operations.bet.answers.done]\nbody = \'\'\'{"code": "$code", "text": "$message"}\'\'\'\n'
    assert complaints(row + without) == [("GW203", "replay_balance.bet")]
    shown = '[operations.bet]\ncodes.already_done = "AGAIN"\n[operations.bet.answers.already_done]\n'
    shown += "body = '''{\"code\": \"$code\", \"balance\": $balance?}'''\n"
    assert complaints(row + without + shown) == []


def test_a_shared_row_that_nobody_needs() -> None:
    """GW203 where every other money operation has its own, or shows none; one that does is enough."""
    rows = 'bet = "stored", win = "stored"'
    assert complaints(f'replay_balance = {{ default = "fresh", {rows} }}') == []
    assert complaints(f'replay_balance = {{ default = "fresh", {rows}, rollback = "stored" }}') == [
        ("GW203", "replay_balance.default")
    ]


def test_rows_of_what_moves_nothing() -> None:
    """GW123: a read is always asked anew, and never a repeat."""
    assert complaints('replay_balance = { balance = "fresh" }') == [("GW123", "replay_balance.balance")]
    assert complaints('fingerprint = { balance = ["player"] }') == [("GW123", "fingerprint.balance")]


# -- content


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ('bet = ["amount"]', []),
        ('bet = ["player", "session", "round", "amount"]', []),
        ('bet = ["player"]', ["GW309"]),
        ('win = ["player"]', ["GW309"]),
        ('rollback = ["reference"]', []),
        ('rollback = ["player"]', ["GW309"]),
        ('default = ["amount", "reference"]', []),
        ('default = ["amount"]', ["GW309"]),
        ('default = ["reference"]', ["GW309", "GW309"]),
        ('default = ["reference", "promotion", "amount"]', ["GW203"]),
        ('bet = ["amount", "reference"]', ["GW203"]),
        ('bet = ["amount", "amuont"]', ["GW103"]),
        ('bet = ["amuont"]', ["GW103"]),
        ('bet = ["amount", "request_id"]', ["GW311"]),
        ('bet = ["amount", "time"]', ["GW311"]),
        ('bet = ["amount", "transaction"]', ["GW311"]),
        ('default = ["amount", "reference", "repeat"]', ["GW311"]),
        ('rollback = ["reference", "amount"]', ["GW311"]),
        ('bet = ["amount"], win = ["amount"], rollback = ["reference"], default = ["player"]', ["GW203"]),
    ],
)
def test_what_may_tell_calls_apart(row: str, found: list[str]) -> None:
    """Known fields that the message has, alike in every attempt; the amount is among them, or what is undone."""
    told = complaints(f"fingerprint = {{ {row} }}")
    assert [code for code, _ in told] == found
    assert {path for _, path in told} <= {f"fingerprint.{row.rpartition('], ')[2].split(' ')[0]}"}


def test_both_amounts_of_a_bet_win() -> None:
    """The stake and the payout; what is only a part or a condition need not be there."""
    operation = (
        '[operations.bet_win]\npath = "/bw"\nfields = { transaction = "body.id", bet_amount = "body.b", '
        'win_amount = "body.w", bonus_amount = "body.x?" }\ncodes.insufficient_funds = "NO_MONEY"\n[effects.bet_win]\n'
        'rolls_back = ["ERROR", { http = 500 }, { no_answer = true }]\n'
    )
    for row, found in (
        ('["bet_amount", "win_amount"]', []),
        ('["bet_amount"]', [("GW309", "fingerprint.bet_win")]),
        ('["win_amount", "bonus_amount"]', [("GW309", "fingerprint.bet_win")]),
    ):
        assert complaints(f"fingerprint = {{ bet_win = {row} }}\n{operation}") == found


# -- sessions


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], []),
        (["balance", "bet"], []),
        (["bet", "win"], [("GW310", "session_checked.1")]),
        (["rollback", "bet", "deposit"], [("GW310", "session_checked.0"), ("GW310", "session_checked.2")]),
        (["end_round"], [("GW310", "session_checked.0")]),
        (["withdraw_request"], [("GW123", "session_checked.0")]),
        (["status"], [("GW123", "session_checked.0")]),
        (["authenticate"], [("GW105", "session_checked.0")]),
        (["bett"], [("GW105", "session_checked.0")]),
    ],
)
def test_what_a_dead_session_may_stop(words: list[str], found: list[tuple[str, str]]) -> None:
    """Reads and bets that the table has; never what may come when the player has left."""
    assert complaints(f"session_checked = {words}") == found


def test_a_session_that_no_message_has() -> None:
    """GW203: nothing could ever be checked."""
    gone = "[operations.bet]\nfields.session = false\n"
    assert complaints(f'session_checked = ["bet"]\n{gone}') == [("GW203", "session_checked.0")]
    recalled = f'session_checked = ["bet"]\n{gone}recall.session = "player"'
    assert complaints(recalled) == []


# -- keys


def test_an_id_within_an_operation() -> None:
    """GW218 where a rollback may undo two kinds, whose ids may be the same."""
    scope = 'scope = ["operation"]\n'
    assert complaints(scope) == []
    assert complaints(f'{scope}[operations.rollback]\ntargets = ["bet", "win"]') == [
        ("GW218", "operations.rollback.targets")
    ]
    assert complaints('[operations.rollback]\ntargets = ["bet", "win"]') == []


@pytest.mark.parametrize("more", ['fields.round = "body.round?"', 'recall.round = "reference"', ""])
def test_an_id_within_a_round(more: str) -> None:
    """GW218 unless every message states its round: a key is never made of memory."""
    patch = f'scope = ["round"]\n[operations.rollback]\n{more}'
    assert complaints(patch) == [("GW218", "scope")]


def test_an_id_within_what_every_message_states() -> None:
    """A place without ?, a literal, or a formula of such."""
    for more in ('fields.round = "body.round"', 'set.round = "1"', 'derive.round = "{reference}"'):
        assert complaints(f'scope = ["player", "round"]\n[operations.rollback]\n{more}') == []
    lacks = '[operations.bet]\nfields.player = "body.player?"'
    assert complaints(f'scope = ["player"]\n{lacks}') == [("GW218", "scope")]
