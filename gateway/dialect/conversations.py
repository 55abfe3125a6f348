"""Proof 7: the examples hold, state the effect of every answer, and touch every operation, code and heard word.

Each conversation is run both ways: the raw call is read, the canonical call is written and read again; the answer is
written, compared, and read back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.money import EXPONENTS
from gateway.canon.operations import MONEY
from gateway.canon.outcomes import Moved, Outcome
from gateway.dialect.answerform import Unfilled
from gateway.dialect.compiler.rows import OUTCOMES, Effects
from gateway.dialect.contracts import differences, touched
from gateway.dialect.coverage import Touched, untouched
from gateway.dialect.dialect import Dialect
from gateway.dialect.examples import (
    Contract,
    Example,
    ExamplesFile,
    Failure,
    HeardAnswer,
    Said,
    canonical,
    read_examples,
    toml_facts,
    toml_value,
)
from gateway.dialect.keys import Keys
from gateway.dialect.problems import Problem, Refused, suggest
from gateway.dialect.requestform import RequestForm
from gateway.dialect.shelf import Shelf
from gateway.dialect.signed_examples import signed
from gateway.dialect.source import KeyPath, Source
from gateway.dialect.wireanswer import WireAnswer
from gateway.wire.jsontext import read_json, write_json
from gateway.wire.message import Garbled, Request, Response


@dataclass
class Conversations:
    """The examples of one table, ready to run."""

    shelf: Shelf
    name: str
    source: Source
    file: ExamplesFile
    problems: list[Problem] = field(default_factory=list)
    touched: Touched = field(default_factory=Touched)
    #: keypath of an entry -> every answer that the table really gives there, for `test --update`
    actual: dict[KeyPath, list[str]] = field(default_factory=dict)
    #: the file's secrets by role and recipes, as `keys` bound them
    bound: dict[Any, Keys] = field(default_factory=dict, repr=False)
    _dialects: dict[str, Dialect] = field(default_factory=dict)

    @classmethod
    def load(cls, shelf: Shelf, name: str) -> "Conversations":
        """The examples beside table *name*. Raises Refused when there are none, or their shape is wrong."""
        path = shelf.path(name).with_suffix(".examples.toml")
        shown = str(shelf.source(name).path).removesuffix(".toml") + ".examples.toml"
        if not path.is_file():
            says = f"the table has no examples: {shown} is missing"
            remedy = "examples are the documentation and the tests: mappings/README.md, Examples"
            raise Refused([Problem("GW403", shelf.source(name), ("dialect",), says, remedy)])
        source = Source.read(path, shown)
        return cls(shelf, name, source, read_examples(source))

    # -- running

    def run(self, *, until_first: bool = False) -> list[Problem]:
        """Run everything; every complaint, in order. *until_first*: stop after the first entry that does not hold."""
        kinds: tuple[tuple[str, Sequence[Any], Callable[..., None]], ...] = (
            ("example", self.file.example, self._example),
            ("said", self.file.said, self._said),
            ("heard", self.file.heard, self._heard),
            ("failure", self.file.failure, self._failure),
            ("contract", self.file.contract, self._contract),
        )
        for kind, entries, play in kinds:
            for index, entry in enumerate(entries):
                self._guarded((kind, index), entry, play)
                if until_first and self.problems:
                    return self.problems
        if not self.problems:  # what an example that does not hold would touch is not known
            self.problems += untouched(self.dialect({}), self.touched)
        return self.problems

    def dialect(self, options: Mapping[str, str]) -> Dialect:
        """The table with *options* chosen."""
        key = repr(sorted(options.items()))
        if key not in self._dialects:
            self._dialects[key] = self.shelf.dialect(self.name, options)
        return self._dialects[key]

    def keys(self, dialect: Dialect, role: Any) -> Keys:
        """The file's own made-up secrets, bound; once per recipe, because reading a private key takes its time."""
        key = (role, *dialect.request_recipes.items(), dialect.answer_recipe, dialect.envelopes)
        if key not in self.bound:
            secrets = {name: [text.encode()] for name, text in self.file.secrets.items()}
            self.bound[key] = dialect.bind(secrets, role)
        return self.bound[key]

    def _guarded(self, at: KeyPath, entry: Any, play: Callable[..., None]) -> None:
        try:
            play(self.dialect(entry.options), entry, at)
        except Refused as refused:
            self.problems += refused.problems
        except (Fault, Garbled, Unfilled, ValueError, KeyError) as error:
            self.complain(at, f"the example cannot be played: {error}", "check its facts and secrets")

    def complain(self, at: KeyPath, says: str, remedy: str = "", code: str = "GW401", hint: str = "") -> None:
        """Add a complaint that points into the examples file."""
        self.problems.append(Problem(code, self.source, at, says, remedy, hint=hint))

    # -- one conversation

    def _example(self, dialect: Dialect, example: Example, at: KeyPath) -> None:
        name = None if example.operation == "unread" else example.operation
        if name is not None and name not in dialect.variants:
            return self.complain((*at, "operation"), f'the table has no operation "{name}"', "", "GW105")
        request = self.request(dialect, example)
        outcome, facts, form, call = self.read(dialect, example, request)
        found = form.name if form else None
        if found != name:
            return self.complain(
                (*at, "operation"), f'it is read as "{found or "unread"}", not as "{example.operation}"'
            )
        if example.refused is not None:
            if str(outcome) != example.refused:
                return self.complain((*at, "refused"), f"it is refused with {outcome or 'nothing'}, not with this")
            if form is not None and form.unsupported:
                self.touched.operations.add(form.name)
        elif call is None or form is None:
            return self.complain(at, f"it is refused: {outcome}", "state refused = ..., or mend the call")
        else:
            if not self._as_stated(call, example, at):
                return None
            self._written_back(dialect, form, call, at)
            self.touched.operations.add(form.name)
            reply = canonical({key: value for key, value in (example.reply or {}).items() if key != "outcome"})
            outcome = OUTCOMES.get(str((example.reply or {}).get("outcome", "ok")))
            facts = {**facts, **reply}
        if outcome is None:
            word = str((example.reply or {}).get("outcome"))
            hint = suggest(word, OUTCOMES) or ""
            return self.complain((*at, "reply", "outcome"), f'unknown outcome "{word}"', "", "GW104", hint)
        return self._answered(dialect, found, outcome, facts, example, at, call)

    def request(self, dialect: Dialect, example: Example) -> Request:
        """The raw call, signed and sealed with the file's secrets unless it brings its own signature and seal."""
        return signed(dialect, example, self.keys(dialect, "sender"), self.file.now.timestamp())

    def read(
        self, dialect: Dialect, example: Example, request: Request
    ) -> tuple[Outcome | None, dict[str, Any], RequestForm | None, Call | None]:
        """Outcome of reading (None: read), echoed or read facts, the variant, the call."""
        opened, form = dialect.open(request, self.keys(dialect, "receiver")), None
        try:
            if dialect.batch is not None:  # it is signed as a whole, and no item of a forged one is looked at
                dialect.verify(None, opened, self.keys(dialect, "receiver"), self.file.now.timestamp())
            form = dialect.recognise(opened)
            dialect.verify(form.name, opened, self.keys(dialect, "receiver"), self.file.now.timestamp())
            if form.unsupported:
                raise Fault(Outcome.UNSUPPORTED_OPERATION, f"{form.name} is known, and not served")
            reading = dialect.read(form, opened)
            call = form.call(reading, self._recalled(reading.wants, reading.facts, example))
            return None, call.facts(), form, call
        except Fault as fault:
            return fault.outcome, dialect.echo(form.name if form else None, opened), form, None

    def recalled_for(self, dialect: Dialect, example: Example, request: Request) -> dict[str, Any]:
        """What the file says is remembered of the fields that *request* leaves out; nothing when it cannot be read."""
        opened = dialect.open(request, self.keys(dialect, "receiver"))
        try:
            reading = dialect.read(dialect.recognise(opened), opened)
        except Fault:
            return {}
        return self._recalled(reading.wants, reading.facts, example)

    def _recalled(self, wants: Mapping[str, str], facts: Mapping[str, Any], example: Example) -> dict[str, Any]:
        found = {}
        for name, kind in wants.items():
            identity = facts.get(kind)
            identity = identity[0] if isinstance(identity, tuple) else identity
            known = self.remembered(kind, str(identity), example.memory)
            if name in known:
                found[name] = known[name]
        return found

    def remembered(self, kind: str, identity: str, more: Mapping[str, Any]) -> dict[str, Any]:
        """What the file says is remembered."""
        own = self.file.memory.get(kind, {}).get(identity, {})
        return canonical({**own, **more.get(kind, {}).get(identity, {})})

    def _as_stated(self, call: Call, example: Example, at: KeyPath) -> bool:
        if example.call is None:
            self.complain(at, "it states no canonical call", f"call = {toml_facts(call.facts())}")
            return False
        stated, read = canonical(example.call), call.facts()
        for name in {**stated, **read}:
            if stated.get(name) != read.get(name):
                where = (*at, "call", name) if name in stated else (*at, "call")
                self.complain(where, f"call.{name} is {toml_value(read.get(name))}, not {toml_value(stated.get(name))}",
                              f"call = {toml_facts(read)}")  # fmt: skip
                return False
        return True

    def _written_back(self, dialect: Dialect, form: RequestForm, call: Call, at: KeyPath) -> None:
        """Ours to theirs to ours: the same call. A state that the table does not list has no word of theirs."""
        if any(each.unlisted is not None and getattr(call, each.name) == each.unlisted for each in form.fields):
            return
        known = {each.name for each in form.fields} | set(form.set) | set(form.recall) | set(form.derive)
        _, request = dialect.write_call(
            call, self.keys(dialect, "sender"), self.file.now.timestamp(), self.file.settings
        )
        opened = dialect.open(request, self.keys(dialect, "receiver"))
        again = dialect.recognise(opened)
        dialect.verify(again.name, opened, self.keys(dialect, "receiver"), self.file.now.timestamp())
        reading = dialect.read(again, opened)
        recalled = {name: getattr(call, name) for name in reading.wants if getattr(call, name) is not None}
        read = again.call(reading, recalled)
        for name in known:
            if getattr(call, name) is not None and getattr(read, name) != getattr(call, name):
                self.complain(at, f"written and read again, {name} is not what it was", "its converter must be a pair")

    def _answered(
        self, dialect: Dialect, name: str | None, outcome: Outcome, facts: Mapping[str, Any], example: Any,
        at: KeyPath, call: Call | None,
    ) -> None:  # fmt: skip
        facts = {"now": self.file.now.astimezone(UTC), **facts}
        if facts.get("currency") in EXPONENTS:
            facts.setdefault("currency_exponent", EXPONENTS[facts["currency"]])
        said = dialect.said.get((name, outcome))
        if said is None:
            return self.complain(at, f"{outcome} cannot be the outcome of {name or 'an unread message'}", "", "GW104")
        self.touched.pairs.add((name, outcome))
        self.touched.rows.update([*said.hops, *([said.path] if said.path else [])])
        response = dialect.write_answer(name, outcome, facts, self.keys(dialect, "receiver"), self.file.now.timestamp())
        self._compare(response, example, at)
        effect = stated_effect(example.effect, name)
        for each in [name] if name else money_operations(dialect):
            does = said.effect if name else effect_of(dialect, each, said.answer)
            wanted = effect if name else stated_effect(example.effect, each)
            if wanted != does:
                whom = f'operation "{each}"' if not name else "this answer"
                self.complain((*at, "effect"), f"the effect of {whom} is {listed(does)}, not {listed(wanted)}",
                              "correct the example, or [effects]", "GW402")  # fmt: skip
        if response is not None and call is not None and name is not None:
            self._read_back(dialect, name, outcome, call, response, at)

    def _compare(self, response: Response | None, example: Any, at: KeyPath) -> None:
        if response is None:
            if not example.no_answer:
                self.complain(at, "the connection is closed without an answer", "no_answer = true")
            return
        actual = response.body.decode()
        self.actual.setdefault(at, []).append(actual)
        if example.no_answer:
            return self.complain(at, f"there is an answer: HTTP {response.status} {actual}")
        if response.status != example.http:
            self.complain((*at, "http"), f"HTTP {response.status}, not {example.http}", f"http = {response.status}")
        if normal(actual) != normal(example.answer or ""):
            self.complain(
                (*at, "answer"), f"the answer is {actual}", "correct the example or the table; `test --update`"
            )

    def _read_back(
        self, dialect: Dialect, name: str, outcome: Outcome, call: Call, response: Response, at: KeyPath
    ) -> None:
        """A wallet that speaks this dialect says no more than it knows: the outcome, its stand-in, or unknown."""
        said = dialect.said[name, outcome]
        keys = self.keys(dialect, "sender")
        reply, why = dialect.read_reply(name, call, response, keys, self.file.now.timestamp())
        honest = {outcome, said.end, Outcome.UNKNOWN, Outcome.WALLET_FAILED}
        if outcome.moved is Moved.UNKNOWN:
            honest = {Outcome.UNKNOWN, Outcome.IN_PROGRESS}
        if reply.outcome not in honest:
            self.complain(
                at, f"read back, the answer to {outcome} means {reply.outcome}: {why}", "two rows share a word"
            )

    # -- the short forms

    def _said(self, dialect: Dialect, said: Said, at: KeyPath) -> None:
        facts = canonical(self.file.facts)
        for operation in said.operations:
            name = None if operation == "unread" else operation
            if name is not None and name not in dialect.variants:
                self.complain((*at, "operations"), f'the table has no operation "{name}"', "", "GW105")
                continue
            for word in said.outcomes:
                outcome = OUTCOMES.get(word)
                if outcome is None:
                    self.complain((*at, "outcomes"), f'unknown outcome "{word}"', "", "GW104")
                    continue
                before = len(self.problems)
                call = Call(dialect.variants[name].operation, **_call_facts(facts)) if name else None
                self._answered(dialect, name, outcome, facts, said, at, call)
                if len(self.problems) > before:
                    where = f"{operation}, {word}: "
                    self.problems[before:] = [_prefixed(each, where) for each in self.problems[before:]]

    def _heard(self, dialect: Dialect, heard: HeardAnswer, at: KeyPath) -> None:
        facts = _call_facts(canonical(self.file.facts))
        for name in heard.operations:
            if name not in dialect.variants:
                self.complain((*at, "operations"), f'the table has no operation "{name}"', "", "GW105")
                continue
            call = Call(dialect.variants[name].operation, **facts)
            response = Response(heard.http, (), heard.answer.encode())
            reply, why = dialect.hearings[name].read(call, response)
            row = dialect.hearings[name].row(response)
            if row is not None and row.path and reply.outcome is row.outcome:
                self.touched.rows.add(row.path)
            if str(reply.outcome) != heard.outcome:
                self.complain(
                    (*at, "outcome"), f"{name} hears {reply.outcome} ({why or 'its row'}), not {heard.outcome}"
                )

    def _failure(self, dialect: Dialect, failure: Failure, at: KeyPath) -> None:
        for name in failure.effect.keys() - dialect.variants.keys():
            self.complain((*at, "effect", name), f'the table has no operation "{name}"', "", "GW105")
        for name in money_operations(dialect):
            for value in failure.answers:
                answer = WireAnswer.of(dict(value))
                does = effect_of(dialect, name, answer)
                if does != set(failure.effect.get(name, [])):
                    self.complain(
                        (*at, "effect"),
                        f'after {answer}, operation "{name}" does: {listed(does)}',
                        "correct the example, or [effects]",
                        "GW402",
                    )

    def _contract(self, dialect: Dialect, contract: Contract, at: KeyPath) -> None:
        for name in contract.operations:
            if name not in dialect.variants:
                self.complain((*at, "operations"), f'the table has no operation "{name}"', "", "GW105")
                continue
            self.touched.rows |= touched(dialect.tree, name, contract)
            for key, real in differences(dialect, name, contract):
                remedy = f"correct the example, or the row: {key} = {toml_value(real)}"
                self.complain((*at, key), f'{key} of operation "{name}" is {toml_value(real)}', remedy)


def effect_of(dialect: Dialect, name: str, answer: WireAnswer) -> frozenset[str]:
    """The effect of a bare answer on operation *name*."""
    return Effects(dialect.tree).of(name, answer, done=False).does


def money_operations(dialect: Dialect) -> list[str]:
    """The table's own names of the operations that may move money."""
    return [name for name, form in dialect.variants.items() if form.operation in MONEY]


def listed(effect: frozenset[str]) -> str:
    """An effect in words."""
    return " and ".join(sorted(effect)) or "not stated"


def stated_effect(effect: Any, name: str | None) -> frozenset[str]:
    """The effect that an example states for operation *name*."""
    return frozenset(effect.get(name, ()) if isinstance(effect, dict) else effect)


def normal(text: str) -> bytes:
    """JSON without its spaces, numbers and order kept; anything else as it is."""
    try:
        return write_json(read_json(text.encode()))
    except Garbled:
        return text.encode()


def _call_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name in Call.__struct_fields__}


def _prefixed(problem: Problem, prefix: str) -> Problem:
    return Problem(problem.code, problem.source, problem.keypath, prefix + problem.says, problem.remedy, problem.what)
