"""Small things of the journal that no story comes by: asked of the transitions themselves."""

from gateway.canon.operations import Operation
from gateway.journal.leasing import lease
from gateway.journal.manual import Action
from gateway.journal.memory import Memory, round_facts
from gateway.journal.page import Page
from gateway.journal.performing import round_of, touched
from gateway.journal.recording import record
from gateway.journal.states import Flight, Policy, Row, State, Step
from gateway.journal.wishes import Lease, Record

ROW = Row("acme::b1", "acme", "b1", Operation.BET, "bet", player="p1", round="r1", state=State.APPLIED)


def page(*rows: Row) -> Page:
    """At second 5, over what is known."""
    memory = Memory()
    memory.rows.update({row.key: row for row in rows})
    return Page(memory, 5.0, 1_700_000_005.0, "me")


def test_what_is_gone_or_not_due_is_not_leased() -> None:
    """A store may name what somebody else has taken meanwhile."""
    later = Row("acme::w1", "acme", "w1", Operation.WIN, "win", state=State.OPEN, step=Step.DELIVER, due=9.0)
    assert lease(page(ROW, later), ["nobody", ROW.key, later.key], Policy(), "me/1") == ()


def test_a_round_without_words_still_has_its_player() -> None:
    """A bet of which no call is kept tells no currency; a round of nothing tells nothing."""
    assert round_facts({ROW.key: ROW}) == {"reference": ("b1",), "player": "p1"}
    assert round_facts({}) == {}


def test_a_lost_claims_yes_waits_for_whoever_holds_the_row_now() -> None:
    """Another call of the same key is on its way: it will hear the same."""
    held = Row(ROW.key, "acme", "b1", Operation.BET, "bet", state=State.UNKNOWN, holder="other/7", flight=Flight.CALL)
    over = page(held)
    recorded = record(over, Record(held.key, "me/1", State.APPLIED, None, None), Policy())
    assert (recorded.kept, recorded.row) == (False, held)
    assert over.rows == {}


def test_a_lease_names_no_keys_and_no_round_beforehand() -> None:
    """The store finds them."""
    assert (touched(Lease(5)), round_of(Lease(5))) == ((), None)


def test_what_a_hand_did_has_its_words() -> None:
    """As the command says it afterwards."""
    assert [Action(word, "why", "applied").done for word in ("retry", "park", "resolve")] == [
        "to be tried again", "parked", "resolved as applied",
    ]  # fmt: skip
