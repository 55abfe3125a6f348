"""The rows that choose an answer: `codes`, `said_as`, `heard_as`, per operation and for the table; and effects.

The cascade for (operation, outcome): the operation's codes, its said_as, the table's codes, the table's said_as. The
first hit ends it or, if it was a said_as, starts again with the outcome named there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.canon.operations import REVERSALS, Operation
from gateway.canon.outcomes import CAN_OCCUR, DONE_CLASS, Outcome
from gateway.dialect.compiler.layers import EFFECTS, Path, Tree, effect_set
from gateway.dialect.problems import Problem, suggest
from gateway.dialect.wireanswer import WireAnswer

OUTCOMES = {str(outcome): outcome for outcome in Outcome}
#: Effects after which a debit in doubt is looked into: the provider asks again, or takes it back.
COMES_BACK = frozenset({"retries", "rolls_back"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row. *path* is where it stands in the Tree; None for an identity that `codes = "ours"` implies."""

    outcome: Outcome
    answer: WireAnswer
    path: Path | None


def told_apart(first: Row, later: Row) -> bool:
    """May both rows say one code? Each has a text of its own, and the text decides nothing that matters to money.

    The first row is what the code means with any other text: it is as certain as the later one, does not last where
    that one does not, and its own text is not heard as the later one's.
    """
    one, other = first.answer.text or "", later.answer.text or ""
    alike = first.outcome.moved is later.outcome.moved and first.outcome.lasting <= later.outcome.lasting
    return alike and bool(one and other) and not one.startswith(other)


@dataclass(slots=True)
class Scope:
    """The rows of one operation, of the table, or of `[unread]`."""

    codes: dict[Outcome, Row] = field(default_factory=dict)
    said_as: dict[Outcome, tuple[Outcome, Path]] = field(default_factory=dict)
    heard_as: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where the cascade ended: *end* is the outcome whose words are used, *path* its row, *hops* the stand-ins."""

    end: Outcome
    answer: WireAnswer
    path: Path | None
    hops: tuple[Path, ...]

    @property
    def done(self) -> bool:
        """Said in the shape of a success."""
        return self.end in DONE_CLASS


def scope_of(tree: Tree, at: Path, problems: list[Problem]) -> Scope:
    """The rows of the section at *at*; names that are no outcomes are complaints."""
    scope = Scope()
    codes = tree.get(*at, "codes", default={})
    if codes == "ours":
        codes = {}
        taken = tree.section(*at, "said_as")
        scope.codes = {o: Row(o, WireAnswer(str(o)), None) for o in Outcome if str(o) not in taken}
    for word, value in codes.items():
        if outcome := _outcome(tree, (*at, "codes", word), word, problems):
            scope.codes[outcome] = Row(outcome, WireAnswer.of(value), (*at, "codes", word))
    for word, target in tree.section(*at, "said_as").items():
        path = (*at, "said_as", word)
        outcome, spoken = _outcome(tree, path, word, problems), _outcome(tree, path, target, problems)
        if outcome and spoken:
            scope.said_as[outcome] = (spoken, path)
    for key, (answer, word) in tree.section(*at, "heard_as").items():
        if outcome := _outcome(tree, (*at, "heard_as", key), word, problems):
            scope.heard_as.append(Row(outcome, answer, (*at, "heard_as", key)))
    return scope


def _outcome(tree: Tree, path: Path, word: str, problems: list[Problem]) -> Outcome | None:
    if word not in OUTCOMES:
        origin = tree.origin(*path)
        steps = origin.keypath
        if len(steps) > 1 and steps[-2] == word and isinstance(steps[-1], int):
            origin = type(origin)(origin.source, steps[:-1])
        part = "key" if origin.keypath[-1:] == (word,) else "value"
        problems.append(
            origin.problem(
                "GW104",
                f'unknown outcome "{word}"',
                "every outcome and its meaning: mappings/README.md, Outcomes",
                hint=suggest(word, OUTCOMES) or "",
                what=part,
                part="" if part == "key" else word,
            )
        )
        return None
    return OUTCOMES[word]


def choose(scopes: Sequence[Scope], outcome: Outcome, *, silent_ok: bool) -> Chosen | list[Path] | None:
    """Run the cascade. None: nothing answers it. A list: the stand-ins go in a circle, these rows.

    *silent_ok*: success is the absence of an error, so `ok` needs no row.
    """
    hops: list[Path] = []
    seen = {outcome}
    current = outcome
    while True:
        for scope in scopes:
            if row := scope.codes.get(current):
                return Chosen(current, row.answer, row.path, tuple(hops))
            if current in scope.said_as:
                current, path = scope.said_as[current]
                hops.append(path)
                if current in seen:
                    return hops
                seen.add(current)
                break
        else:
            if current is Outcome.OK and silent_ok:
                return Chosen(current, WireAnswer(), None, tuple(hops))
            return None


@dataclass(frozen=True, slots=True)
class Effect:
    """What the provider does after an answer, the row that says so, and the reason that excuses a loop."""

    does: frozenset[str]
    path: Path | None
    because: str | None


class Effects:
    """`[effects]` and `[effects.<operation>]`: the operation beats the table, exact beats `"*"`.

    Unlisted, and untouched by `"*"`: a success is done. Unlisted otherwise: final.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def sections(self, operation: str) -> list[Path]:
        """The sections that apply, the closer first."""
        own = ("effects", "by", operation)
        return [path for path in (own, ("effects",)) if isinstance(self.tree.get(*path), dict)]

    def of(self, operation: str, answer: WireAnswer, *, done: bool) -> Effect:
        """The effect of one answer; an answer in the shape of a success is `done`."""
        for section in self.sections(operation):
            entries = self.tree.section(*section, "entries")
            for key in (answer.key, _bare(answer), "str *"):
                if key in entries and not (key == "str *" and (answer.transport or done)):
                    because = self.tree.get(*section, "because")
                    return Effect(entries[key][1], (*section, "entries", key), because)
        return Effect(effect_set("done" if done and not answer.transport else "final"), None, None)

    def stated(self, operation: str, answer: WireAnswer) -> bool:
        """Is there a row for exactly this answer?"""
        return any(answer.key in self.tree.section(*section, "entries") for section in self.sections(operation))


def _bare(answer: WireAnswer) -> str:
    """The key of the answer's code alone: a row for the code holds for the code with any status."""
    return WireAnswer(answer.code).key if answer.code is not None else answer.key


def nothing_to_undo(operation: Operation) -> frozenset[Outcome]:
    """Outcomes that may be taken as done: what moved, and what left nothing to move."""
    done = frozenset({Outcome.OK, Outcome.ALREADY_DONE, Outcome.NOTHING_TO_DO})
    return done | {Outcome.ALREADY_ROLLED_BACK, Outcome.TRANSACTION_NOT_FOUND} if operation in REVERSALS else done


def meanings(scopes: Sequence[Scope], operation: Any, silent_ok: bool) -> Mapping[str, set[Outcome]]:
    """For each answer's key, every outcome of *operation* that is said with it."""
    said: dict[str, set[Outcome]] = {}
    for outcome in CAN_OCCUR[operation]:
        chosen = choose(scopes, outcome, silent_ok=silent_ok)
        if isinstance(chosen, Chosen):
            said.setdefault(chosen.answer.key, set()).add(outcome)
    return said


__all__ = [
    "COMES_BACK",
    "EFFECTS",
    "OUTCOMES",
    "Chosen",
    "Effect",
    "Effects",
    "Row",
    "Scope",
    "choose",
    "meanings",
    "nothing_to_undo",
    "scope_of",
    "told_apart",
]
