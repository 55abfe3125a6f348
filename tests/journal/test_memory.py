"""The memory journal: one call in flight per row, the content of a row, what may be overwritten, what is forgotten."""

import pytest

from gateway.canon.outcomes import Outcome
from gateway.journal.memory import Memory
from gateway.journal.wishes import Claim, Claimed, Look, Recall, Record, Remember, Row, State, Told

PRINT = ("bet", "1001", "g1", None)
DONE = frozenset({"done"})


def claim(memory: Memory, key: str = "k", fingerprint: tuple[object, ...] = PRINT) -> Claimed:
    """Claim the row."""
    claimed = memory.do(Claim(key, fingerprint))
    assert isinstance(claimed, Claimed)
    return claimed


def end(memory: Memory, key: str = "k", state: State = State.APPLIED, *, release: bool = True) -> None:
    """Record how the call ended."""
    memory.do(Record(key, state, Outcome.OK, DONE, release))


async def test_perform_is_do() -> None:
    """The edge's door leads to the same room."""
    memory = Memory()
    assert (await memory.perform(Claim("k", PRINT))).verdict == "ours"
    assert await memory.perform(Look("k")) == memory.do(Look("k"))


def test_one_call_in_flight() -> None:
    """The second claim is told so until the first is released; then it is its turn."""
    memory = Memory()
    assert claim(memory).verdict == "ours"
    assert claim(memory).verdict == "in_flight"
    end(memory, release=False)
    assert claim(memory).verdict == "in_flight"
    end(memory)
    again = claim(memory)
    assert (again.verdict, again.row.state) == ("ours", State.APPLIED)


def test_other_content_is_a_conflict() -> None:
    """Whether or not a call is in flight, and for every place of the fingerprint."""
    memory = Memory()
    claim(memory, fingerprint=("bet", "1001", "g1", "EUR"))
    for other in (("win", "1001", "g1", "EUR"), ("bet", "1002", "g1", "EUR"), ("bet", "1001", "", "EUR"), ("bet",)):
        assert claim(memory, fingerprint=other).verdict == "conflict"
        assert claim(memory, fingerprint=other).row.state is State.CLAIMED
    end(memory)
    refused = claim(memory, fingerprint=("bet", "1001", "g2", "EUR"))
    assert (refused.verdict, refused.row.state) == ("conflict", State.APPLIED)


def test_what_is_not_known_fits_and_is_filled_in() -> None:
    """None on either side is no difference; what is learned is kept."""
    memory = Memory()
    claim(memory, fingerprint=("bet", None, "g1", "EUR"))
    end(memory)
    assert claim(memory, fingerprint=("bet", "1001", "g1", None)).verdict == "ours"
    end(memory)
    assert memory.rows["k"].fingerprint == ("bet", "1001", "g1", "EUR")
    assert claim(memory, fingerprint=("bet", "1002", "g1", "EUR")).verdict == "conflict"


def test_a_row_in_flight_is_claimed_for_whoever_looks() -> None:
    """An open row's second try is at the wallet: nothing of it is settled meanwhile."""
    memory = Memory()
    assert memory.do(Look("k")) is None
    claim(memory)
    end(memory, state=State.OPEN)
    assert memory.do(Look("k")).unapplied
    claim(memory)
    seen = memory.do(Look("k"))
    assert (seen.state, seen.settled, seen.unapplied) == (State.CLAIMED, False, False)
    assert memory.rows["k"].state is State.OPEN


def test_doubt() -> None:
    """Unknown makes a row doubted; a proved miss does not end that, a definite answer does."""
    memory = Memory()
    for state, doubted in (
        (State.UNKNOWN, True), (State.OPEN, True), (State.APPLIED, False), (State.OPEN, False),
        (State.UNKNOWN, True), (State.DECLINED, False),
    ):  # fmt: skip
        claim(memory)
        end(memory, state=state)
        assert memory.rows["k"].doubted is doubted, state


def test_a_late_end_is_not_overwritten() -> None:
    """The call ended before we said that it runs on: only what we are telling is noted."""
    memory = Memory()
    claim(memory)
    end(memory, state=State.APPLIED)
    memory.do(Record("k", State.UNKNOWN, Outcome.UNKNOWN, frozenset({"retries"}), release=False))
    row = memory.rows["k"]
    assert (row.state, row.outcome, row.telling, row.doubted) == (
        State.APPLIED, Outcome.OK, frozenset({"retries"}), False,
    )  # fmt: skip


def test_told() -> None:
    """Confirmed, it is kept; a later answer that was not heard leaves what was heard before."""
    memory = Memory()
    claim(memory)
    end(memory)
    assert (memory.rows["k"].telling, memory.rows["k"].told) == (DONE, None)
    memory.do(Told("k", DONE))
    memory.do(Told("k", None))
    assert (memory.rows["k"].telling, memory.rows["k"].told) == (None, DONE)


def test_wishes_about_nothing() -> None:
    """A row that was forgotten meanwhile is not made up."""
    memory = Memory()
    memory.do(Told("k", DONE))
    end(memory)
    assert memory.do(Look("k")) is None
    assert memory.do(Recall("acme", "session", "s")) == {}


def test_memories_are_laid_over() -> None:
    """Newer facts over older ones, per account and kind; what comes out is a copy."""
    memory = Memory()
    memory.do(Remember("acme", "session", "s", {"player": "1", "currency": "EUR"}))
    memory.do(Remember("acme", "session", "s", {"player": "2"}))
    known = memory.do(Recall("acme", "session", "s"))
    assert known == {"player": "2", "currency": "EUR"}
    known["player"] = "3"
    assert memory.do(Recall("acme", "session", "s"))["player"] == "2"
    assert memory.do(Recall("other", "session", "s")) == {}
    assert memory.do(Recall("acme", "player", "s")) == {}


def test_a_reference_is_a_transaction() -> None:
    """What a rollback names is found under the id of the bet."""
    memory = Memory()
    memory.do(Remember("acme", "transaction", "t1", {"amount": 1}))
    assert memory.do(Recall("acme", "reference", "t1")) == {"amount": 1}


def test_memories_are_bounded() -> None:
    """The oldest go first; what is remembered anew is young again."""
    memory = Memory(most_memories=2)
    for identity in ("a", "b", "a", "c"):
        memory.do(Remember("acme", "session", identity, {"player": identity}))
    assert memory.do(Recall("acme", "session", "b")) == {}
    assert memory.do(Recall("acme", "session", "a"))
    assert len(memory.memories) == 2


def test_rows_are_bounded_and_what_is_known_goes_first() -> None:
    """A doubted row outlives any number of settled ones: forgetting it would turn the next refusal into a decline."""
    memory = Memory(most_rows=3)
    claim(memory, "doubt")
    end(memory, "doubt", State.UNKNOWN)
    for number in range(10):
        claim(memory, f"k{number}")
        end(memory, f"k{number}")
    assert set(memory.rows) == {"doubt", "k8", "k9"}


def test_a_settled_row_that_is_claimed_again_is_not_forgotten_meanwhile() -> None:
    """What is at work goes last."""
    memory = Memory(most_rows=2)
    for key in ("a", "b"):
        claim(memory, key)
        end(memory, key)
    claim(memory, "a")
    claim(memory, "c")
    assert set(memory.rows) == {"a", "c"}


def test_where_all_are_open_the_oldest_goes() -> None:
    """Bounded still: of rows that nobody works on, the oldest; rows at work stay, whatever the bound."""
    memory = Memory(most_rows=2)
    for key in ("a", "b", "c"):
        claim(memory, key)
        end(memory, key, State.UNKNOWN)
    assert set(memory.rows) == {"b", "c"}
    busy = Memory(most_rows=1)
    for key in ("a", "b", "c"):
        claim(busy, key)
    assert set(busy.rows) == {"a", "b", "c"}


@pytest.mark.parametrize("state", State)
def test_settled_and_unapplied(state: State) -> None:
    """Only a proved miss and a decline leave nothing at the wallet."""
    row = Row("k", PRINT, state)
    assert row.unapplied == (state in (State.OPEN, State.DECLINED))
    assert row.settled == (state in (State.OPEN, State.DECLINED, State.APPLIED))
    assert not Row("k", PRINT, state, doubted=True).settled
