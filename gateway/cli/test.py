"""`gateway test`: the examples beside each table, run both ways; what differs, word by word; and --update."""

from collections.abc import Iterable
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from gateway.cli.exits import CLEAN, FINDINGS
from gateway.cli.rewriting import rewrite
from gateway.cli.sheet import console
from gateway.cli.tables import Folders, named, shelf
from gateway.cli.words_apart import apart
from gateway.dialect.asked import examples_of
from gateway.dialect.conversations import Conversations, normal
from gateway.dialect.problems import Problem, Refused, in_order, render
from gateway.dialect.shelf import Shelf


def test(*dialects: str, update: Annotated[bool, Parameter(negative="")] = False, tables: Folders = ()) -> int:  # noqa: PT028 - a command
    """Run the examples beside tables, and show what differs.

    Exit codes: 0 all hold, 1 findings, 2 misuse.

    Parameters
    ----------
    dialects
        Names, or files of tables; default: all there are.
    update
        Rewrite failing answers that have no source, in place, after you have looked at them.
    """
    where = shelf(tables)
    wanted = [named(each, tables) for each in dialects] or [(where, name) for name in where.names]
    out = console()
    failed = False
    for place, name in wanted:
        problems, conversations = run(place, name)
        if update and conversations is not None and problems:
            written, kept = rewrite(conversations, problems)
            for line in (*written, *kept):
                out.print(Text(f"{name}: {line}"), soft_wrap=True)
            if written:
                problems, conversations = run(place, name)
        failed = failed or any(not each.warning for each in problems)
        show(out, name, problems, conversations)
    return FINDINGS if failed else CLEAN


def run(where: Shelf, name: str) -> tuple[list[Problem], Conversations | None]:
    """Every complaint about the examples of one table; None for the conversations when they could not be run."""
    try:
        where.dialect(name)
        conversations = Conversations.load(where, name)
        return in_order([*conversations.run(), *examples_of(where, name)]), conversations
    except Refused as refused:
        return refused.problems, None


def show(out: Console, name: str, problems: list[Problem], conversations: Conversations | None) -> None:
    """One dialect's complaints with the difference of each answer, then its count."""
    for problem in problems:
        expected, actual = answers(problem, conversations)
        if expected is None or actual is None or problem.place is None:
            print(render([problem]))
            continue
        entry, what = problem.says.partition("the answer is ")[0], "the answer differs"
        where = f"{problem.file}:{problem.place.line}:{problem.place.column}"
        print(f"{where}: {problem.code} {entry}{what}{_title(problem, conversations)}")
        gone, come = apart(normal(expected).decode(), normal(actual).decode())
        out.print(Text("  expected  ").append_text(gone), soft_wrap=True)
        out.print(Text("  actual    ").append_text(come), soft_wrap=True)
    failed = len([each for each in problems if not each.warning])
    out.print(Text(f"{name}: {counted(conversations)}; ", style="").append(
        f"{failed} problem{'' if failed == 1 else 's'}" if failed else "all hold", style="red" if failed else "green"
    ), soft_wrap=True)  # fmt: skip


def answers(problem: Problem, conversations: Conversations | None) -> tuple[str | None, str | None]:
    """Expected and actual answer of a complaint that is about one, else (None, None)."""
    _, found, actual = problem.says.partition("the answer is ")
    if conversations is None or not found or problem.keypath[-1:] != ("answer",):
        return None, None
    return _stated(conversations, problem), actual


def _stated(conversations: Conversations, problem: Problem) -> str:
    kind, index = problem.keypath[0], problem.keypath[1]
    entries = getattr(conversations.file, str(kind))
    return str(entries[index].answer or "")


def _title(problem: Problem, conversations: Conversations | None) -> str:
    if conversations is None or problem.keypath[0] != "example":
        return ""
    return f" in the example {conversations.file.example[int(problem.keypath[1])].name!r}"


def counted(conversations: Conversations | None) -> str:
    """`12 examples, 30 said, 2 heard, 1 failure`."""
    if conversations is None:
        return "the examples could not be run"
    file = conversations.file
    counts: Iterable[tuple[int, str]] = (
        (len(file.example), "conversation" if len(file.example) == 1 else "conversations"),
        (sum(len(each.operations) * len(each.outcomes) for each in file.said), "said"),
        (sum(len(each.operations) for each in file.heard), "heard"),
        (len(file.failure), "of failure"),
    )
    return ", ".join(f"{count} {word}" for count, word in counts if count)
