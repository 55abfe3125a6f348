"""`[outbound]`, compiled: how we ask a provider, and what its answer means. Data only; no clock, socket or secret.

Writing and hearing is our side; `recognise`, `read` and `say` are the provider's, for whoever plays it. Nothing is
shared with callbacks but by name: the same number is another word here.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from gateway.canon.calls import Shape
from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.canon.requests import ANSWER_FIELDS, Ask, Result
from gateway.dialect.answerform import AnswerForm
from gateway.dialect.compiler.layers import Path
from gateway.dialect.drift import Members, Side, members_of
from gateway.dialect.fieldform import FieldForm, Seen
from gateway.dialect.fieldlines import read_lines, write_lines
from gateway.dialect.wireanswer import WireAnswer
from gateway.wire.message import Request, Response
from gateway.wire.opened import Draft, Opened
from gateway.wire.signatures import BoundRecipe, Recipe
from gateway.wire.straight import Straight

#: What may stand in a sample of an answer.
NAMES: dict[str, Shape] = {**ANSWER_FIELDS, "code": Shape.TEXT, "message": Shape.TEXT}
#: `{secret.api_key}` or `{setting.shop}`, the whole of a header's value.
REFERENCE = re.compile(r"\{(secret|setting)\.([a-zA-Z0-9_.-]+)\}")


@dataclass(frozen=True, slots=True)
class AskRow:
    """What one answer of theirs means. *path*: where the row stands; () for the 2xx that the request implies."""

    result: Result
    answer: WireAnswer
    path: Path

    def fits(self, code: Any, status: int, message: str) -> bool:
        """Does a row with a code want that code; one without, the status alone."""
        answer = self.answer
        if answer.code is None:
            said = answer.http == status
        else:
            said = type(answer.code) is type(code) and answer.code == code and answer.http in (None, status)
        return said and message.startswith(answer.message_starts or "")


@dataclass(frozen=True)
class AskForm:
    """One request. *url* is a named URL of the settings, *path* what comes after it. *rows*: the fullest first.

    *resolve*: the request that a doubt is asked about with; *again*: the same reference may be sent again.
    *proof_after_s*: seconds until "not found" proves that there is nothing; None where it is asked of nothing.
    """

    name: Ask
    url: str
    method: str
    path: str
    codec: str
    headers: Mapping[str, str]
    fields: tuple[FieldForm, ...]
    fill: tuple[tuple[Any, Any], ...]
    done: AnswerForm
    refused: AnswerForm
    rows: Sequence[AskRow]
    resolve: Ask | None = None
    again: bool = False
    proof_after_s: int | None = None
    #: the statuses at which a refusal's code is looked for; empty: at any
    refused_at: frozenset[int] = frozenset()
    #: their message, or how it begins, or "HTTP 401" -> its cause and what to do
    advice: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    pattern: re.Pattern[str] = re.compile("")

    @cached_property
    def members(self) -> Members:
        """The names that its answers' samples speak of, a success's and a refusal's."""
        return members_of(Side.ANSWER, (self.done, self.refused))

    @property
    def names(self) -> dict[str, bool]:
        """Fields that a request has: name -> must it be given?"""
        return {each.name: not each.optional for each in self.fields}

    def write(self, facts: Mapping[str, Any], settings: Mapping[str, Any]) -> Draft:
        """The message of *facts*. Fault, with the field, where one is missing or cannot be spelled."""
        draft = Draft(self.codec, self.method, self.path)
        for place, literal in self.fill:
            place.put(draft, _set(literal, settings))
        for name, text in self.headers.items():
            if not (reference := REFERENCE.fullmatch(text)) or reference[1] == "setting":
                draft.headers[name] = str(_set(text, settings))
        self._put(draft, facts)
        return draft

    @cached_property
    def _put(self) -> Callable[[Draft, Mapping[str, Any]], None]:
        code = Straight("put(draft, facts)", f"{self.name} written")
        fields = code.literal(self.fields)
        code.line(f"body, item, currency, fields = draft.body, draft.item, facts.get('currency'), {fields}")
        missing = "the provider must have it, and it was not given"
        write_lines(code, self.fields, (Outcome.REQUEST_INVALID, missing))
        return code.made()

    # -- the provider's side

    def read(self, opened: Opened) -> dict[str, Any]:
        """The facts of a message. Fault request_invalid."""
        facts, amounts = self._read(opened)
        for each, place, value in amounts:
            facts[each.name] = each.read_amount(place, value, facts.get("currency"))
        return facts

    @cached_property
    def _read(self) -> Callable[[Opened], tuple[dict[str, Any], list[Seen]]]:
        code = Straight("read(opened)", f"{self.name} read")
        code.line("facts, amounts = {}, []")
        read_lines(code, self.fields, lambda _: False)
        code.line("return facts, amounts")
        return code.made()

    def say(self, row: AskRow, facts: Mapping[str, Any], message: str = "") -> Response:
        """The provider's answer that *row* is about; *facts* fill a success. Raises Unfilled."""
        answer = row.answer
        form = self.done if row.result.done.value == "yes" and answer.code is None else self.refused
        text = message or answer.text or answer.message_starts or row.result.sentence
        if form is self.refused and answer.code is None:
            status = answer.http or 400
            body = form.sample.write({"message": text}) if form.sample and not _demands_code(form) else b""
        else:
            status, body = form.write(WireAnswer(answer.code), facts, text)
            status = answer.http or status
        return Response(status, form.headers if body else (), body)


def _demands_code(form: AnswerForm) -> bool:
    slot = form.slot("code")
    return slot is not None and not slot.optional


def _set(value: Any, settings: Mapping[str, Any]) -> Any:
    reference = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if reference is None:
        return value
    if reference[2] not in settings:
        raise Fault(Outcome.REQUEST_INVALID, f"settings.{reference[2]} is not set for this provider")
    return settings[reference[2]]


@dataclass(frozen=True, slots=True)
class AskKeys:
    """The live secrets of one account: recipes by request (None: of all), and secrets that stand in headers."""

    recipes: Mapping[Ask | None, BoundRecipe]
    headers: Mapping[str, str]

    def of(self, name: Ask) -> BoundRecipe:
        """The recipe of one request."""
        return self.recipes.get(name) or self.recipes[None]


@dataclass(frozen=True)
class Outbound:
    """All requests of one table. *deadlines_ms*: by name and "default", how long an answer is waited for."""

    forms: Mapping[Ask, AskForm]
    recipes: Mapping[Ask | None, Recipe]
    deadlines_ms: Mapping[str, int]
    gaps: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def deadline_s(self, name: Ask) -> float:
        """Seconds from the first moment to the answer."""
        return self.deadlines_ms.get(name, self.deadlines_ms["default"]) / 1000

    @property
    def urls(self) -> list[str]:
        """The named URLs that the settings of an account give."""
        return sorted({form.url for form in self.forms.values()})

    def secrets(self) -> set[str]:
        """The names of the secrets that an account needs to ask."""
        names = {recipe.make_secret or recipe.check_secret for recipe in self.recipes.values()}
        return (names | {secret for _, secret in self._secret_headers()}) - {""}

    def _secret_headers(self) -> Iterator[tuple[str, str]]:
        for form in self.forms.values():
            for name, value in form.headers.items():
                if (reference := REFERENCE.fullmatch(value)) and reference[1] == "secret":
                    yield name, reference[2]

    def bind(self, secrets: Mapping[str, Sequence[bytes]], *, playing: bool = False) -> AskKeys:
        """Load the secrets; *playing*: to check what we sign, as the provider would. Raises SecretFault."""
        recipes = {
            name: recipe.bind(secrets, for_check=playing, for_make=not playing)
            for name, recipe in self.recipes.items()
        }  # fmt: skip
        headers = {name: secrets[secret][0].decode("ascii") for name, secret in self._secret_headers()}
        return AskKeys(recipes, headers)

    def write(
        self, name: Ask, facts: Mapping[str, Any], keys: AskKeys, now: float, settings: Mapping[str, Any]
    ) -> Request:  # fmt: skip
        """The signed request; *now* in unix seconds. Fault where it cannot be written."""
        form = self.forms[name]
        draft = form.write(facts, settings)
        draft.headers.update({each: value for each, value in keys.headers.items() if each in form.headers})
        keys.of(name).make(draft, now)
        return draft.request()

    def recognise(self, url: str, request: Request) -> tuple[AskForm, Opened] | None:
        """For the provider's side: which request came to the named *url*, opened; None where there is none such."""
        for form in self.forms.values():
            match = form.pattern.fullmatch(request.path)
            if form.url == url and form.method == request.method and match is not None:
                opened = Opened(request, form.codec)
                opened.path_fields = {name: unquote(text) for name, text in match.groupdict().items()}
                return form, opened
        return None
