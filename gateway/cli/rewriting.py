"""`gateway test --update`: failing answers rewritten in the text of an examples file, every other byte kept.

An entry with a source was pasted from the provider's documents: it is right and the table is wrong, so no tool touches
it.
"""

import re
from collections.abc import Iterable

from gateway.dialect.conversations import Conversations, normal
from gateway.dialect.problems import Problem
from gateway.dialect.source import KeyPath

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[:,](?!\s)')


def rewrite(conversations: Conversations, problems: Iterable[Problem]) -> tuple[list[str], list[str]]:
    """Rewrite what may be rewritten; one line about each answer that was, and about each that was left alone."""
    source = conversations.source
    written: list[str] = []
    kept: list[str] = []
    edits: list[tuple[int, int, str]] = []
    failing: dict[KeyPath, Problem] = {
        problem.keypath: problem for problem in problems if _about_answer(conversations, problem)
    }
    for keypath in failing:
        at = keypath[:-1]
        line = f"{source.path}:{source.position(keypath).line}"
        why, text = _new(conversations, at)
        extent = source.extent(keypath)
        if why:
            kept.append(f"{line}: not rewritten: {why}")
        elif extent is None:
            kept.append(f"{line}: not rewritten: it states no answer; add answer = '''{text}'''")
        else:
            edits.append((*extent, _quoted(text, source.text[extent[0] : extent[1]])))
            written.append(f"{line}: rewritten")
    text = source.text
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    if edits:
        path = conversations.shelf.path(conversations.name).with_suffix(".examples.toml")
        path.write_bytes(text.encode())
    return written, kept


def _about_answer(conversations: Conversations, problem: Problem) -> bool:
    own = problem.source is not None and problem.source.path == conversations.source.path
    return own and len(problem.keypath) == 3 and problem.keypath[-1] == "answer"


def _new(conversations: Conversations, at: KeyPath) -> tuple[str, str]:
    """Why not (empty: go on), and the answer that the table gives now."""
    entry = getattr(conversations.file, str(at[0]))[at[1]]
    if getattr(entry, "source", None):
        return "it has a source, and is right until the source changes; mend the table", ""
    actual = {normal(each): each for each in conversations.actual.get(at, ())}
    if len(actual) != 1:
        return "its operations and outcomes are no longer answered alike; split the entry", ""
    text = spaced(next(iter(actual.values())))
    if "'''" in text or text.endswith("'"):
        return "its new answer holds ''', which a literal text of TOML cannot", ""
    return "", text


def spaced(text: str) -> str:
    """JSON with a blank after each colon and comma, as people write it; any other text as it is."""
    if not text.startswith("{"):
        return text
    return _TOKEN.sub(lambda match: match[0] if match[0][0] == '"' else f"{match[0]} ", text)


def _quoted(text: str, old: str) -> str:
    plain = not old.startswith("'''") and "'" not in text and "\n" not in text
    mark = "'" if plain else "'''"
    return f"{mark}{text}{mark}"
