"""What is said for one (operation, outcome) of a table, with the rows that chose it."""

from dataclasses import dataclass
from typing import Any

from gateway.canon.outcomes import Outcome
from gateway.dialect.answerform import AnswerForm
from gateway.dialect.compiler.layers import Path
from gateway.dialect.wireanswer import WireAnswer


@dataclass(frozen=True, slots=True)
class Said:
    """What is said for one (operation, outcome), and what the provider does then.

    *end*: the outcome whose words are used; *path*, *hops*: the rows that chose them; *missing*: sources of its names.
    """

    outcome: Outcome
    end: Outcome
    answer: WireAnswer
    form: AnswerForm
    effect: frozenset[str]
    path: Path | None
    hops: tuple[Path, ...]

    @property
    def text(self) -> str:
        """The row's text, which may be none at all, or the outcome's sentence."""
        return self.end.sentence if self.answer.text is None else self.answer.text

    @property
    def done(self) -> bool:
        """Does the provider take it as applied?"""
        return "done" in self.effect


@dataclass(frozen=True, slots=True)
class Literally:
    """A literal source of `[missing]`, as opposed to a word such as ask."""

    value: Any
