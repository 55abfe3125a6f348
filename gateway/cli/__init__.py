"""The command line. Every command is registered here, by name, and imported only when it is the one that is run.

Exit codes are those of `exits.py`. Whatever the user typed or the files hold, the worst answer is one clear sentence on
stderr: `Misuse`, `Refused` and the system's own errors about files never become a traceback.
"""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from cyclopts import App, CycloptsError, Group, UnusedCliTokensError

import gateway
from gateway.cli.exits import CLEAN, FINDINGS, MISUSE, Finding, Misuse
from gateway.dialect.problems import Refused, render, suggest

_RUN = Group("Run", sort_key=1)
_MONEY = Group("Look after the money", sort_key=2)
_WRITE = Group("Write and check a table", sort_key=3)
_READ = Group("Understand a dialect", sort_key=4)

#: Where each command lives, and its line in `gateway --help`.
COMMANDS: tuple[tuple[Group, str, str], ...] = (
    (_RUN, "demo:demo", "See it work: a sandbox wallet, every dialect, real callbacks on this machine."),
    (_RUN, "serve:serve", "Take providers' callbacks for real, as the settings file says."),
    (_RUN, "wallet:wallet", "The sandbox wallet alone, with moods."),
    (_RUN, "send:send", "Send a correctly signed call to a running gateway, as a provider would."),
    (_RUN, "request:request", "Ask a provider through a running gateway: a launch, free rounds, a payout."),
    (_RUN, "healthcheck:healthcheck", "Does the gateway of these settings live: for images without a shell."),
    (_RUN, "drift:drift", "What came and stands in no row of a table, with the row to paste."),
    (_RUN, "metrics:metrics", "What /metrics tells, as Markdown, and how many series that can be at most."),
    (_MONEY, "find:find", "Everything about one transaction: both sides, every attempt, what comes next."),
    (_WRITE, "check:check", "Find everything that is wrong with tables: rows, proofs, examples, widths."),
    (_WRITE, "test:test", "Run the examples beside a table, and show what differs."),
    (_WRITE, "new:new", "Begin a table: from a pasted callback, or like another dialect."),
    (_WRITE, "errors:explain_error", "What a complaint such as GW104 means, and how to put it right."),
    (_WRITE, "schema:schema", "The JSON Schema of tables for editors, or the wallet's OpenAPI."),
    (_READ, "explain:explain", "One callback, step by step: the rows that matched, the signed bytes, the answer."),
    (_READ, "translate:translate", "A callback into our canonical call, or a canonical call into a callback."),
    (_READ, "describe:describe", "The page for whoever integrates a dialect; or our own words."),
    (_READ, "coverage:coverage", "Operations by outcomes: what each cell is said with, and which have an example."),
    (_READ, "loss:loss", "What a dialect, or a provider with a wallet, cannot express."),
    (_RUN, "version:version", "The version, and what it runs on."),
)

#: Commands of several words: the first word, its line, and where each of the second lives, with its line.
FAMILIES: tuple[tuple[Group, str, str, tuple[tuple[str, str, str], ...]], ...] = (
    (_RUN, "config", "The settings in force, and where each came from.", (
        ("show", "config:show", "Print the settings in force, secrets masked."),
        ("check", "config:check", "Could they be served? All that `serve` or a reload would refuse."),
    )),
    (_MONEY, "outbox", "What is still to be done about money, and what waits for a human.", (
        ("list", "outbox:list_rows", "What is to be done: why, when, how much; exit code 1 when something is parked."),
        ("show", "outbox:show", "One operation: both sides, what comes next, all that happened."),
        ("retry", "byhand:retry", "Try a parked operation again."),
        ("park", "byhand:park", "Take an operation out of our own doing."),
        ("resolve", "byhand:resolve", "Say what became of a parked operation."),
        ("audit", "outbox:audit", "What humans did, when and why."),
    )),
    (_MONEY, "journal", "Is the journal sound; a copy of it; what is too old to be kept.", (
        ("check", "journal:check", "Is it sound, and is true what must be of every operation? Exit code 1 when not."),
        ("backup", "journal:backup", "Copy it, while it is served, to a new file."),
        ("prune", "journal:prune", "Drop what is too old to be kept, now."),
    )),
)  # fmt: skip


def application() -> App:
    """The whole command line, nothing of it imported yet."""
    app = App(
        name="gateway",
        help="One wallet, every provider's dialect: a translating proxy for money callbacks.\n\n"
        "Begin with `gateway demo`; every command explains itself with --help.",
        version=gateway.__version__,
        group_commands=_RUN,
        help_format="plaintext",
        help_formatter="default" if sys.stdout.isatty() else "plain",
        error_formatter=_sentence,
    )
    for group, where, line in COMMANDS:
        app.command(f"gateway.cli.{where}", name=_typed(where), help=line, group=group)
    for group, word, line, members in FAMILIES:
        family = App(name=word, help=line, group=group)
        for name, where, about in members:
            family.command(f"gateway.cli.{where}", name=name, help=about)
        app.command(family)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, or *arguments* in its place; always ends with SystemExit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def _standard_streams() -> None:
    """Those that were closed lead nowhere; else a journal would be the next file to have the number of one."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115 - for good


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code. A command returns a code, or None for success."""
    _standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that knows fewer characters than our texts hold
            stream.reconfigure(errors="backslashreplace")
    try:
        _known(arguments)
        ended = application()(list(arguments), result_action="return_value")
        sys.stdout.flush()
    except Misuse as misuse:
        return _refused(str(misuse))
    except Finding as finding:
        if str(finding):
            print(f"gateway: {finding}", file=sys.stderr)
        return FINDINGS
    except Refused as refused:
        print(render(refused.problems), file=sys.stderr)
        return MISUSE
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLEAN
    except OSError as error:
        return _refused(f"{error.filename or 'this'}: {error.strerror or type(error).__name__}")
    except KeyboardInterrupt:
        return 130
    return ended if isinstance(ended, int) else CLEAN


def _typed(where: str) -> str:
    return where.partition(":")[2].replace("_", "-")


def _known(arguments: Sequence[str]) -> None:
    """Refuse an unknown command before cyclopts imports all of them to see whether one would fit."""
    names = {*(word for _, word, _, _ in FAMILIES), *(_typed(where) for _, where, _ in COMMANDS)}
    if arguments and not arguments[0].startswith("-") and arguments[0] not in names:
        near = suggest(arguments[0], names)
        raise Misuse(f'there is no command "{arguments[0]}"' + (f": {near}" if near else "; gateway --help lists them"))


def _sentence(error: CycloptsError) -> str:
    if isinstance(error, UnusedCliTokensError):
        return f"gateway: more words than this command takes: {' '.join(error.unused_tokens or ())}; see --help"
    return f"gateway: {error}"


def _refused(sentence: str) -> int:
    print(f"gateway: {sentence}", file=sys.stderr)
    return MISUSE
