"""A row and its history in words: every note of the journal is known here, and nothing certain is said of a doubt."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.cli import history
from gateway.journal.page import Note
from gateway.journal.states import Flight, Row, State, Step

CALL = Call(Operation.BET, amount=Decimal("1.50"), currency="EUR")
BET = Row("a::1", "a", "1", Operation.BET, "bet", call=CALL, state=State.UNKNOWN, step=Step.ASK, due=130.0, answers=1)
HOLD = replace(BET, operation=Operation.WITHDRAW_REQUEST, state=State.APPLIED, told=frozenset({"done"}))
HOLD = replace(HOLD, step=Step.JUDGE, due=86_500.0)
#: Notes that say all in their own word and plain facts.
PLAIN = {"undo wanted", "buried", "adopted", "undoing", "judged", "parked"}
PLAIN |= {"retried by hand", "parked by hand", "resolved by hand"}


def test_every_note_of_the_journal_has_words(root: Path) -> None:
    """A new one is decided upon here: a sentence of its own, or its facts as they stand."""
    text = "".join(path.read_text("utf-8") for path in (root / "gateway" / "journal").rglob("*.py"))
    written = {*re.findall(r'\.note\([^,()]+, "([a-z ]+)"', text), "repeat", "claim"}
    assert written == PLAIN | {*history.SENTENCES}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", [None, *Step])
def test_every_state_and_step_has_words(state: State, step: Step | None) -> None:
    """Nothing raises, nothing is empty, and only what is applied is said to be so."""
    row = replace(BET, state=state, step=step)
    said = history.wallet_side(row)
    assert said.startswith(f"{state}: ")
    assert ("it applied it" in said) == (state in (State.APPLIED, State.REVERSED))
    assert history.step(row, 0.0)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (BET, "ask the wallet what became of it: in 30 s of service"),
        (replace(BET, due=95.0, tries=3), "ask the wallet what became of it: due for 5 s, 3 tried in vain"),
        (replace(BET, holder="me/1", flight=Flight.ASK), "ask the wallet what became of it: at work"),
        (replace(BET, step=None, parked="why"), "nothing: it is parked for a human"),
        (replace(BET, step=None), "nothing"),
        (HOLD, "tell a human that nothing has completed this withdrawal: in 1 d of service"),
    ],
)
def test_what_comes_next(row: Row, says: str) -> None:
    """When, of our own accord; at 100 on the journal's clock."""
    assert history.step(row, 100.0) == says


@pytest.mark.parametrize(
    ("row", "notes", "says"),
    [
        (replace(BET, answers=0), (), "nothing yet"),
        (BET, (), "nothing that arrived in time"),
        (replace(BET, proved=True), (), "it named this operation later, so it holds it for applied"),
        (
            replace(BET, telling=frozenset({"done"})), (Note("a::1", 1.0, "record", {"code": "OK"}),),
            "code OK, which means: applied; not confirmed that it arrived in time",
        ),
        (
            replace(BET, told=frozenset({"final"})),
            (Note("a::1", 0.0, "told", {"effect": ["final"], "in_time": True}), Note("a::1", 9.0, "told", {})),
            "which means: failed for good; confirmed, 1970-01-01 00:00:00.000",
        ),
    ],
)  # fmt: skip
def test_what_the_provider_was_told(row: Row, notes: tuple[Note, ...], says: str) -> None:
    """The last answer, what it makes the provider believe, and whether and when it arrived."""
    assert history.provider_side(row, notes) == says


@pytest.mark.parametrize(
    ("note", "says"),
    [
        (Note("", 0.0, "settle", {"sent": True}), "the wallet: silent"),
        (Note("", 0.0, "settle", {"untried": True}), "the wallet: the call never left"),
        (Note("", 0.0, "settle", {"heard": "ok", "state": "applied"}), "the wallet: ok, now applied"),
        (Note("", 0.0, "settle", {"heard": "ok", "undone": True}), "the wallet: ok, undone"),
        (Note("", 0.0, "record", {"heard": "silence", "code": "900", "telling": ["retries"]}),
         "the wallet: silent, to be told: 900 (comes again)"),
        (Note("", 0.0, "record", {"heard": "ok", "state": "applied", "late": True}),
         "the wallet: ok, now applied, after our answer had left"),
        (Note("", 0.0, "told", {"effect": ["done"]}),
         "the answer came too late, or to a closed connection: it counts as none"),
        (Note("", 0.0, "buried", {"by": "x1"}), "by x1"),
    ],
)  # fmt: skip
def test_notes_in_words(note: Note, says: str) -> None:
    """Silence is not "not asked", late is late, and what did not arrive was not told."""
    assert [rest for _, _, rest in history.events([note])] == [says]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (90_061, "1 d 1 h"),
        (86_400, "1 d"),
    ],
)
def test_stretches_of_time(seconds: float, text: str) -> None:
    """The two greatest units."""
    assert history.span(seconds) == text


def test_what_a_call_moves() -> None:
    """Exact, in plain digits; a bet_win has two amounts; what states none has none."""
    assert history.money(replace(CALL, amount=Decimal("1E+2"))) == "100 EUR"
    both = Call(Operation.BET_WIN, bet_amount=Decimal("1.00"), win_amount=Decimal("0.00000001"), currency="BTC")
    assert history.money(both) == "stake 1.00, payout 0.00000001 BTC"
    assert history.money(Call(Operation.ROLLBACK)) == history.money(None) == "-"
