"""Reading an answer back: which outcome a wallet (or, for a fake provider, the gateway) meant.

The code decides and literals are scenery. What a word may mean is computed once per operation: a refusal that the same
table also says for something that moved, or may have, is heard as unknown; a rollback's ok is the exception.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from gateway.canon.calls import Call, Reply
from gateway.canon.faults import Fault
from gateway.canon.outcomes import CAN_OCCUR, OUR_FAULT, Moved, Outcome
from gateway.dialect.answerform import AnswerForm, Unfilled
from gateway.dialect.compiler.rows import Row
from gateway.dialect.wireanswer import Scalar, WireAnswer
from gateway.wire.ids import Whole
from gateway.wire.message import Garbled, Response
from gateway.wire.opened import Opened
from gateway.wire.straight import Straight
from gateway.wire.templates import look_lines


class _Word(NamedTuple):
    """One row of a code: it wants *http*, or any status for None, and a message that begins with *starts*."""

    http: int | None
    starts: str
    row: Row
    means: Outcome
    doubt: str


@dataclass(frozen=True)
class Hearing:
    """How answers to one operation are read. *shapes*: (the shape, whether a missing code means ok).

    *otherwise*: the row for every code that no other row knows, and for none.
    """

    rows: Sequence[Row]
    shapes: Sequence[tuple[AnswerForm, bool]]
    shape_of: Mapping[Outcome, AnswerForm]
    said_for: Mapping[str, set[Outcome]]
    not_processed: frozenset[int]
    #: what this operation's successes may mean
    as_done: frozenset[Outcome]
    otherwise: Row | None = None
    #: how answers are decoded
    codec: str = "json"
    #: keys of ours that the message spells as whole numbers, and so an answer may repeat
    spelled: Mapping[str, Whole] = field(default_factory=dict)

    def read(self, call: Call, response: Response, opened: Opened | None = None) -> tuple[Reply, str]:
        """The reply, and why it is `unknown` where it is; nothing is raised for what came from outside.

        *opened*: the same response, if somebody else looks at it too.
        """
        if response.status in self.not_processed:
            return Reply(Outcome.WALLET_FAILED), f"HTTP {response.status}: by contract nothing was done"
        try:
            body = self._body(response, opened)
        except Garbled as error:
            return Reply(Outcome.UNKNOWN), f"HTTP {response.status}, {error}"
        outcome, row, why = self._outcome(body, response.status)
        if not response.body and outcome and (due := self.shape_of.get(outcome)) and due.sample is not None:
            return Reply(Outcome.UNKNOWN), f"HTTP {response.status} without the body that is due"
        if outcome in OUR_FAULT:
            return Reply(Outcome.WALLET_FAILED), f"the wallet answers {outcome}: it refuses us, not the provider"
        if outcome is None or outcome is Outcome.UNKNOWN:
            return Reply(Outcome.UNKNOWN), why
        if outcome not in CAN_OCCUR[call.operation]:
            return Reply(Outcome.UNKNOWN), f"{outcome} cannot be the outcome of {call.operation}"
        return self._checked(outcome, row, call, body, response.status)

    def ready(self) -> None:
        """Make now what reading the first answer would make."""
        _ = self._code, self._words
        for shape in (*(each for each, _ in self.shapes), *self.shape_of.values()):
            _ = shape.read, shape.echoes, shape.aside, shape.code_at

    def row(self, response: Response) -> Row | None:
        """The row whose word this answer says; None where it says none, or cannot be read."""
        try:
            return self._outcome(self._body(response, None), response.status)[1]
        except Garbled:
            return None

    def _body(self, response: Response, opened: Opened | None) -> Any:
        """What the answer holds; nothing, where some answer has no body at all. Garbled."""
        bare = not response.body and any(shape.sample is None for shape, _ in self.shapes)
        return {} if bare else (opened or Opened(response, self.codec)).body

    def meaning(self, answer: WireAnswer, shape: AnswerForm, message: str) -> Outcome:
        """What *answer*, said in *shape* with *message*, is heard as; its other names are not looked at."""
        if answer.code is None:
            silent = any(quiet for each, quiet in self.shapes if each is shape)
            return Outcome.OK if silent and answer.http is None and not answer.no_answer else Outcome.UNKNOWN
        status = answer.http or (int(answer.code) if isinstance(shape.http, str) else shape.http[0])
        if status in self.not_processed:
            return Outcome.WALLET_FAILED
        text = message if any(each.slot("message") for each, _ in self.shapes) else ""
        for row in self.rows:
            if _fits(row.answer, answer.code, status, text):
                outcome = self._certain(row, WireAnswer(answer.code))
                return Outcome.WALLET_FAILED if outcome in OUR_FAULT else outcome
        return Outcome.UNKNOWN if self.otherwise is None else self.otherwise.outcome

    def _outcome(self, body: Any, status: int) -> tuple[Outcome | None, Row | None, str]:
        code = self._code(body, status)
        if code is not None:
            message = None
            for http, starts, row, certain, doubt in self._words.get((type(code), code), ()):
                if http is not None and http != status:
                    continue
                if starts:
                    if message is None:
                        message = next((text for each, _ in self.shapes if (text := each.message_in(body))), "")
                    if not message.startswith(starts):
                        continue
                return certain, row, doubt
            if self.otherwise is not None:
                return self.otherwise.outcome, self.otherwise, ""
            return None, None, "a code that no row knows"
        if self.otherwise is not None:
            return self.otherwise.outcome, self.otherwise, ""
        if not any(silent for _, silent in self.shapes) or any(shape.trace_in(body) for shape, _ in self.shapes):
            return None, None, "no code where one is due"
        return Outcome.OK, None, ""

    @cached_property
    def _code(self) -> Callable[[Any, int], Scalar | None]:
        """`code(body, status)`: the first code that stands where some shape has one."""
        code = Straight("code(body, status)", "answer's code")
        for keys in dict.fromkeys(shape.code_at for shape, _ in self.shapes):
            if keys is None:
                continue
            if keys == ():
                code.line("return status")
                break
            look_lines(code, "body", keys, "found")
            code.line("if isinstance(found, (str, int)): return found")
        return code.made()

    @cached_property
    def _words(self) -> Mapping[tuple[type, Scalar], Sequence[_Word]]:
        """The rows by their codes, in order: what each wants beside its code, and what it means."""
        words: dict[tuple[type, Scalar], list[_Word]] = {}
        for row in self.rows:
            code = row.answer.code
            if code is not None:
                certain = self._certain(row, WireAnswer(code))
                doubt = "" if certain is row.outcome else f"the word is also said for what may have moved: {row.answer}"
                word = _Word(row.answer.http, row.answer.message_starts or "", row, certain, doubt)
                words.setdefault((type(code), code), []).append(word)
        return words

    def _certain(self, row: Row, heard: WireAnswer) -> Outcome:
        """The row's outcome, or unknown where its words are also said for something of other certainty."""
        others = self.said_for.get(row.answer.key, set()) | self.said_for.get(heard.key, set())
        alike = (
            others <= {row.outcome}
            or all(each.moved is Moved.NO for each in others)
            or (row.outcome in self.as_done and others <= self.as_done)
        )
        return row.outcome if alike else Outcome.UNKNOWN

    def _checked(
        self, outcome: Outcome, row: Row | None, call: Call, body: Any, status: int
    ) -> tuple[Reply, str]:  # fmt: skip
        shape = self.shape_of[outcome]
        if row is not None and not shape.shows_code:
            # A word that is only heard can stand in a shape other than the one in which its outcome is said.
            shape = next((each for each, _ in self.shapes if each.code_in(body, status) is not None), shape)
        stated = row is not None and row.answer.http == status
        if isinstance(shape.http, tuple) and status not in shape.http and not stated:
            return Reply(Outcome.UNKNOWN), f"HTTP {status} where {' or '.join(map(str, shape.http))} is due"
        try:
            found = shape.read(body, call.currency, codeless=row is not None and row is self.otherwise)
        except (Fault, Unfilled) as error:
            return Reply(Outcome.UNKNOWN), f"an answer of the wrong shape: {error}"
        for name in shape.echoes:
            ours, theirs = getattr(call, name), found.get(name)
            if ours is None or (theirs == ours and name not in self.spelled):
                continue
            if theirs is None:
                if name in ("request_id", "transaction"):
                    return Reply(Outcome.UNKNOWN), f"the answer does not repeat {name}"
                continue
            if name == "currency" and outcome is Outcome.CURRENCY_MISMATCH:
                continue  # it names the player's own, which is what is the matter
            if name in self.spelled:
                ours = self.spelled[name].write(ours)
            if theirs != ours:
                return Reply(Outcome.UNKNOWN), f"the answer repeats another {name} than ours"
        for name in shape.aside:
            found.pop(name, None)
        return Reply(outcome, **found), ""


def _fits(answer: WireAnswer, code: Any, status: int, message: str) -> bool:
    same = type(answer.code) is type(code) and answer.code == code
    return same and answer.http in (None, status) and message.startswith(answer.message_starts or "")
