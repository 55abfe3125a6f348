"""`gateway serve`: take providers' callbacks for real."""

import asyncio
import atexit
import os
import re
import signal
import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

from cyclopts import Parameter

import gateway
from gateway.cli.exits import FINDINGS, Misuse
from gateway.dialect.problems import Refused, render
from gateway.edge.app import App, run_loop
from gateway.edge.garbage import settle
from gateway.edge.journals import policy_of, sqlite_path
from gateway.edge.listener import ParserMissing, demand_parser
from gateway.edge.logs import Log
from gateway.edge.open_files import due, raise_limit, too_few
from gateway.edge.pages import give_back
from gateway.edge.parties import Parties
from gateway.edge.preparing import prepare
from gateway.edge.settings import Settings, SettingsRefused, load
from gateway.edge.spans import SpansRefused
from gateway.journal.wishes import JournalRefused


def serve(
    *,
    config: Annotated[Path, Parameter(help="The settings file; deploy/gateway.toml is a commented example.")],
    log_format: Annotated[
        Literal["auto", "json", "text"], Parameter(help="One line per callback on stdout; auto: text on a terminal.")
    ] = "auto",
    watch: Annotated[
        bool, Parameter(negative="", help="Reload when the settings, a table or a secret changes.")
    ] = False,
) -> int:
    """Take providers' callbacks for real, as the settings file says.

    Everything is checked first: tables with their options, each provider against the wallet, secrets. If anything is
    wrong, all of it is told, nothing listens, and the exit code is 1. SIGTERM (or Ctrl+C) drains: callbacks at work are
    answered, then the exit code is 0. A second signal stops at once. SIGHUP, or POST /-/reload at the admin listener,
    reads settings, tables and secrets again: what is sound is served, what is not is told, and stays as it was.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload; it would end us
    try:
        demand_parser()
    except ParserMissing as missing:
        say(f"nothing was started: {missing}")
        return FINDINGS
    settings = read_settings(config)
    if settings is None:
        return FINDINGS
    try:
        parties = prepare(settings, config)
    except Refused as refused:
        say(render(refused.problems))
        count = len(refused.problems)
        plural = "" if count == 1 else "s"
        say(f"{count} complaint{plural}, nothing was started; `gateway explain-error` explains a code")
        return FINDINGS
    return run_loop(_serve(settings, parties, Log(style=log_format), config, watch=watch), end)


def read_settings(config: Path) -> Settings | None:
    """The settings, or None after all that is wrong with them has been told. Misuse when there is no such file."""
    if not config.is_file():
        raise Misuse(f"{config}: there is no such settings file; deploy/gateway.toml is an example to copy")
    try:
        return load(config)
    except SettingsRefused as refused:
        for line in refused.lines:
            say(line)
        return None


def end(code: int) -> NoReturn:
    """End the process with *code*, now: everything is closed, and a thread may hang for longer than anybody waits.

    A name lookup, or a file of a mount that is gone, ends when it ends; the interpreter would wait for it.
    """
    atexit._run_exitfuncs()  # the log's last lines; what measures or profiles the process has its last word too
    os._exit(code)


async def _serve(settings: Settings, parties: Parties, log: Log, config: Path, *, watch: bool) -> int:
    log.adopt(asyncio.get_running_loop())
    limit, wanted = raise_limit(), due(settings.public.connections, settings.wallet.connections)
    if too_few(limit, wanted):
        log.warning("open files", limit=limit, wanted=wanted)

    def started(public: tuple[str, int], admin: tuple[str, int]) -> None:
        wallet = parties.wallet.dialect.name
        base = url(public) if parties.public_tls is None else url(public).replace("http://", "https://")
        say(f"gateway {gateway.__version__}, wallet {settings.wallet.url} ({wallet})")
        for provider in parties.providers:
            say(f"  {provider.name:<12} {base}{provider.mount}  ({provider.dialect.name})")
        if settings.internal is not None:
            asked = ", ".join(provider.name for provider in parties.providers if provider.asked) or "nobody"
            say(f"  internal     http://{settings.internal.listen}/requests  ({asked} can be asked)")
        say(f"  promises     {promised(settings)}")
        say(f"  journal      {kept_in(settings)}")
        say(f"  admin        {url(admin)}  /healthz /readyz /metrics")
        if settings.probes is not None:
            say(f"  probes       http://{settings.probes.listen}  the same three, for other machines")

    try:
        app = App(settings, parties, log, config=config, watch=watch)
        settle()
        give_back()
        return await app.run(started)
    except SpansRefused as refused:
        say(str(refused))
        return FINDINGS
    except JournalRefused as refused:
        say(f"the journal cannot be served: {refused}")
        return FINDINGS
    except OSError as fault:
        say(cannot_listen(fault, f"{settings.public.listen} and {settings.admin.listen}"))
        return FINDINGS


def promised(settings: Settings) -> str:
    """What the wallet promises, and what follows where that is too little."""
    said = ", ".join(settings.wallet.promises) or "nothing"
    return said if policy_of(settings).resolves else f"{said}: what a silent wallet leaves in doubt waits for a human"


def kept_in(settings: Settings) -> str:
    """Where the journal is, as the store will be opened."""
    part = settings.journal
    if part.durability == "off" or part.url is None:
        return 'in memory (durability = "off"): what is not finished is forgotten when this ends'
    return str(sqlite_path(settings).resolve()) if part.url.startswith("sqlite:") else part.url


def cannot_listen(fault: OSError, wanted: str) -> str:
    """Which address is not to be had, and why; *wanted* where the fault does not name it."""
    told = re.search(r"address \('([^']+)', (\d+)[^)]*\): (.+)$", str(fault))
    if told is None:
        return f"cannot listen on {wanted}: {fault.strerror or fault}"
    return f"cannot listen on {url((told[1], int(told[2]))).removeprefix('http://')}: {told[3]}"


def url(address: tuple[str, int]) -> str:
    """An address that was taken, as a URL."""
    host, port = address
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def say(line: str) -> None:
    """A line for people: stdout belongs to the log."""
    print(line, file=sys.stderr, flush=True)
