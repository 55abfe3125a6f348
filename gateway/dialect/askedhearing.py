"""Reading a provider's answer to a request of ours: what was done, and the provider's own words beside it.

Status and code decide. A message may only refine the reason, by a row; one that no row knows changes nothing. HTTP 5xx,
a code or status in no row, and whatever fits no shape are `unknown`: never success, never refusal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Moved
from gateway.canon.requests import IDENTITY, Result
from gateway.dialect.answerform import Unfilled
from gateway.dialect.drift import MOST, Drift, Side, Sighting, described, tellable, word
from gateway.dialect.outbound import AskForm, AskRow
from gateway.dialect.wireanswer import Scalar
from gateway.wire.jsontext import scalar_text
from gateway.wire.message import Garbled, Response
from gateway.wire.opened import Opened
from gateway.wire.templates import look


@dataclass(frozen=True, slots=True)
class Word:
    """*result* in our words; *status*, *code*, *message* in theirs. *why*: what makes it unknown.

    *facts*: what it tells, by our names. *differs*: names in which it speaks of something else than what we asked.
    *cause*, *action*: of the table, for people. *drift*: what the table does not list.
    """

    result: Result
    status: int | None = None
    code: Scalar | None = None
    message: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    cause: str = ""
    action: str = ""
    differs: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    row: AskRow | None = None
    #: the same as drift, and fields and content types, without any value that may be somebody's
    unlisted: tuple[Sighting, ...] = ()


def hear(form: AskForm, ours: Mapping[str, Any], response: Response) -> Word:
    """What *response* says of *form*'s request; *ours*: what was asked, which it must repeat. Raises nothing."""
    return _Hearing(form, ours, response).word()


class _Hearing:
    def __init__(self, form: AskForm, ours: Mapping[str, Any], response: Response) -> None:
        self.form, self.ours, self.response = form, ours, response
        self.status = response.status
        self.code: Scalar | None = None
        self.message = ""
        self.body: Any = {}
        #: may the code of a refusal stand in this answer?
        self.refusing = not form.refused_at or self.status in form.refused_at or self.status not in form.done.http

    def word(self) -> Word:
        garbled = ""
        try:
            self.body = Opened(self.response).body if self.response.body.strip() else {}
        except Garbled as error:
            garbled = f"HTTP {self.status}, {error}"
        if self.refusing:
            self.code = self.form.refused.code_in(self.body)
            self.message = self.form.refused.message_in(self.body)
        row = self._row()
        if garbled:
            return self._said(Result.UNKNOWN, garbled)
        if self.status // 100 == 5:
            return self._said(Result.UNKNOWN, f"HTTP {self.status}: a failure of theirs proves nothing", row=row)
        if row is None:
            return self._said(Result.UNKNOWN, self._strange())
        if row.result is Result.UNKNOWN:
            return self._said(Result.UNKNOWN, f"{row.answer}: the table holds it for a doubt", row=row)
        if row.result.done is Moved.YES and row.answer.code is None:
            return self._done(row)
        return self._said(row.result, row=row, facts=self._told())

    def _row(self) -> AskRow | None:
        """The fullest row that fits. A success by status alone is one only where nothing of an error is there."""
        silent = self.code is None and not (self.refusing and self.form.refused.trace_in(self.body))
        for row in self.form.rows:
            success = row.result.done is Moved.YES and row.answer.code is None
            if row.fits(self.code, self.status, self.message) and (silent or not success):
                return row
        return None

    def _strange(self) -> str:
        if self.code is not None:
            return "a code that no row knows"
        traced = self.form.refused.trace_in(self.body)
        return "an error without its code" if traced else f"HTTP {self.status}, which no row knows"

    def _done(self, row: AskRow) -> Word:
        try:
            facts = self.form.done.read(self.body, self.ours.get("currency"))
        except (Fault, Unfilled) as error:
            why = getattr(error, "why", "") or f"{error} is missing"
            return self._said(Result.UNKNOWN, f"an answer of the wrong shape: {why}")
        if differs := differing(self.ours, facts):
            why = f"the answer tells another {' and '.join(differs)} than ours"
            return self._said(Result.UNKNOWN, why, row=row, facts=facts, differs=differs)
        return self._said(row.result, row=row, facts=facts)

    def _told(self) -> dict[str, Any]:
        """What a refusal tells beside its code, read leniently: errors by field."""
        slots = self.form.refused.sample.slots if self.form.refused.sample else []
        raw = {slot.name: look(self.body, slot.keys) for slot in slots if slot.name not in ("code", "message")}
        return {name: value for name, value in raw.items() if value is not None}

    def _said(
        self, result: Result, why: str = "", *, row: AskRow | None = None, facts: Mapping[str, Any] | None = None,
        differs: tuple[str, ...] = (),
    ) -> Word:  # fmt: skip
        cause, action = self._advice()
        drift = tuple(self._drift(row))
        return Word(
            result, self.status, self.code, self.message, facts or {}, why, cause, action, differs,
            drift, row, tuple(islice(self._unlisted(drift, row), MOST)),
        )  # fmt: skip

    def _advice(self) -> tuple[str, str]:
        known = [text for text in self.form.advice if self.message and self.message.startswith(text)]
        key = max(known, key=len, default=f"HTTP {self.status}")
        return self.form.advice.get(key, ("", ""))

    def _drift(self, row: AskRow | None) -> Iterator[str]:
        """What no row lists, for whoever keeps the table. A message is drift only where messages refine a reason."""
        if row is None:
            known = self.code is None or self.code in self._codes()
            yield f"status {self.status}" if known else f"code {scalar_text(self.code)}"
        elif self.code is not None and row.answer.code is None and self.code not in self._codes():
            yield f"code {scalar_text(self.code)}"
        refining = [each.answer.message_starts for each in self.form.rows if each.answer.message_starts]
        listed = [*refining, *self.form.advice]
        if self.message and refining and not any(self.message.startswith(text) for text in listed):
            yield f"message {self.message[:200]}"

    def _unlisted(self, drift: tuple[str, ...], row: AskRow | None) -> Iterator[Sighting]:
        name, means = str(self.form.name), str(row.result if row else Result.UNKNOWN)
        for each in drift:
            kind = Drift(each.partition(" ")[0])
            told = {Drift.CODE: word(self.code), Drift.STATUS: str(self.status)}.get(kind, "")
            shown = described(self.message) if kind is Drift.MESSAGE else ""
            yield Sighting(Side.ANSWER, kind, name, told, shown, tellable(self.code), self.status, means)
        yield from self.form.members.unlisted(name, self.body, self.response.headers, "answer")

    def _codes(self) -> set[Scalar]:
        return {row.answer.code for row in self.form.rows if row.answer.code is not None}


def differing(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that make a payment this payment, in which *theirs* tells something else."""
    return tuple(
        name for name in IDENTITY
        if ours.get(name) is not None and theirs.get(name) is not None and not _same(ours[name], theirs[name])
    )  # fmt: skip


def _same(one: Any, other: Any) -> bool:
    return bool(Decimal(one) == Decimal(other) if isinstance(one, Decimal) else one == other)
