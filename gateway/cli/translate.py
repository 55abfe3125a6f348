"""`gateway translate`: a callback into our canonical call, or with --back a canonical call into a callback.

Nothing is verified and nothing is signed, so no secret is needed; both are said on stderr.
"""

import sys
from typing import Annotated

from cyclopts import Parameter
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.cli import incoming
from gateway.cli.canonical_json import call_json, facts, read_call
from gateway.cli.exits import CLEAN, FINDINGS, Misuse
from gateway.cli.tables import Choices, Folders, named, pairs
from gateway.dialect.dialect import Dialect
from gateway.wire.message import Request

Recalled = Annotated[
    tuple[str, ...],
    Parameter(name="--recall", negative="", show_default=False,
              help="field=value: what memory would add, such as currency=EUR; may be repeated."),
]  # fmt: skip


def translate(
    dialect: str, file: incoming.File = None, /, *, back: Annotated[bool, Parameter(negative="")] = False,
    operation: incoming.Operation = None, path: incoming.At = None, method: incoming.Method = None,
    header: incoming.Lines = (), recall: Recalled = (), option: Choices = (), tables: Folders = (),
) -> int:  # fmt: skip
    """A raw callback in, the canonical call as JSON out; with --back the other way round.

    The signature is neither checked nor made. Exit code 1: the dialect refuses this call, and why.

    Parameters
    ----------
    dialect
        A dialect's name, or the file of its table.
    file
        The body or a whole HTTP message (canonical JSON under --back); - is stdin.
    back
        From canonical JSON to a raw request.
    """
    where, name = named(dialect, tables)
    found = where.dialect(name, pairs(option, "--option"))
    try:
        if back:
            return _back(found, file or "-")
        request, _ = incoming.request_of(found, file, operation=operation, path=path, method=method, headers=header)
        opened = found.open(request)
        reading = found.read(form := found.recognise(opened), opened)
        recalled = facts(pairs(recall, "--recall"))
        print("signature not checked", file=sys.stderr)
        if form.envelope is not None:
            print(f"taken as what is inside its envelope ({form.envelope.words})", file=sys.stderr)
        if missing := {field: key for field, key in reading.wants.items() if field not in recalled}:
            keys = ", ".join(f"{field} (by {key})" for field, key in missing.items())
            print(f"not in the message, recalled when serving: {keys}; give them with --recall", file=sys.stderr)
        print(call_json(form.call(reading, recalled)))
    except Fault as fault:
        print(f"refused, {fault.outcome}: {fault.why}", file=sys.stderr)
        return FINDINGS
    return CLEAN


def _back(dialect: Dialect, file: str) -> int:
    call = read_call(incoming.read(file))
    if call.request_id is None:
        call = replace(call, request_id="made-up-1")
    try:
        request, used = written(dialect, call)
    except Fault as fault:
        print(f"{dialect.name} cannot say this call: {fault.why}", file=sys.stderr)
        return FINDINGS
    recipe = dialect.request_recipes.get(used) or dialect.request_recipes[None]
    print(f"not signed: the signature belongs at {recipe.at}" if recipe.at else "not signed", file=sys.stderr)
    if (envelope := dialect.variants[used].envelope) is not None:
        print(f"not sealed: the body belongs into {envelope.words}", file=sys.stderr)
    print(raw(request), end="")
    return CLEAN


def written(dialect: Dialect, call: Call) -> tuple[Request, str]:
    """The unsigned request of a call, and the table's name of its operation. Fault, Misuse."""
    form = dialect.variant_for(call)
    try:
        return form.write(call, {}).request(), form.name
    except TypeError as error:
        raise Misuse(str(error)) from None


def raw(request: Request) -> str:
    """The message as text: request line, headers, empty line, body."""
    target = request.path + (f"?{request.query}" if request.query else "")
    head = [f"{request.method} {target}", *(f"{name}: {value}" for name, value in request.headers)]
    return "\n".join(head) + "\n\n" + request.body.decode("utf-8", "backslashreplace") + ("\n" if request.body else "")
