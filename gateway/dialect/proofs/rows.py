"""No row is dead: every code, stand-in, heard word, effect and shape is used by some operation."""

from gateway.canon.outcomes import Moved
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import Path
from gateway.dialect.compiler.rows import OUTCOMES
from gateway.dialect.problems import suggest
from gateway.dialect.wireanswer import OTHERWISE, TRANSPORT


def prove_rows(compiled: Compiled) -> None:
    """A row nothing ever uses is a mistake: a misspelt outcome, a leftover, a code said by nobody."""
    used: set[Path] = set()
    for name in (None, *compiled.requests):
        for outcome in compiled.occurring(name):
            if isinstance(circle := compiled.choose(name, outcome), list):
                used.update(circle)
    for _, _, chosen in compiled.chosen():
        used.update(chosen.hops)
        if chosen.path:
            used.add(chosen.path)
    scopes = [((), compiled.table), (("unread",), compiled.unread)]
    scopes += [(("operations", name), scope) for name, scope in compiled.own.items()]
    for _, scope in scopes:
        for row in scope.codes.values():
            if row.path and row.path not in used:
                _dead(compiled, row.path, f'no operation ever says "{row.outcome}" with this row')
        for outcome, (_, path) in scope.said_as.items():
            if path not in used:
                _dead(compiled, path, f'no operation ever needs this stand-in for "{outcome}"')
    _heard(compiled)
    _effects(compiled)
    _shapes(compiled)


def _dead(compiled: Compiled, path: Path, says: str) -> None:
    compiled.complain("GW203", path, f"a row that nothing uses: {says}", "delete it, or the row that hides it")


def _heard(compiled: Compiled) -> None:
    for name, scope in ((None, compiled.table), *compiled.own.items()):
        operations = compiled.requests if name is None else [name]
        for row in scope.heard_as:
            if not any(row.outcome in compiled.requests[each].outcomes for each in operations):
                _dead(compiled, row.path or (), f'no operation can hear "{row.outcome}"')
            elif row.answer.code is None:
                _dead(compiled, row.path or (), f"{row.answer} has no code, and is always heard as unknown")
            elif row.answer == OTHERWISE and (name is None or row.outcome.moved is not Moved.NO):
                compiled.complain(
                    "GW216", row.path or (), f'every other code cannot be heard as "{row.outcome}" here: it would '
                    "decide for words that nobody has read yet",
                    "an operation's own heard_as, for an outcome after which nothing has moved; else unknown is safe",
                )  # fmt: skip


def _effects(compiled: Compiled) -> None:
    """An entry of effects names an answer that some operation of its section gives."""
    said: dict[str, set[str]] = {name: set() for name in compiled.requests}
    for name, _, chosen in compiled.chosen():
        for each in [name] if name else compiled.requests:
            path = compiled.effect(each, chosen).path
            said[each].update(str(path) for path in [path] if path)
    for name in compiled.money_operations():
        for answer in TRANSPORT:
            path = compiled.effects.of(name, answer, done=False).path
            said[name].add(str(path))
    everything = set().union(*said.values())
    for section in (("effects",), *(("effects", "by", each) for each in compiled.tree.section("effects", "by"))):
        if len(section) > 1 and section[-1] not in compiled.requests:
            compiled.complain(
                "GW105", section, f'the table has no operation "{section[-1]}"', "name one of its own operations",
                hint=suggest(section[-1], compiled.requests) or "", what="key",
            )  # fmt: skip
            continue
        for key, (answer, _) in compiled.tree.section(*section, "entries").items():
            path = (*section, "entries", key)
            if str(path) not in everything:
                compiled.complain(
                    "GW210", path, f"an effect of {answer}, which no operation of this section ever says",
                    "delete it, or correct the word: a code's type counts",
                )  # fmt: skip


def _shapes(compiled: Compiled) -> None:
    """A shape for an outcome is used where the cascade ends with that outcome."""
    ends: dict[str | None, set[str]] = {}
    for name, _, chosen in compiled.chosen():
        ends.setdefault(name, set()).add(str(chosen.end))
    for name in (None, *compiled.requests):
        at = ("answers",) if name is None else ("operations", name, "answers")
        words = set().union(*ends.values()) if name is None else ends.get(name, set())
        for key in compiled.tree.section(*at):
            if key in OUTCOMES and key not in words:
                _dead(compiled, (*at, key), f'nothing is said with the words of "{key}" here')
