"""`gateway explain`: one callback, step by step, each with the row that decided it. No wallet is called.

The steps are the gateway's own (recognise, verify, read, complete, answer), run one by one on the same compiled table.
"""

import os
import time
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from gateway.canon.calls import REPLY_FIELDS
from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.cli import incoming
from gateway.cli.canonical_json import facts as typed
from gateway.cli.exits import CLEAN, FINDINGS, Misuse
from gateway.cli.explained_answer import Answering
from gateway.cli.explained_call import Explained
from gateway.cli.explained_request import explain_answer
from gateway.cli.tables import Choices, Folders, named, pairs
from gateway.cli.translate import Recalled
from gateway.dialect.conversations import Conversations
from gateway.dialect.dialect import Dialect
from gateway.dialect.examples import canonical
from gateway.dialect.problems import suggest
from gateway.dialect.shelf import Shelf
from gateway.wire.message import Request

_OUTCOMES = {str(outcome): outcome for outcome in Outcome}
Secrets = Annotated[
    tuple[str, ...],
    Parameter(name="--secret", negative="", show_default=False,
              help="NAME=FILE or NAME=env:VARIABLE; may be repeated, also for one name."),
]  # fmt: skip


def explain(
    dialect: str, file: incoming.File = None, /, *,
    curl: str | None = None, example: str | None = None,
    operation: incoming.Operation = None, path: incoming.At = None, method: incoming.Method = None,
    header: incoming.Lines = (), secret: Secrets = (), recall: Recalled = (),
    reply: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    fact: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    request: Annotated[str | None, Parameter(name="--request")] = None, http: int = 200,
    option: Choices = (), tables: Folders = (),
) -> int:  # fmt: skip
    """One callback, step by step: what it is, what was signed, what was read, and what would be answered.

    Exit code 1: the gateway would refuse this call before it asks the wallet. No wallet is called.

    Parameters
    ----------
    dialect
        A dialect's name, or the file of its table.
    file
        The body or a whole HTTP message; - is stdin.
    curl
        A pasted curl command, in one pair of quotes.
    example
        The name of a conversation in the dialect's examples, with its secrets and memory.
    reply
        An outcome to be answered; may be repeated. Default: ok and unknown, or what the example says.
    fact
        name=value: what the wallet's reply tells, such as balance=87.50; may be repeated.
    request
        A request of ours, such as create_payout: *file* is then the body of the provider's answer to it.
    http
        With --request: the status of that answer.
    """
    where, name = named(dialect, tables)
    choices = pairs(option, "--option")
    if request is not None:
        body = incoming.read(file) if file is not None else b""
        return explain_answer(where.dialect(name, choices), request, http, body)
    if example is not None:
        return _example(where, name, example, choices, [_outcome(word) for word in reply], _reply_facts(fact))
    found = where.dialect(name, choices)
    message, prefix = incoming.request_of(
        found, file, operation=operation, path=path, method=method, headers=header, curl=curl
    )
    outcomes = [_outcome(word) for word in reply] or [Outcome.OK, Outcome.UNKNOWN]
    memory = typed(pairs(recall, "--recall"))
    keys = secrets(secret)
    known = found.secrets("receiver") | found.secrets("sender")
    for each in keys.keys() - known:
        near = suggest(each, known) or (f"it has {', '.join(sorted(known))}" if known else "it has none")
        raise Misuse(f"--secret {each}: {name} has no such secret: {near}")
    return run(found, message, prefix, keys, time.time(), memory, outcomes, _reply_facts(fact))


def run(
    dialect: Dialect, request: Request, prefix: str, keys: dict[str, list[bytes]], now: float,
    memory: dict[str, Any], outcomes: list[Outcome], told: dict[str, Any],
) -> int:  # fmt: skip
    """Explain one request; 1 when it is refused before the wallet is asked."""
    explained = Explained(dialect, request, prefix, keys, now, memory)
    fault = explained.tell()
    answering = Answering(dialect, keys, now)
    if fault is not None:
        print(f"\nanswer     refused before the wallet is asked: {fault.outcome} ({fault.why})")
        answering.tell(explained.name, fault.outcome, explained.echo(), told)
        return FINDINGS
    call = explained.call
    for outcome in outcomes:
        print(f"\nanswer     when the wallet says {outcome}")
        answering.tell(explained.name, outcome, call.facts() if call else explained.echo(), told)
    return CLEAN


def secrets(given: tuple[str, ...]) -> dict[str, list[bytes]]:
    """`NAME=FILE` and `NAME=env:VAR` as {name: [secret, ...]}. Misuse names what is missing, never a value."""
    found: dict[str, list[bytes]] = {}
    for text in given:
        name, equals, source = text.partition("=")
        if not equals or not name or not source:
            raise Misuse("--secret: write it as NAME=FILE or NAME=env:VARIABLE")
        if source.startswith("env:"):
            value = os.environ.get(source[4:])
            if value is None:
                raise Misuse(f"--secret {name}: the environment has no such variable")
            found.setdefault(name, []).append(value.encode())
        else:
            try:
                found.setdefault(name, []).append(Path(source).read_bytes().rstrip(b"\r\n"))
            except OSError as error:
                raise Misuse(f"--secret {name}: its file cannot be read ({error.strerror})") from None
    return found


def _outcome(word: str) -> Outcome:
    if word not in _OUTCOMES:
        near = suggest(word, _OUTCOMES)
        raise Misuse(f"--reply {word}: no such outcome" + (f": {near}" if near else "; gateway describe outcomes"))
    return _OUTCOMES[word]


def _reply_facts(given: tuple[str, ...]) -> dict[str, Any]:
    found = pairs(given, "--fact")
    for name in found:
        if name not in REPLY_FIELDS:
            raise Misuse(f"--fact {name}: a reply has no such field; it has {', '.join(REPLY_FIELDS)}")
    try:
        return canonical(found)
    except (Fault, ValueError) as error:
        raise Misuse(f"--fact: {error}") from None


def _example(
    where: Shelf, name: str, wanted: str, choices: dict[str, str], outcomes: list[Outcome], told: dict[str, Any]
) -> int:
    conversations = Conversations.load(where, name)
    names = [each.name for each in conversations.file.example]
    if wanted not in names:
        near = suggest(wanted, names)
        listed = "".join(f'\n  "{each}"' for each in names)
        raise Misuse(f'{name} has no example "{wanted}"' + (f": {near}" if near else f"; it has{listed}"))
    example = conversations.file.example[names.index(wanted)]
    dialect = where.dialect(name, {**example.options, **choices})
    request = conversations.request(dialect, example)
    keys = {each: [text.encode()] for each, text in conversations.file.secrets.items()}
    said = {key: value for key, value in (example.reply or {}).items() if key != "outcome"}
    if not outcomes:
        outcomes = [_outcome(str((example.reply or {}).get("outcome", "ok")))]
    now = conversations.file.now
    memory = conversations.recalled_for(dialect, example, request)
    told = {"now": now.astimezone(UTC), **canonical(said), **told}
    return run(dialect, request, "", keys, now.timestamp(), memory, outcomes, told)
