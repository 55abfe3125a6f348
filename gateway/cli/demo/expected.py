"""What a conversation must look like: the scenario's outcome in the table's words, and in those of its examples."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from gateway.canon.outcomes import Outcome
from gateway.cli.caller import Exchange
from gateway.cli.demo.scenarios import Scenario
from gateway.dialect.answerform import AnswerForm
from gateway.dialect.conversations import Conversations, effect_of, stated_effect
from gateway.dialect.dialect import Dialect
from gateway.dialect.examples import Example, ExamplesFile
from gateway.dialect.examples import Said as SaidAlike
from gateway.dialect.problems import Refused
from gateway.dialect.requestform import RequestForm
from gateway.dialect.sayings import Said
from gateway.dialect.shelf import Shelf
from gateway.wire.jsontext import read_json, scalar_text
from gateway.wire.message import Garbled, Response


@dataclass(frozen=True)
class Witnessed:
    """What the wallet's side saw of one call: how often it was asked for money, and how the balance changed."""

    asked: int
    moved: Decimal
    balance: Decimal


def examples_of(shelf: Shelf, name: str) -> ExamplesFile | None:
    """The examples beside a table; None for a table that has none."""
    try:
        return Conversations.load(shelf, name).file
    except Refused:
        return None


def differences(
    dialect: Dialect, scenario: Scenario, got: Exchange, saw: Witnessed, examples: ExamplesFile | None
) -> list[str]:
    """How the conversation differs from what it must be, one sentence each; empty when it does not."""
    said = said_of(dialect, got.form, scenario.outcome)
    return [
        *_answer(dialect, said, got),
        *_wallet(scenario, got, saw),
        *(_time(dialect, got)),
        *(_examples(dialect, said, got, examples) if examples else ()),
    ]


def said_of(dialect: Dialect, form: RequestForm, outcome: Outcome) -> Said:
    """What *form* is told of *outcome*; of a forged message nobody may know which operation it was."""
    if not _unread(dialect, form, outcome):
        return dialect.said[form.name, outcome]
    said = dialect.said[None, outcome]
    return replace(said, effect=effect_of(dialect, form.name, said.answer))


def _unread(dialect: Dialect, form: RequestForm, outcome: Outcome) -> bool:
    """An envelope keeps its operation for itself, and no item of a forged batch is looked at."""
    return outcome is Outcome.SIGNATURE_INVALID and (form.envelope is not None or dialect.batch is not None)


def answer_of(dialect: Dialect, form: AnswerForm, response: Response) -> tuple[object, AnswerForm]:
    """The body in which the answer to the one call stands, {} if it is not JSON, and the form that it has.

    Of a batch it is the item's; where nothing of the batch was read there is none, and what stands around it speaks.
    """
    if dialect.batch is None:
        return _body(response), form
    try:
        return _body(dialect.batch.only(response)), form
    except Garbled:
        return _body(response), dialect.batch.form or form


def _answer(dialect: Dialect, said: Said, got: Exchange) -> Iterator[str]:
    response = got.response
    if response is None:
        if not said.answer.no_answer:
            yield f"no answer came: {got.why}"
        return
    status = status_of(said)
    if response.status != status:
        yield f"HTTP {response.status}; the table says {status} for {said.outcome}"
    body, form = answer_of(dialect, said.form, response)
    code = form.code_in(body, response.status)
    if said.answer.code is not None and form.slot("code") and code != said.answer.code:
        yield f"the code is {code}; the table says {said.answer.code} for {said.outcome}"
    if got.why.startswith("the answer's signature"):
        yield got.why
    elif said.done and got.reply.outcome not in (said.outcome, said.end):
        yield f"read back, the answer means {got.reply.outcome} ({got.why}); it must mean {said.outcome}"


def _wallet(scenario: Scenario, got: Exchange, saw: Witnessed) -> Iterator[str]:
    if saw.asked != scenario.asked:
        yield f"the wallet was asked {saw.asked} times; it must be {scenario.asked}"
    if saw.moved != scenario.moved:
        yield f"the balance changed by {saw.moved}; it must change by {scenario.moved}"
    told = got.reply.balance
    if told is not None and scenario.outcome in (Outcome.OK, Outcome.ALREADY_DONE) and told != saw.balance:
        yield f"the provider was told a balance of {told}; it is {saw.balance}"


def _time(dialect: Dialect, got: Exchange) -> Iterator[str]:
    deadline = dialect.deadline_s(got.form.name)
    if got.seconds > deadline:
        yield f"it took {got.seconds:.2f} s; the provider waits {deadline:g} s"


def _examples(dialect: Dialect, said: Said, got: Exchange, examples: ExamplesFile) -> Iterator[str]:
    """The first example of the same operation and outcome, if there is one, agrees on code, status and effect."""
    unread = _unread(dialect, got.form, said.outcome)
    for label, example in _of(examples, "unread" if unread else got.form.name, said.outcome):
        effect = stated_effect(example.effect, got.form.name)
        if effect != said.effect:
            yield f"{label}: its effect is {sorted(effect)}, not {sorted(said.effect)}"
        if example.no_answer or got.response is None or example.answer is None:
            if example.no_answer is not (got.response is None):
                yield f"{label}: {'no answer' if example.no_answer else 'an answer'} is due"
            return
        if got.response.status != example.http:
            yield f"{label}: HTTP {example.http}, not {got.response.status}"
        due, code = (
            form.code_in(body, each.status)
            for each in (Response(example.http, (), example.answer.encode()), got.response)
            for body, form in (answer_of(dialect, said.form, each),)
        )
        if due != code:
            yield f"{label}: the code is {due}, not {code}"
        return


def _of(examples: ExamplesFile, name: str, outcome: Outcome) -> Iterator[tuple[str, Example | SaidAlike]]:
    for example in examples.example:
        word = example.refused or (example.reply or {}).get("outcome", "ok")
        if example.operation == name and not example.options and word == outcome:
            yield f'example "{example.name}"', example
    for index, said in enumerate(examples.said, 1):
        if name in said.operations and not said.options and str(outcome) in said.outcomes:
            yield f"[[said]] {index}", said


def status_of(said: Said) -> int:
    """The HTTP status with which an answer is said."""
    if said.answer.http is not None:
        return said.answer.http
    http = said.form.http
    return int(scalar_text(said.answer.code) or 0) if isinstance(http, str) else int(http[0])


def _body(response: Response) -> object:
    try:
        return read_json(response.body)
    except Garbled:
        return {}
