"""What is said for one (operation, outcome) of a table, with the rows that chose it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.canon.outcomes import Outcome
from gateway.dialect.answerform import AnswerForm
from gateway.dialect.compiler.layers import Path
from gateway.dialect.wireanswer import WireAnswer


@dataclass(frozen=True, slots=True)
class Literally:
    """A literal source of `[missing]`, as opposed to a word such as ask."""

    value: Any


@dataclass(frozen=True, slots=True)
class Said:
    """What is said for one (operation, outcome), and what the provider does then.

    *end*: the outcome whose words are used; *path*, *hops*: the rows that chose them. *gaps*: the names of its answer
    for which `[missing]` has sources, and these.

    Settled by these: *text*, the row's, which may be none at all, or the outcome's sentence; *code*, how the answer is
    told in the log; *does*, the effect's words in order; *done*: does the provider take it as applied?
    """

    outcome: Outcome
    end: Outcome
    answer: WireAnswer
    form: AnswerForm
    effect: frozenset[str]
    path: Path | None
    hops: tuple[Path, ...]
    gaps: Mapping[str, tuple[Any, ...]]
    text: str = field(init=False, compare=False)
    code: str = field(init=False, compare=False)
    does: tuple[str, ...] = field(init=False, compare=False)
    done: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        text = self.end.sentence if self.answer.text is None else self.answer.text
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "code", str(self.answer))
        object.__setattr__(self, "does", tuple(sorted(self.effect)))
        object.__setattr__(self, "done", "done" in self.effect)

    def filled(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """*facts*, and the fields and literals that `[missing]` names; a literal fills refusals only.

        A balance that was never told is never invented.
        """
        added: dict[str, Any] = {}
        for name, sources in self.gaps.items():
            if facts.get(name) is not None:
                continue
            for source in sources:
                if isinstance(source, Literally):
                    if not self.done:
                        added[name] = source.value
                elif (value := facts.get(source)) is not None:
                    added[name] = value
                if name in added:
                    break
        return {**facts, **added} if added else facts
