"""`gateway demo`: see it work. A sandbox wallet, the gateway and every shipped dialect on loopback, real callbacks."""

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

import gateway
from gateway.canon.operations import Operation
from gateway.cli.exits import CLEAN, FINDINGS, Misuse
from gateway.dialect.problems import Refused, render

if TYPE_CHECKING:
    from gateway.cli.demo.stage import Cast, Stage


def demo(
    *,
    once: Annotated[
        bool, Parameter(negative="", help="Play and end: 0, or 1 if any conversation is not as it must be.")
    ] = False,
    tables: Annotated[Path | None, Parameter(help="A folder with more tables; each that moves money joins.")] = None,
) -> int:
    """Play real callbacks with every dialect on this machine, show them, and go on serving until Ctrl+C.

    A sandbox wallet and the gateway run in this process, on loopback; keys are made up for this run. Each dialect plays
    an honest bet, a decline, a win, a rollback, a repeat, a forged signature and a silent wallet; a cashier plays
    deposits and withdrawals, a processor reports payments; then every documented request is asked of a provider made of
    its table. Nothing leaves this machine, and nothing is written outside a temporary folder that is gone afterwards.
    """
    from gateway.cli.demo.stage import cast_of
    from gateway.edge.app import run_loop

    if tables is not None and not tables.is_dir():
        raise Misuse(f"{tables}: there is no such folder")
    try:
        cast = cast_of(tables)
    except Refused as refused:
        print(render(refused.problems), file=sys.stderr)
        return FINDINGS
    if not cast.dialects:
        raise Misuse("no table here has what is played: bets, a cashier's deposits, or payments")
    count = len(cast.dialects)
    _say(
        f"gateway {gateway.__version__}: {count} dialects checked in {cast.milliseconds:.0f} ms;"
        " nothing leaves this machine"
    )
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as folder:
        return run_loop(_demo(cast, Path(folder), once))


async def _demo(cast: "Cast", folder: Path, once: bool) -> int:
    from gateway.cli.demo.play import play
    from gateway.cli.demo.requests import play_requests, show_requests
    from gateway.cli.demo.scenarios import scenarios_of
    from gateway.cli.demo.stage import raised
    from gateway.cli.demo.table import show

    async with raised(cast, folder) as stage:
        stage.log.adopt(asyncio.get_running_loop())
        for line in stage.moved:
            _say(line)
        at = stage.addresses
        _say(f"\n  callbacks  {at['callbacks']}/<dialect>\n  wallet     {at['wallet']}/sandbox/ledger")
        _say(f"  metrics    {at['admin']}/metrics")
        count = sum(len(scenarios_of(dialect)) for dialect in cast.dialects.values())
        _say(f"\nplaying {count} conversations; a silent wallet takes its time\n")
        playing = asyncio.create_task(play(stage))
        await asyncio.wait({playing, stage.served}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():  # Ctrl+C
            playing.cancel()
            return 130
        rows = await playing
        show(rows, cast.dialects)
        wrong = sum(bool(row.differs) for row in rows)
        _say(
            f"\n{wrong} of {len(rows)} conversations are not as they must be"
            if wrong
            else f"\nall {len(rows)} conversations are as their tables and examples say"
        )
        _say("\nthe other direction: the platform asks, a provider made of each table answers\n")
        requests = await play_requests(cast.shelf)
        show_requests(requests)
        strange = sum(row.differs for row in requests)
        _say(f"\n{len(requests) - strange} of {len(requests)} requests are answered as their tables say")
        wrong += strange
        if not once:
            await stage.hang_up()
            _next(stage)
            await asyncio.wait({stage.served})
            _say("stopped")
    return FINDINGS if wrong else CLEAN


def _next(stage: "Stage") -> None:
    # The wallet's one player has euros, as bets have; a cashier may have a currency of its own.
    able = (name for name, caller in stage.callers.items() if Operation.BET in caller.dialect.operations())
    name, run = next(able, next(iter(stage.callers))), typed()
    _say(
        f"""
Still serving. In another terminal, a call as that provider would sign it:

  {run} send {name} bet --amount 1.50 --config {stage.config}

Break the wallet, send again, and see what is in doubt now:

  curl {stage.addresses["wallet"]}/sandbox/moods -d '{{"mood": "half_body"}}'
  {run} outbox list --config {stage.config}

Mend it. The gateway asks by itself what became of that bet, and writes everything down:

  curl {stage.addresses["wallet"]}/sandbox/moods -d '{{"mood": "well"}}'
  {run} outbox list --config {stage.config}
  tail -n 3 {stage.folder / "gateway.log"}

Further on:

  {run} describe {name}
  {run} new acme
  {run} --help

Ctrl+C stops it."""
    )


def typed() -> str:
    """How this command is typed from where we stand: `gateway` where the shell finds it, else its path."""
    beside = Path(sys.executable).with_name("gateway")
    if (found := shutil.which("gateway")) and Path(found).resolve() == beside.resolve():
        return "gateway"
    path = beside if beside.is_file() else Path(sys.executable)
    shown = os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
    return shown if path == beside else f"{shown} -m gateway"


def _say(line: str) -> None:
    print(line, flush=True)
