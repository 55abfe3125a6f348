"""The examples of a table's requests, `<dialect>.outbound.examples.toml`: what is written, and what answers mean.

`[[asked]]`: canonical facts and the message they become. `[[answered]]`: an answer, and what is heard in it. Each is
run both ways: the message is read and verified as the provider would, the answer is said by its row and heard again.
"""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.canon.faults import Fault
from gateway.canon.requests import ANSWER_FIELDS, Ask, Result
from gateway.dialect.answerform import Unfilled
from gateway.dialect.askedhearing import Word, hear
from gateway.dialect.askfacts import plain, read_facts
from gateway.dialect.compiler.layers import Path as Dotted
from gateway.dialect.compiler.outbound import ASKS, RESULTS
from gateway.dialect.dialect import Dialect
from gateway.dialect.outbound import AskKeys, Outbound
from gateway.dialect.problems import Problem, Refused
from gateway.dialect.shapes import shape_complaints
from gateway.dialect.shelf import Shelf
from gateway.dialect.source import KeyPath, Source
from gateway.wire.jsontext import read_json
from gateway.wire.message import Garbled, Request, Response
from gateway.wire.signatures import Forged


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Asked(_Part):
    """A request of ours. *headers*: those that are stated are compared; a signature is made and checked anyway."""

    name: str
    source: str | None = None
    request: str
    options: dict[str, str] = {}
    given: dict[str, Any]
    method: str = "POST"
    path: str = ""
    query: str = ""
    headers: dict[str, str] = {}
    body: str | None = None


class Answered(_Part):
    """An answer to one request or several, and what is heard in it; *given*: what was asked, where it matters."""

    requests: list[str]
    source: str | None = None
    options: dict[str, str] = {}
    given: dict[str, Any] = {}
    http: int = 200
    answer: str = ""
    result: str
    told: dict[str, Any] = {}
    cause: str | None = None
    action: str | None = None
    drift: list[str] = []


class AskedFile(_Part):
    """The whole file."""

    secrets: dict[str, str] = Field({}, description="Made up for these examples; never anybody's.")
    settings: dict[str, Any] = {}
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    asked: list[Asked] = []
    answered: list[Answered] = []


class AskedExamples:
    """The examples of one table's requests, ready to run; `problems` fills as they run."""

    def __init__(self, shelf: Shelf, name: str, source: Source, file: AskedFile) -> None:
        self.shelf, self.name, self.source, self.file = shelf, name, source, file
        self.problems: list[Problem] = []
        self.rows: set[Dotted] = set()
        self.requests: set[Ask] = set()
        self._dialects: dict[str, Dialect] = {}

    @classmethod
    def load(cls, shelf: Shelf, name: str) -> "AskedExamples | None":
        """The file beside the table; None for a table that asks nothing. Refused: GW101, GW102, GW403 (none there)."""
        dialect = shelf.dialect(name)
        if dialect.outbound is None:
            return None
        path = shelf.path(name).with_name(f"{name}.outbound.examples.toml")
        if not path.is_file():
            says, remedy = f"requests without examples: there is no {path.name}", "add [[asked]] and [[answered]]"
            raise Refused([dialect.tree.origin("outbound").problem("GW403", says, remedy, what="key")])
        source = Source.read(path, shelf.shown(path))
        try:
            return cls(shelf, name, source, AskedFile.model_validate(source.data))
        except ValidationError:
            raise Refused(shape_complaints(AskedFile, source, source.data)) from None

    @property
    def count(self) -> str:
        """`4 asked, 17 answered`."""
        return f"{len(self.file.asked)} asked, {len(self.file.answered)} answered"

    def run(self) -> list[Problem]:
        """Every complaint."""
        for index, asked in enumerate(self.file.asked):
            self._asked(("asked", index), asked)
        for index, answered in enumerate(self.file.answered):
            for word in answered.requests:
                self._answered(("answered", index), answered, word)
        self._untouched()
        return self.problems

    def keys(self, outbound: Outbound, *, playing: bool) -> AskKeys:
        """The file's secrets."""
        return outbound.bind({name: [text.encode()] for name, text in self.file.secrets.items()}, playing=playing)

    def _of(self, at: KeyPath, options: dict[str, str], word: str) -> tuple[Outbound, Ask] | None:
        key = repr(sorted(options.items()))
        if key not in self._dialects:
            self._dialects[key] = self.shelf.dialect(self.name, options)
        outbound = self._dialects[key].outbound
        if outbound is None or ASKS.get(word) not in outbound.forms:
            self._complain("GW402", at, f'the table asks no "{word}"', "name one of its requests")
            return None
        return outbound, ASKS[word]

    def _complain(self, code: str, at: KeyPath, says: str, remedy: str) -> None:
        self.problems.append(Problem(code, self.source, at, says, remedy))

    def _asked(self, at: KeyPath, asked: Asked) -> None:
        if (found := self._of(at, asked.options, asked.request)) is None:
            return
        outbound, name = found
        self.requests.add(name)
        now = self.file.now.timestamp()
        try:
            facts = read_facts(asked.given)
            request = outbound.write(name, facts, self.keys(outbound, playing=False), now, self.file.settings)
        except (Fault, ValueError) as error:
            why = getattr(error, "why", str(error))
            self._complain("GW402", (*at, "given"), f"{asked.name}: cannot be written: {why}", "give what is due")
            return
        for word, says in _differences(asked, request):
            self._complain("GW402", (*at, word), f"{asked.name}: {says}", "correct the table or the example")
        self._played(at, asked, outbound, name, request, facts)

    def _played(
        self, at: KeyPath, asked: Asked, outbound: Outbound, name: Ask, request: Request, facts: dict[str, Any]
    ) -> None:  # fmt: skip
        """The provider's side: it knows the request, its signature fits, and it reads what was given."""
        recognised = outbound.recognise(outbound.forms[name].url, request)
        if recognised is None or recognised[0].name is not name:
            says, remedy = f"{asked.name}: the provider would take it for another request", "another url or path"
            self._complain("GW402", at, says, remedy)
            return
        form, opened = recognised
        try:
            self.keys(outbound, playing=True).of(name).check(opened, self.file.now.timestamp())
            back = form.read(opened)
        except (Fault, Forged, Garbled) as error:
            why = getattr(error, "why", str(error))
            self._complain("GW402", at, f"{asked.name}: the provider cannot read it: {why}", "correct the table")
            return
        if plain(back) != plain(facts):
            says = f"{asked.name}: the provider reads {plain(back)}"
            self._complain("GW402", (*at, "given"), says, "give each field that stands in the message, and no other")

    def _answered(self, at: KeyPath, answered: Answered, word: str) -> None:
        if (found := self._of(at, answered.options, word)) is None:
            return
        outbound, name = found
        form = outbound.forms[name]
        try:
            ours, due = read_facts(answered.given), read_facts(answered.told, ANSWER_FIELDS)
        except Fault as fault:
            self._complain("GW402", at, fault.why, "correct the example")
            return
        heard = hear(form, ours, Response(answered.http, (), answered.answer.encode()))
        if heard.row is not None and heard.row.path:
            self.rows.add(heard.row.path)
        for key, is_, want in (
            ("result", str(heard.result), answered.result),
            ("told", plain(heard.facts), plain(due)),
            ("cause", heard.cause, heard.cause if answered.cause is None else answered.cause),
            ("action", heard.action, heard.action if answered.action is None else answered.action),
            ("drift", list(heard.drift), answered.drift),
        ):
            if is_ != want:
                why = f" ({heard.why})" if heard.why and key == "result" else ""
                says = f"{word}: {key} is {is_!r}, not {want!r}{why}"
                self._complain("GW402", (*at, key) if key in self.source.data["answered"][at[1]] else at, says,
                               "correct the table or the example")  # fmt: skip
        if answered.result not in RESULTS:
            self._complain(
                "GW402", (*at, "result"), f'"{answered.result}" is no result', f"one of {', '.join(RESULTS)}"
            )
        elif heard.row is not None and heard.result is not Result.UNKNOWN:
            self._said(at, word, outbound, name, heard, ours)

    def _said(
        self, at: KeyPath, word: str, outbound: Outbound, name: Ask, heard: Word, ours: dict[str, Any]
    ) -> None:  # fmt: skip
        """The provider's side: the row says an answer in which the same is heard."""
        form, row = outbound.forms[name], heard.row
        if row is None:
            return
        try:
            again = hear(form, ours, form.say(row, {**ours, **heard.facts}, heard.message))
        except Unfilled as error:
            self._complain("GW402", (*at, "told"), f"{word}: the answer must tell {error}", "add it")
            return
        if again.result is not heard.result:
            says = f"{word}: said by its row, it is heard as {again.result} ({again.why})"
            self._complain("GW402", at, says, "give the row what decides it")

    def _untouched(self) -> None:
        dialect = self.shelf.dialect(self.name)
        outbound = dialect.outbound
        for form in outbound.forms.values() if outbound else ():
            at: Dotted = ("outbound", "requests", str(form.name))
            if form.name not in self.requests:
                says = f"no example asks {form.name}"
                self.problems.append(dialect.tree.origin(*at).problem("GW403", says, "add an [[asked]]", what="key"))
            for row in form.rows:
                if row.path and row.path not in self.rows:
                    self.rows.add(row.path)
                    says, remedy = f"no example is answered so: {row.answer}, {row.result}", "add an [[answered]]"
                    self.problems.append(dialect.tree.origin(*row.path).problem("GW404", says, remedy))


def _differences(asked: Asked, request: Request) -> list[tuple[str, str]]:
    found = []
    for word, is_, due in (
        ("method", request.method, asked.method), ("path", request.path, asked.path),
        ("query", request.query, asked.query),
    ):  # fmt: skip
        if is_ != due:
            found.append((word if word in asked.model_fields_set else "name", f"{word} is {is_!r}, not {due!r}"))
    headers = {name.lower(): value for name, value in request.headers}
    for name, value in asked.headers.items():
        if headers.get(name.lower()) != value:
            found.append(("headers", f"header {name} is {headers.get(name.lower())!r}"))
    if asked.body is not None and _json(request.body) != _json(asked.body.encode()):
        found.append(("body", f"the body is {request.body.decode()}"))
    return found


def _json(raw: bytes) -> Any:
    """A JSON value with its numbers as they are spelled; what is no JSON as it is."""
    try:
        return _spelled(read_json(raw))
    except Garbled:
        return raw


def _spelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _spelled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    return value if isinstance(value, (str, bool)) or value is None else str(value)


def examples_of(shelf: Shelf, name: str) -> list[Problem]:
    """Every complaint about the examples of one table's requests; none for a table that asks nothing."""
    try:
        examples = AskedExamples.load(shelf, name)
    except Refused as refused:
        return refused.problems
    return examples.run() if examples else []
