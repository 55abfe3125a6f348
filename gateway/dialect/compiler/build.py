"""From a proved Compiled table to the Dialect that serves."""

from dataclasses import replace

from gateway.canon.calls import CALL_FIELDS
from gateway.canon.operations import MONEY, Operation
from gateway.canon.outcomes import CAN_OCCUR, Outcome
from gateway.dialect.answerform import NAMES
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.contract import fingerprint, replay_balances, retry_spans, session_checked
from gateway.dialect.compiler.layers import effect_set
from gateway.dialect.compiler.rows import Row, meanings, nothing_to_undo, told_apart
from gateway.dialect.dialect import Dialect
from gateway.dialect.hearing import Hearing
from gateway.dialect.sayings import Literally, Said
from gateway.dialect.wireanswer import OTHERWISE
from gateway.wire.ids import Whole

#: Words of `[missing]` that are no names of ours.
SOURCES = ("ask", "remembered", "setting")


def build(compiled: Compiled) -> Dialect:
    """The Dialect of a table without problems."""
    tree = compiled.tree
    missing = {name: tuple(map(source_of, sources)) for name, sources in tree.section("missing").items()}
    said = {}
    for name, outcome, chosen in compiled.chosen():
        effect = compiled.effect(name, chosen).does if name else effect_set(*(["done"] if chosen.done else []))
        form = compiled.form(name, chosen)
        gaps = {each: sources for each, sources in missing.items() if form.slot(each) is not None}
        said[name, outcome] = Said(outcome, chosen.end, chosen.answer, form, effect, chosen.path, chosen.hops, gaps)
    narrow_first = sorted(compiled.requests.values(), key=lambda form: -len(form.when))
    deadlines = tree.section("deadline_ms")
    return Dialect(
        name=tree.get("dialect"),
        title=tree.get("title", default=""),
        tree=tree,
        variants={form.name: form for form in narrow_first},
        request_recipes=compiled.request_recipes,
        answer_recipe=compiled.answer_recipe,
        said=said,
        hearings={name: hearing(compiled, name) for name in compiled.requests},
        missing=missing,
        deadlines_ms={"default": 4000, **deadlines},
        scope=tuple(tree.get("scope", default=())),
        retry_spans_s=retry_spans(tree),
        replay_balances=replay_balances(tree),
        fingerprints={
            form.name: fingerprint(tree, form)
            for form in narrow_first
            if form.operation in MONEY and not form.unsupported
        },
        session_checked=session_checked(tree),
        instead={
            Operation(name): tuple(map(Operation, legs)) for name, legs in tree.section("wallet", "instead").items()
        },
        outbound=compiled.outbound,
        batch=compiled.batch,
        answer_codec=compiled.answers.codec,
    )


def source_of(word: object) -> object:
    """A source of `[missing]`: a word, one of our names, or a literal."""
    known = isinstance(word, str) and (word in SOURCES or word in NAMES or word in CALL_FIELDS)
    return word if known else Literally(str(word) if isinstance(word, int) and not isinstance(word, bool) else word)


def _share(first: Row, later: Row) -> bool:
    return first.answer.key == later.answer.key and first.outcome is not later.outcome and told_apart(first, later)


def _by_text(row: Row) -> Row:
    """Of rows that share a code the first is its plain meaning; the others are known by their texts."""
    return replace(row, answer=replace(row.answer, message_starts=row.answer.text))


def hearing(compiled: Compiled, name: str) -> Hearing:
    """How answers to operation *name* are read back."""
    rows: list[Row] = []
    for scope in compiled.scopes(name):
        for row in (*scope.codes.values(), *scope.heard_as):
            if row.answer.code is not None:
                rows.append(_by_text(row) if any(_share(each, row) for each in rows) else row)
    otherwise = next((row for row in rows if row.answer == OTHERWISE), None)  # the operation's before the table's
    rows = [row for row in rows if row.answer != OTHERWISE]
    rows.sort(key=lambda row: (row.answer.http is None, -len(row.answer.message_starts or "")))  # the fuller one first
    operation = compiled.requests[name].operation
    ends = [outcome for outcome in Outcome if outcome in CAN_OCCUR[operation]]
    shape_of = {outcome: compiled.answers.form(name, outcome) for outcome in ends}
    shapes = list({id(shape): shape for shape in shape_of.values()}.values())
    ok_shape = shape_of[Outcome.OK]
    return Hearing(
        rows=rows,
        shapes=[(shape, shape is ok_shape and not shape.shows_code) for shape in shapes],
        shape_of=shape_of,
        said_for=meanings(compiled.scopes(name), operation, compiled.silent_ok(name)),
        as_done=nothing_to_undo(operation),
        not_processed=frozenset(compiled.tree.get("wallet", "not_processed", default=())),
        otherwise=otherwise,
        codec=compiled.answers.codec,
        spelled={
            each.name: each.converter for each in compiled.requests[name].fields if isinstance(each.converter, Whole)
        },
    )
