"""`gateway explain DIALECT --request NAME`: one answer of a provider to a request of ours, and the row that decided."""

from collections.abc import Iterator

from gateway.canon.outcomes import Moved
from gateway.cli.exits import CLEAN, FINDINGS, Misuse
from gateway.dialect.askedhearing import Word, hear
from gateway.dialect.askfacts import plain
from gateway.dialect.compiler.outbound import ASKS
from gateway.dialect.dialect import Dialect
from gateway.dialect.problems import suggest
from gateway.wire.message import Response


def explain_answer(dialect: Dialect, name: str, status: int, body: bytes) -> int:
    """Print what an answer of *status* and *body* means; 1 when nothing was done, or nobody knows."""
    forms = {str(each) for each in dialect.outbound.forms} if dialect.outbound else set()
    if dialect.outbound is None or name not in forms:
        near = suggest(name, forms) or (f"it asks {', '.join(sorted(forms))}" if forms else "it asks nothing")
        raise Misuse(f'{dialect.name} has no request "{name}": {near}')
    word = hear(dialect.outbound.forms[ASKS[name]], {}, Response(status, (), body))
    print("\n".join(_lines(dialect, name, word)))
    return CLEAN if word.result.done is Moved.YES else FINDINGS


def _lines(dialect: Dialect, name: str, word: Word) -> Iterator[str]:
    code = "no code" if word.code is None else f"code {word.code}"
    yield f"{name:<10} HTTP {word.status}, {code}" + (f": {word.message}" if word.message else "")
    if word.row is not None and word.row.path:
        yield f"row        {word.row.answer} means {word.row.result}  ({dialect.tree.origin(*word.row.path).place})"
    yield f"result     {word.result}: {word.result.sentence}; done: {word.result.done.value}"
    for label, text in (("why", word.why), ("cause", word.cause), ("action", word.action)):
        if text:
            yield f"{label:<10} {text}"
    if word.drift:
        yield f"drift      in no row: {', '.join(word.drift)}"
    for field, value in plain(word.facts).items():
        yield f"{field:<10} {value}"
