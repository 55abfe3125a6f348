"""The two files that `gateway new` writes: a table that compiles, its gaps marked TODO, and examples that hold."""

import json
import time
from collections.abc import Iterable, Iterator
from datetime import datetime

from gateway.canon.faults import Fault
from gateway.canon.operations import MONEY, Operation
from gateway.canon.outcomes import CAN_OCCUR, UNREAD, Outcome
from gateway.cli.sample import Guess
from gateway.dialect.answerform import Unfilled
from gateway.dialect.dialect import Dialect
from gateway.dialect.examples import canonical
from gateway.wire.message import Garbled
from gateway.wire.opened import Draft

SECRET = "made-up-for-these-examples"
COLUMNS = 118
#: Said as success and as doubt until somebody knows better. A bet's decline is the third word that every vendor has.
OK, ERROR, DECLINE = "OK", "ERROR", "INSUFFICIENT_FUNDS"
DONE = (Outcome.ALREADY_DONE, Outcome.NOTHING_TO_DO)
#: What an operation cannot do without, however the sample calls it.
NEEDED = {
    Operation.BET: ("transaction", "amount"),
    Operation.WIN: ("transaction", "amount"),
    Operation.ROLLBACK: ("transaction", "reference"),
}


def table(name: str, found: Guess, schema: bool) -> str:
    """The table's text; *schema*: `schema.json` stands beside it."""
    return "\n".join(_lines(name, found, schema)) + "\n"


def _lines(name: str, found: Guess, schema: bool) -> Iterator[str]:
    operation = found.operation
    balance = '"$balance?"' if found.money_form == "text" else "$balance?"
    if schema:
        yield "#:schema ./schema.json"
    yield from (
        f'dialect = "{name}"',
        'title   = "TODO: the provider, and what its document calls this"',
        'source  = ["TODO: the address of the document that the rows are written from"]',
        "deadline_ms  = { default = 4000 }   # TODO: when does it stop listening?",
        "retry_span_s = { default = 3600 }   # TODO: how long does it repeat a call? 0: one try",
        "",
        "[request]",
        f'body = "{found.codec}"',
        "",
        "[request.signature]                 # TODO: how is it signed? mappings/README.md, Signatures",
        'recipe = "hmac-raw"',
        f'at     = "header.{found.signature or "X-Signature"}"',
        'secret = "secret"',
        "",
        "[money]",
        f'form = "{found.money_form}"' + ("" if "amount" in found.fields else "   # TODO: no amount was seen"),
        'unit = "major"                      # TODO: major units, "minor", or so many to the major unit?',
        "[time]",
        f'form = "{found.time_form}"',
        "",
        f"[operations.{operation}]"
        + ("" if found.guessed_operation else "   # TODO: is this what the sample asks for?"),
        f'path = "{found.path}"' + ("" if found.path != "/" else "   # TODO: below the address that they call"),
    )
    if found.when:
        yield f"when = {toml({json.dumps(place): literal for place, literal in found.when.items()})}"
    if found.integers:
        yield f"integers = {toml(tuple(found.integers))}"
    yield f"[operations.{operation}.fields]"
    for ours, place in found.fields.items():
        yield f'{ours:<11} = "{place}"'
    for ours in NEEDED.get(operation, ()):
        if ours not in found.fields:
            yield f'{ours:<11} = "body.TODO_{ours}"   # TODO: the sample shows none, and a {operation} needs one'
    yield from (f"# TODO {place}: what is it?" for place in found.unknown)
    yield from _currency(found)
    yield "# TODO: the other operations, each with its path or `when`, and its fields"
    yield from (
        "",
        "[answers]                       # TODO: their own samples; [answers.done] and [answers.refused] may differ",
        f"""body = '''{{"status": "$code", "text": "$message", "balance": {balance}, "currency": "$currency?"}}'''""",
        "",
        "[codes]                             # TODO: theirs",
        f'ok      = "{OK}"',
        f'unknown = "{ERROR}"               # nobody knows what became of it',
    )
    if Outcome.INSUFFICIENT_FUNDS in CAN_OCCUR[operation]:
        yield f'insufficient_funds = "{DECLINE}"'
    yield "[said_as]                           # TODO: outcomes that deserve a word of their own go to [codes]"
    done = [each for each in DONE if each in CAN_OCCUR[operation]]
    if done:
        yield f"ok = {json.dumps([str(each) for each in done])}"
    yield "unknown = ["
    yield from (f"  {line}" for line in wrapped(f'"{each}",' for each in sorted(doubted(operation))))
    yield from (
        "]",
        "",
        "[effects]                           # TODO: what does it do after each answer? final, retries, rolls_back",
        f'retries = ["{ERROR}", {{ http = 500 }}, {{ no_answer = true }}]',
    )
    if operation is not Operation.BET:
        yield 'because = "TODO: one word for every refusal so far; give the lasting ones a word that ends it"'


def _currency(found: Guess) -> Iterator[str]:
    if "currency" in found.fields:
        return
    if "session" in found.fields:
        yield f"[operations.{found.operation}.recall]"
        yield 'currency = "session"             # TODO: the sample shows none; we remember the session\'s'
    else:
        yield f"[operations.{found.operation}.set]"
        yield 'currency = "EUR"                 # TODO: the sample shows none'


def doubted(operation: Operation) -> set[Outcome]:
    """What is said with the word for doubt."""
    known = {Outcome.OK, Outcome.UNKNOWN, Outcome.INSUFFICIENT_FUNDS, *DONE}
    return ({*CAN_OCCUR[operation]} | UNREAD) - known


def examples(dialect: Dialect, found: Guess, now: float) -> str:
    """The examples' text: the sample, a forgery, everything that is said alike. TODO where it cannot be read yet."""
    name = str(found.operation)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    lines = [
        f"# Conversations of {dialect.name}. TODO: paste more from their documents, each with its source.",
        f"now = {stamp}",
        "",
        "[secrets]                           # made up for these examples",
        f'secret = "{SECRET}"',
    ]
    answer = _Answers(dialect, name, now)
    try:
        facts = _read(dialect, found, now, lines)
    except (Fault, Garbled) as fault:
        why = fault.why if isinstance(fault, Fault) else str(fault)
        lines += ["", f"# TODO: the sample cannot be read yet: {why}", *(f"# {line}" for line in _body(found))]
        facts = None
    if facts is not None:
        reply = {"outcome": "ok", "balance": "100.00", "currency": facts.get("currency", "EUR")}
        lines += [
            "",
            "[[example]]",
            'name = "the pasted sample"          # TODO: source = "where it was pasted from"',
            f'operation = "{name}"',
            *_body(found),
            f"call = {toml(facts)}",
            f"reply = {toml(reply)}",
            answer.line(name, Outcome.OK, reply),
            'effect = ["done"]',
            "",
            "[[example]]",
            'name = "the same, forged"',
            f'operation = "{name}"',
            "forged = true",
            *_body(found),
            'refused = "signature_invalid"',
            answer.line(name, Outcome.SIGNATURE_INVALID, {"currency": facts.get("currency")} if echoes(found) else {}),
            answer.effect(name, Outcome.SIGNATURE_INVALID),
        ]
    rows: list[tuple[str, set[Outcome]]] = [
        (name, {*DONE}),
        (name, {Outcome.INSUFFICIENT_FUNDS}),
        (name, {*CAN_OCCUR[found.operation]} - {Outcome.OK, Outcome.INSUFFICIENT_FUNDS, *DONE}),
        ("unread", {*UNREAD}),
    ]
    for operation, outcomes in rows:
        said = sorted(each for each in outcomes if (None if operation == "unread" else operation, each) in dialect.said)
        if said:
            lines += ["", "[[said]]", f'operations = ["{operation}"]', "outcomes = ["]
            lines += [f"  {line}" for line in wrapped(f'"{each}",' for each in said)]
            lines += ["]", answer.line(operation, said[0], {}), answer.effect(operation, said[0])]
    if found.operation in MONEY:
        lines += ["", "[[failure]]", "answers = [{ http = 500 }, { no_answer = true }]"]
        lines.append(f'effect = {{ {name} = ["retries"] }}')
    return "\n".join(lines) + "\n"


def echoes(found: Guess) -> bool:
    """Does a refusal know the currency? It repeats what the message itself says."""
    return "currency" in found.fields


def _read(dialect: Dialect, found: Guess, now: float, lines: list[str]) -> dict[str, object]:
    """The sample as a canonical call; what must be remembered for it is written into *lines*. Fault, Garbled."""
    form = dialect.variants[str(found.operation)]
    draft = Draft(found.codec, form.method, form.path, raw=found.body)
    dialect.bind({"secret": [SECRET.encode()]}, "sender").of(form.name).make(draft, now)
    opened = dialect.open(draft.request())
    reading = dialect.read(dialect.recognise(opened), opened)
    recalled = {}
    if "currency" in reading.wants:
        recalled = {"currency": "EUR"}
        session = str(reading.facts["session"])
        lines += [f"[memory.session.{json.dumps(session)}]", 'currency = "EUR"']
    return form.call(reading, recalled).facts()


def _body(found: Guess) -> list[str]:
    text = found.body.decode("utf-8", "replace").strip()
    return [f"body = '''{text}'''" if "'''" not in text else f"body = {json.dumps(text)}"]


class _Answers:
    """What the new table really says, for its examples."""

    def __init__(self, dialect: Dialect, name: str, now: float) -> None:
        self.dialect = dialect
        self.keys = dialect.bind({"secret": [SECRET.encode()]})
        self.now = now

    def line(self, operation: str, outcome: Outcome, facts: dict[str, object]) -> str:
        """`answer = ...`, as the table writes it from *facts*."""
        name = None if operation == "unread" else operation
        known = canonical({key: value for key, value in facts.items() if key != "outcome" and value is not None})
        try:
            response = self.dialect.write_answer(name, outcome, known, self.keys, self.now)
        except Unfilled as missing:
            return f"# TODO: the answer demands {missing.args[0]}"
        return f"answer = '''{response.body.decode() if response else ''}'''"

    def effect(self, operation: str, outcome: Outcome) -> str:
        """`effect = ...`, as the table has it."""
        name = None if operation == "unread" else operation
        if name is not None:
            return f"effect = {json.dumps(sorted(self.dialect.said[name, outcome].effect))}"
        only = [each.name for each in self.dialect.variants.values() if each.operation in MONEY]
        return f'effect = {{ {", ".join(f"""{each} = ["retries"]""" for each in only)} }}'


def variant(name: str, like: str, schema: bool) -> str:
    """A table that is *like* another one, nothing different yet."""
    head = ["#:schema ./schema.json"] if schema else []
    return (
        "\n".join(
            [
                *head,
                f'dialect = "{name}"',
                f'title   = "TODO: the provider; speaks like {like}"',
                'source  = ["TODO: the address of its document"]',
                f'extends = "{like}"',
                "",
                f"# TODO: write only what differs from {like}; sections merge key by key",
                '# without = ["operations.balance"]   would take rows of the parent away',
            ]
        )
        + "\n"
    )


def copied(name: str, like: str, text: str) -> str:
    """The parent's examples as the variant's own."""
    return f"# Conversations of {name}: copied from {like}. TODO: change those in which it differs.\n{text}"


def wrapped(words: Iterable[str]) -> Iterator[str]:
    """*words* in lines that are not too wide."""
    line = ""
    for word in words:
        if line and len(line) + len(word) + 1 > COLUMNS:
            yield line
            line = ""
        line = f"{line} {word}".lstrip()
    if line:
        yield line


def toml(value: object) -> str:
    """A value as TOML writes it on one line; amounts as text, keys as they are given."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, (bool, int)):
        return json.dumps(value)
    return json.dumps(value.isoformat() if isinstance(value, datetime) else str(value), ensure_ascii=False)
