"""Every single row of every shipped table is held by a proof or by an example: lost or changed, something complains.

The mutants are made of the parsed table: each row of codes, said_as, heard_as and effects, in the table, in an
operation, in `[unread]` and in a choice of an option, is deleted, and is changed in every way listed here. So is what
the journal goes by (replay_balance, fingerprint, session_checked, targets, reverse_unknown, suppressed, unsupported):
no answer shows it, the `[[contract]]` entries of the examples do.
"""

import copy
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gateway.canon.calls import CALL_FIELDS
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.conversations import Conversations, effect_of
from gateway.dialect.shelf import Shelf, each_choice
from gateway.dialect.source import Source
from gateway.dialect.wireanswer import OTHERWISE, TRANSPORT

TABLES = [name for name in Shelf().names if Shelf().path(name).with_suffix(".examples.toml").is_file()]
ROOT = Path(__file__).parents[2]
#: Of the changes of rows one in so many; all of them in `make torture`.
ONE_IN = 1 if os.environ.get("GATEWAY_ALL_ROWS") == "1" else 5
EFFECTS = ("done", "final", "retries", "rolls_back", "silent")
ROWS = ("codes", "said_as", "heard_as", "effects", "replay_balance", "fingerprint")
#: Keys of which the whole value is one row.
WHOLE = ("session_checked", "targets", "reverse_unknown", "suppressed", "unsupported")
At = tuple[str, ...]
Section = dict[str, Any]
Change = tuple[str, Callable[[Section], None]]


@dataclass(frozen=True)
class Mutant:
    """A table with one row changed. *options*: the choice in which the row stands, if it stands in one."""

    says: str
    data: Section = field(repr=False)
    options: dict[str, str] = field(default_factory=dict)


class MutantShelf(Shelf):
    """The shipped tables, one of them replaced by a mutant."""

    def __init__(self, name: str, mutant: Mutant) -> None:
        super().__init__()
        self.name, self.mutant = name, mutant

    def source(self, name: str) -> Source:
        """The mutant keeps the original's text: only positions of complaints are read from it."""
        source = original(name)
        if name == self.name:
            source = Source(source.path, source.text)
            vars(source)["data"] = self.mutant.data
        return source


@cache
def original(name: str) -> Source:
    """A shipped table, parsed once."""
    return Shelf().source(name)


# -- making the mutants


def rows(data: Section, kind: str, at: At = ()) -> Iterator[At]:
    """The paths of all sections called *kind* that hold rows."""
    for key, value in data.items():
        if isinstance(value, dict):
            if key == kind:
                yield (*at, key)
            elif key not in (*ROWS, "answers", "request", "missing"):
                yield from rows(value, kind, (*at, key))


def holders(data: Section, at: At = ()) -> Iterator[At]:
    """The paths of all sections in which a key stands that is a row by itself."""
    if any(key in data for key in WHOLE):
        yield at
    for key, value in data.items():
        if isinstance(value, dict) and key not in (*ROWS, "answers", "request", "missing"):
            yield from holders(value, (*at, key))


def within(data: Section, at: At) -> Section:
    """The section at a path."""
    for key in at:
        data = data[key]
    return data


def mutants(name: str, one_in: int = 1) -> Iterator[Mutant]:
    """The mutants of a table: each row is lost; of the changes *one_in* so many."""
    data, made_so_far = original(name).data, 0
    made = (of_codes, of_said_as, of_heard_as, of_effects, of_balances, of_contents)
    found = [(at, changes) for kind, changes in zip(ROWS, made, strict=True) for at in rows(data, kind)]
    found += [(at, of_whole) for at in holders(data)]
    for at, changes in found:
        for says, change in changes(data, at):
            made_so_far += 1
            if made_so_far % one_in and not loses(says):
                continue
            mutant = copy.deepcopy(data)
            change(within(mutant, at))
            yield Mutant(f"{'.'.join(at)}: {says}", mutant, {at[1]: at[3]} if at[:1] == ("options",) else {})


def loses(says: str) -> bool:
    """Is that a mutant in which a row is gone?"""
    return says.endswith(("deleted", "becomes None")) or " as None, not " in says


def of_codes(data: Section, at: At) -> Iterator[Change]:
    """A code is lost; becomes a word that nobody has; becomes each other word of the same table."""
    words = {repr(word): word for section in rows(data, "codes") for word in within(data, section).values()}
    for outcome, answer in within(data, at).items():
        yield f"{outcome} deleted", setter(outcome, None)
        for other in [unheard_of(answer), *(word for shown, word in words.items() if shown != repr(answer))]:
            yield f"{outcome} = {other!r}", setter(outcome, other)


def of_said_as(data: Section, at: At) -> Iterator[Change]:
    """A stand-in is lost, or borrows the words of each other outcome that has a code in its scope."""
    scopes = [data, within(data, at[:-1])]
    spoken = {word for scope in scopes if isinstance(scope.get("codes"), dict) for word in scope["codes"]}
    for target, outcomes in within(data, at).items():
        for outcome in outcomes:
            for other in (None, *sorted(spoken - {target, outcome})):
                yield f"{outcome} said as {other}, not {target}", mover(target, outcome, other)


def of_heard_as(data: Section, at: At) -> Iterator[Change]:
    """A heard word is lost, or means something else."""
    for target, answers in within(data, at).items():
        for answer in answers:
            for other in (None, *sorted({"ok", "unknown", "insufficient_funds", "internal_error"} - {target})):
                yield f"{answer!r} heard as {other}, not {target}", mover(target, answer, other)


def of_effects(data: Section, at: At) -> Iterator[Change]:
    """An answer no longer has an effect, or has each other one instead."""
    section = within(data, at)
    for place in ((), *((key,) for key, value in section.items() if isinstance(value, dict))):
        here = within(section, place)
        for effect in EFFECTS:
            for answer in here.get(effect, ()):
                for other in (None, *(each for each in EFFECTS if answer not in here.get(each, ()))):
                    says = f"{'.'.join((*place, effect))} {answer!r} becomes {other}"
                    yield says, mover(effect, answer, other, place)


def of_balances(data: Section, at: At) -> Iterator[Change]:
    """A repeat is told the other balance, or nobody says which."""
    for name, word in within(data, at).items():
        yield f"{name} deleted", setter(name, None)
        yield f"{name} otherwise", setter(name, "fresh" if word == "stored" else "stored")


def of_contents(data: Section, at: At) -> Iterator[Change]:
    """What makes a repeat another call is lost; loses each field; gains each other one."""
    for name, fields in within(data, at).items():
        yield f"{name} deleted", setter(name, None)
        for field_ in CALL_FIELDS:
            changed = [each for each in fields if each != field_] + [field_] * (field_ not in fields)
            yield f"{name} with or without {field_}", setter(name, changed)


def of_whole(data: Section, at: At) -> Iterator[Change]:
    """A flag is turned; a list of operations is lost, loses each one, gains each other one."""
    section = within(data, at)
    for key in WHOLE:
        if key in section:
            yield f"{key} deleted", setter(key, None)
            if isinstance(section[key], bool):
                yield f"{key} turned", setter(key, not section[key])
                continue
            for operation in map(str, Operation):
                changed = [each for each in section[key] if each != operation]
                changed += [operation] * (operation not in section[key])
                yield f"{key} with or without {operation}", setter(key, changed)


def unheard_of(answer: Any) -> Any:
    """Another word or number of the same kind."""
    if isinstance(answer, dict):
        key = next(key for key in ("code", "http", "no_answer") if key in answer)
        return {"http": 503} if key == "no_answer" else {**answer, key: unheard_of(answer[key])}
    if isinstance(answer, bool):
        return not answer
    return answer + "_ELSE" if isinstance(answer, str) else answer + 1


def setter(key: str, value: Any) -> Callable[[Section], None]:
    """Put *value* at *key*, or nothing."""

    def change(section: Section) -> None:
        section.pop(key)
        if value is not None:
            section[key] = value

    return change


def mover(source: str, value: Any, target: str | None, place: At = ()) -> Callable[[Section], None]:
    """Take *value* out of one list and put it into another, or nowhere."""

    def change(section: Section) -> None:
        here = within(section, place)
        here[source].remove(value)
        if target is not None:
            here.setdefault(target, []).append(value)

    return change


# -- judging them


def complaint(name: str, mutant: Mutant, played: Conversations) -> str:
    """What first complains about a mutant: the proofs, the examples, the proofs of every other choice; "" if none."""
    shelf = MutantShelf(name, mutant)
    _, problems = shelf.compiled(shelf.source(name), mutant.options)
    if not problems:
        again = Conversations(shelf, name, played.source, played.file, bound=played.bound)
        problems = again.run(until_first=True)
    if not problems:
        problems = shelf.check(shelf.source(name))
    return str(problems[0]) if problems else ""


def decisive(rows: Sequence[Any]) -> list[Any]:
    """The rows without those that say what is held of a word without a row: that nobody knows what it means."""
    default = not any(row.answer == OTHERWISE for row in rows)
    return [row for row in rows if not (default and row.outcome is Outcome.UNKNOWN)]


def behaviour(name: str, mutant: Mutant) -> str:
    """Everything that a table says, hears and expects, under the default options and under each other choice."""
    shelf = MutantShelf(name, mutant)
    tree = shelf.dialect(name).tree
    found = []
    for options in ({}, *({option: choice} for option, choice in each_choice(tree))):
        dialect = shelf.dialect(name, options)
        found += [
            {pair: (said.answer, said.form, said.end.sentence, said.effect) for pair, said in dialect.said.items()},
            [(each, decisive(hearing.rows), hearing.said_for) for each, hearing in dialect.hearings.items()],
            [effect_of(dialect, each, answer) for each in dialect.variants for answer in TRANSPORT],
            [(each, dialect.replay_balance(each), dialect.fingerprint(each)) for each in dialect.variants],
            [
                (each.name, sorted(each.targets), each.reverse_unknown, each.suppressed, each.unsupported)
                for each in dialect.variants.values()
            ],
            sorted(dialect.session_checked),
        ]
    return repr(found)


def survivors(name: str, played: Conversations) -> list[str]:
    """The mutants that nothing complains about, and that are not just another spelling of the same table."""
    alive = [mutant for mutant in mutants(name, ONE_IN) if not complaint(name, mutant, played)]
    same = behaviour(name, Mutant("unchanged", original(name).data)) if alive else ""
    return [mutant.says for mutant in alive if behaviour(name, mutant) != same]


def judge(name: str) -> list[str]:
    """The survivors of a table whose examples hold; run in a process of its own, which no tracer slows."""
    played = Conversations.load(Shelf(), name)
    return [str(problem) for problem in played.run()] or survivors(name, played)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_is_held(name: str) -> None:
    """No row of codes, stand-ins, heard words, effects or the contract is lost or changed without a complaint."""
    judging = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert (judging.returncode, judging.stdout.splitlines()) == (0, []), judging.stderr


@pytest.mark.parametrize("name", TABLES)
def test_every_kind_of_row_has_its_mutants(name: str) -> None:
    """Each row of the file is deleted by some mutant: none is overlooked."""
    text, made = original(name).data, [mutant.says for mutant in mutants(name)]
    lists = [
        value for kind in ("said_as", "heard_as") for at in rows(text, kind) for value in within(text, at).values()
    ]
    deleted = sum(map(loses, made))
    effects = sum(
        len(here.get(effect, ()))
        for at in rows(text, "effects")
        for here in (within(text, at), *(v for v in within(text, at).values() if isinstance(v, dict)))
        for effect in EFFECTS
    )
    words = sum(len(within(text, at)) for kind in ("codes", *ROWS[4:]) for at in rows(text, kind))
    whole = sum(key in within(text, at) for at in holders(text) for key in WHOLE)
    assert deleted == sum(map(len, lists)) + effects + words + whole
    # A provider that is only asked has no row of this kind, and a layer may have none of its own.
    assert deleted > 0 or not text.get("operations") or "extends" in text


@pytest.mark.heavy
def test_proofs_alone_do_not_hold_every_row() -> None:
    """The examples are needed: there are wrong words that no proof can know to be wrong."""
    shelves = [MutantShelf("155io", mutant) for mutant in mutants("155io")]
    assert any(not shelf.check(shelf.source("155io")) for shelf in shelves)


if __name__ == "__main__":
    for survivor in judge(sys.argv[1]):
        print(survivor)
