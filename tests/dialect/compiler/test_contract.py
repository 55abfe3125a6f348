"""What the journal goes by, as the Dialect tells it: stated, shared by all operations, or said by nobody."""

import pytest

from gateway.canon.calls import AMOUNTS, CALL_FIELDS
from gateway.canon.operations import DEBITS, MONEY, REVERSALS, SESSION_CHECKED, Operation
from gateway.dialect.compiler.contract import CONTENT
from gateway.dialect.shelf import Shelf
from tests.dialect.made import dialect


def test_spans_and_horizons() -> None:
    """The operation's own span, else the shared one; a debit is ours after three times that, ten minutes at least."""
    made = dialect("retry_span_s = { default = 3600, bet = 0, win = 200 }")
    assert made.retry_spans_s == {"default": 3600, "bet": 0, "win": 200}
    assert [made.span_s(name) for name in ("bet", "win", "rollback")] == [0, 200, 3600]
    assert [made.horizon_s(name) for name in ("bet", "win", "rollback")] == [10800.0, 600.0, 10800.0]
    assert dialect("retry_span_s = { default = 201 }").horizon_s("bet") == 603.0


def test_what_nobody_repeats_is_tried_once() -> None:
    """A table need not say it of an operation that no answer brings back."""
    made = dialect('without = ["retry_span_s"]\nretry_span_s = { win = 60, rollback = 60 }')
    assert (made.span_s("bet"), made.horizon_s("bet")) == (0, 600.0)


def test_which_balance_a_repeat_is_told() -> None:
    """The one told then, unless the table says otherwise of the operation or of all."""
    assert {dialect().replay_balance(name) for name in ("bet", "win", "rollback")} == {"stored"}
    made = dialect('replay_balance = { default = "fresh", win = "stored" }')
    assert [made.replay_balance(name) for name in ("bet", "win", "rollback")] == ["fresh", "stored", "fresh"]


def test_the_content_of_a_call_where_nobody_says_it() -> None:
    """Player, reference, round, currency and amounts, as far as the operation has them; no amount of a reversal."""
    made = dialect()
    assert made.fingerprint("bet") == ("player", "round", "currency", "amount")
    assert made.fingerprint("win") == ("player", "round", "currency", "amount")
    assert made.fingerprint("rollback") == ("player", "reference", "currency")
    assert made.fingerprint("balance") == ()
    assert CONTENT == {"player", "reference", "round", "currency", *AMOUNTS}


def test_a_stated_content() -> None:
    """The operation's own row replaces the shared one; of a shared one counts what the operation has, never a refund's
    amount."""
    made = dialect(
        'fingerprint = { default = ["amount", "reference", "player"], bet = ["session", "amount"] }\n'
        '[operations.win]\nfields.reference = "body.bet?"'
    )
    assert made.fingerprint("bet") == ("session", "amount")
    assert made.fingerprint("win") == ("player", "reference", "amount")
    assert made.fingerprint("rollback") == ("player", "reference")


def test_the_order_of_the_content_is_canons() -> None:
    """However a table orders its row: what is stored under a key must compare alike after an edit."""
    one = dialect('fingerprint = { bet = ["amount", "round", "player"] }')
    other = dialect('fingerprint = { bet = ["player", "round", "amount"] }')
    assert one.fingerprint("bet") == other.fingerprint("bet") == ("player", "round", "amount")


def test_recalled_and_derived_fields_are_content_too() -> None:
    """What a call may have, whoever gives it."""
    made = dialect(
        '[operations.bet]\nfields.currency = false\nfields.session = "body.session"\nrecall.currency = "session"\n'
        'fields.round = false\nderive.round = "{transaction}"'
    )
    assert made.fingerprint("bet") == ("player", "round", "currency", "amount")


def test_sessions() -> None:
    """Canon's list where the table states none; an empty one stops nothing."""
    assert dialect().session_checked == SESSION_CHECKED
    assert dialect('session_checked = ["bet"]').session_checked == {Operation.BET}
    assert dialect("session_checked = []").session_checked == frozenset()


def test_every_shipped_table_tells_apart_what_it_must() -> None:
    """Of each money operation: the amount of what moves, the reference of what undoes, nobody's attempt."""
    for made in map(Shelf().dialect, Shelf().names):
        for name, form in made.variants.items():
            content = set(made.fingerprint(name))
            if form.unsupported:
                assert not content
                continue
            assert bool(content) == (form.operation in MONEY)
            assert made.fingerprint(name) == tuple(field for field in CALL_FIELDS if field in content)
            if form.operation in DEBITS:
                assert content & {"amount", "bet_amount"}
            if form.operation in REVERSALS:
                assert "reference" in content
                assert not content & AMOUNTS
            assert not content & {"request_id", "time", "transaction"}


def test_what_the_shipped_tables_state() -> None:
    """Scorpio asks for the balance anew and knows no session; 155.io returns the original result."""
    shelf = Shelf()
    scorpio, marbles, evenbet = (shelf.dialect(name) for name in ("scorpio", "155io", "evenbet"))
    assert {scorpio.replay_balance(name) for name in ("bet", "win", "rollback")} == {"fresh"}
    assert scorpio.session_checked == frozenset()
    assert {made.replay_balance(name) for made in (marbles, evenbet) for name in ("bet", "win")} == {"stored"}
    assert marbles.session_checked == evenbet.session_checked == SESSION_CHECKED
    assert [scorpio.horizon_s(name) for name in ("bet", "win")] == [600.0, 600.0]
    assert marbles.horizon_s("bet") == evenbet.horizon_s("bet") == 10800.0


@pytest.mark.parametrize(
    ("name", "operation", "span"),
    [
        ("jdb", "win", 3600),  # settle: every minute for an hour
        ("jdb", "cancel_bets", 43200),  # actions 11 and 4: every minute for twelve hours
        ("jdb", "cancel_bet_win", 43200),
        ("jdb", "bet", 0),
        ("rubyplay", "bet", 0),  # a debit is never repeated
        ("rubyplay", "win", 2592000),  # a credit without end: as long as ours
        ("rubyplay", "rollback", 2592000),
        ("caleta", "bet", 15),  # three tries, a second apart
        ("100hp", "bet", 0),
        ("blueocean", "bet", 0),
        ("groove", "bet", 0),
        ("hub88", "bet", 0),
        ("evenbet-seamless", "bet", 0),
        ("hpgames", "bet", 0),
        ("betbrothers", "bet", 0),
    ],
)
def test_how_long_the_documents_say_that_it_is_repeated(name: str, operation: str, span: int) -> None:
    """What the documents state; what they do not is a gap of the table, and ours to choose."""
    assert Shelf().dialect(name).span_s(operation) == span


def test_deadlines_that_the_documents_state() -> None:
    """JDB waits for three seconds."""
    assert {Shelf().dialect("jdb").deadline_s(name) for name in Shelf().dialect("jdb").variants} == {3.0}
