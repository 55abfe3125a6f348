"""Which row answers an outcome, and what the provider does then."""

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import CAN_OCCUR, Outcome
from gateway.dialect.compiler.layers import Tree
from gateway.dialect.compiler.rows import Chosen, Effects, Scope, choose, meanings, nothing_to_undo, scope_of
from gateway.dialect.problems import Problem
from gateway.dialect.source import Source
from gateway.dialect.wireanswer import WireAnswer

ROWS = """[codes]
ok = "OK"
unknown = "ERROR"
round_closed = "NO"
[said_as]
unknown = ["busy", "in_progress"]
busy = ["maintenance"]
ok = ["already_done"]
[operations.bet]
codes.busy = { code = "LATER", http = 503 }
said_as.round_closed = ["already_done"]
"""


def tree_of(text: str) -> Tree:
    """One layer."""
    tree, source = Tree(), Source("made.toml", text)
    assert tree.lay(source.data, source) == []
    return tree


def scopes(text: str = ROWS) -> list[Scope]:
    """The bet's own rows and the table's, which must be sound."""
    problems: list[Problem] = []
    tree = tree_of(text)
    found = [scope_of(tree, ("operations", "bet"), problems), scope_of(tree, (), problems)]
    assert problems == []
    return found


def chosen(outcome: Outcome, of: list[Scope], *, silent_ok: bool = False) -> Chosen:
    """Where the cascade ends; it must end."""
    found = choose(of, outcome, silent_ok=silent_ok)
    assert isinstance(found, Chosen)
    return found


def test_the_cascade() -> None:
    """The operation's code, its stand-in, the table's code, the table's stand-in, and again for the stand-in."""
    found = chosen(Outcome.MAINTENANCE, scopes())
    assert (found.end, found.answer) == (Outcome.BUSY, WireAnswer("LATER", http=503))
    assert found.path == ("operations", "bet", "codes", "busy")
    assert found.hops == (("said_as", "maintenance"),)
    closed = chosen(Outcome.ALREADY_DONE, scopes())
    assert (closed.end, closed.hops) == (Outcome.ROUND_CLOSED, (("operations", "bet", "said_as", "already_done"),))
    assert not closed.done
    of_the_table = scopes()[1:]
    assert chosen(Outcome.MAINTENANCE, of_the_table).end is Outcome.UNKNOWN
    assert chosen(Outcome.ALREADY_DONE, of_the_table).done


def test_no_row_at_all() -> None:
    """Nothing answers it, unless success is the absence of an error."""
    assert choose(scopes(), Outcome.PLAYER_BLOCKED, silent_ok=True) is None
    assert choose([Scope()], Outcome.OK, silent_ok=False) is None
    assert chosen(Outcome.OK, [Scope()], silent_ok=True).answer == WireAnswer()


def test_stand_ins_in_a_circle() -> None:
    """The rows that lead round, told and never followed for ever."""
    circle = scopes(
        '[said_as]\nbusy = ["maintenance"]\nmaintenance = ["busy"]\nok = ["unknown"]\n[operations.bet]\npath = "/"'
    )
    assert choose(circle, Outcome.BUSY, silent_ok=True) == [("said_as", "busy"), ("said_as", "maintenance")]
    assert chosen(Outcome.UNKNOWN, circle, silent_ok=True).end is Outcome.OK


def test_our_own_words() -> None:
    """`codes = "ours"` says every outcome by its own name, but those that a stand-in takes."""
    (own,) = scopes('codes = "ours"\n[said_as]\nok = ["already_done"]')[1:]
    assert own.codes[Outcome.BUSY].answer == WireAnswer("busy")
    assert own.codes[Outcome.BUSY].path is None
    assert Outcome.ALREADY_DONE not in own.codes
    assert chosen(Outcome.ALREADY_DONE, [own]).answer == WireAnswer("ok")


@pytest.mark.parametrize(
    ("text", "keypath", "hint"),
    [
        ('[codes]\nbusi = "B"', ("codes", "busi"), 'did you mean "busy"?'),
        ('[said_as]\nok = ["busi"]', ("said_as", "ok", 0), 'did you mean "busy"?'),
        ('[said_as]\nbusi = ["ok"]', ("said_as", "busi"), 'did you mean "busy"?'),
        ('[heard_as]\nbusi = ["B"]', ("heard_as", "busi"), 'did you mean "busy"?'),
        ('[codes]\nxyzzy = "B"', ("codes", "xyzzy"), ""),
    ],
)
def test_a_name_that_is_no_outcome(text: str, keypath: tuple[str | int, ...], hint: str) -> None:
    """GW104 at the name itself, as a key or in a list, with what was meant; the row is left out."""
    problems: list[Problem] = []
    scope = scope_of(tree_of(text), (), problems)
    assert scope == Scope()
    assert [(one.code, one.keypath, one.hint) for one in problems] == [("GW104", keypath, hint)]


def test_effects() -> None:
    """The operation's section before the table's, the exact answer before its code, the code before `"*"`."""
    effects = Effects(tree_of(
        '[effects]\nretries = ["A", "*", { http = 500 }]\nsilent = [{ code = "A", http = 402 }]\nbecause = "why"\n'
        '[effects.bet]\nrolls_back = ["A"]'
    ))  # fmt: skip

    def does(operation: str, answer: WireAnswer, *, done: bool = False) -> set[str]:
        return set(effects.of(operation, answer, done=done).does)

    assert does("bet", WireAnswer("A")) == {"rolls_back"}
    assert does("win", WireAnswer("A")) == {"retries"}
    assert does("win", WireAnswer("A", http=402)) == {"silent"}
    assert does("win", WireAnswer("A", http=403)) == {"retries"}
    assert does("win", WireAnswer("Z")) == {"retries"}
    assert does("win", WireAnswer("Z"), done=True) == {"done"}
    assert does("win", WireAnswer(http=503)) == {"retries"}
    assert effects.of("win", WireAnswer("Z"), done=False).because == "why"
    assert effects.of("bet", WireAnswer("A"), done=False).path == ("effects", "by", "bet", "entries", "str A")


def test_effects_that_nobody_states() -> None:
    """A success is done, anything else final; silence is never done, and `"*"` speaks of no silence."""
    effects = Effects(tree_of('[effects]\nretries = ["*"]'))
    for answer, done, does in (
        (WireAnswer(no_answer=True), True, "final"), (WireAnswer(http=500), False, "final"),
        (WireAnswer(), True, "done"), (WireAnswer("A"), False, "retries"),
    ):  # fmt: skip
        assert effects.of("bet", answer, done=done).does == {does}
    assert not effects.stated("bet", WireAnswer("A"))
    assert Effects(tree_of('[effects]\nretries = ["A"]')).stated("bet", WireAnswer("A"))
    assert Effects(tree_of('title = "a"')).sections("bet") == []


def test_what_leaves_nothing_to_undo() -> None:
    """Of a reversal also what was never there, and what was undone before; of nothing else."""
    assert nothing_to_undo(Operation.ROLLBACK) - nothing_to_undo(Operation.WIN) == {
        Outcome.ALREADY_ROLLED_BACK, Outcome.TRANSACTION_NOT_FOUND,
    }  # fmt: skip


def test_meanings() -> None:
    """Everything that one word is said for, of the outcomes that this operation can have."""
    found = meanings(scopes(), Operation.BET, silent_ok=False)
    assert found["str ERROR"] == {Outcome.UNKNOWN, Outcome.IN_PROGRESS}
    assert found["str LATER http 503"] == {Outcome.BUSY, Outcome.MAINTENANCE}
    assert found["str NO"] == {Outcome.ROUND_CLOSED, Outcome.ALREADY_DONE}
    assert set().union(*found.values()) <= CAN_OCCUR[Operation.BET]
