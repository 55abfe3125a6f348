"""One life of a gateway, in a process that was forked for it: the real App on real sockets and a real journal.

Once it serves, its journal's clocks run faster than the machine's (`rate`), and its unix time begins where the run
says, so that hours of service pass in a test; everything else keeps the machine's time. Before it listens a *quiet*
while of service passes, as between two deaths of any real gateway: longer than the shortest span in which a provider
comes back, of which a journal must know that somebody served.
"""

import asyncio
import gc
import os
import random
import signal
import traceback
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

from gateway.edge import outbox
from gateway.edge import server as app_server
from gateway.edge.app import App, run_loop
from gateway.edge.journals import policy_of
from gateway.edge.logs import Log
from gateway.edge.preparing import Parties
from gateway.edge.settings import Settings
from gateway.journal.limits import Kept, Limits
from gateway.journal.sqlite.store import Sqlite
from tests.torture.lives.doom import Doom, Doomed, doomed, said
from tests.torture.lives.doomed_sqlite import doomed_sqlite

#: No gap is ever too long for a clock that runs a thousand times too fast.
NO_GAP = 10.0**9


class Clocks:
    """The journal's: monotonic seconds and unix time, as fast as the machine's until `hurry` is called."""

    def __init__(self, wall: float) -> None:
        self._wall, self._seconds, self._rate, self._from = wall, 0.0, 1.0, monotonic()

    def hurry(self, rate: float, now: float) -> None:
        """From *now* (the machine's monotonic clock) on they go *rate* times as fast."""
        self._seconds += (now - self._from) * self._rate
        self._rate, self._from = rate, now

    def jump(self, seconds: float) -> None:
        """So long passes at once."""
        self._seconds += seconds

    def monotonic(self) -> float:
        """Seconds of service."""
        return self._seconds + (monotonic() - self._from) * self._rate

    def wall(self) -> float:
        """Unix time."""
        return self._wall + self.monotonic()


def live(order: dict[str, Any], settings: Settings, parties: Parties, log: BinaryIO, out: int) -> None:
    """Serve as *order* says, until killed or asked to stop; ends the process."""
    say = said(out, order["life"])
    code = 70
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        random.seed(order["seed"])
        gc.enable()
        doom = Doom(order["point"], order["number"], say)
        doomed(doom)
        code = run_loop(_serve(order, settings, parties, log, doom))
    except BaseException:
        log.write(b'{"event":"died","level":"error"}\n' + traceback.format_exc().encode())
    finally:
        os._exit(code)


async def _serve(order: dict[str, Any], settings: Settings, parties: Parties, log: BinaryIO, doom: Doom) -> int:
    say = said(order["out"], order["life"])
    settings.public.listen = order["listen"]
    outbox.BEAT = order["beat"]
    lines = Log(stream=log, style="json")
    lines.adopt(asyncio.get_running_loop())
    lines.event("life", number=order["life"], pid=os.getpid(), point=order["point"], rate=order["rate"])
    clocks = Clocks(order["wall"])
    if order["hurried"]:
        clocks.hurry(order["rate"], monotonic())
    journal: Any = Doomed(_store(order, settings, doom, clocks), doom)
    app = App(settings, parties, lines, journal)
    listen = app_server.Server.start

    async def listening(self: app_server.Server) -> tuple[str, int]:
        clocks.jump(order["quiet"])
        await journal.beat()
        return await listen(self)

    app_server.Server.start = listening  # type: ignore[method-assign]

    def started(public: object, admin: object) -> None:
        now = monotonic()
        say({"up": True, "at": now})
        clocks.hurry(order["rate"], now)

    return await app.run(started)


def _store(order: dict[str, Any], settings: Settings, doom: Doom, clocks: Clocks) -> Any:
    policy, me = policy_of(settings), f"life{order['life']}-{os.getpid()}"
    where = order["journal"]
    limits = Limits(gap_s=NO_GAP, checkpoint=order["checkpoint"])
    kept = Kept(rows_s=order["kept"], hashes_s=NO_GAP, sessions_s=NO_GAP)
    given: dict[str, Any] = {"clock": clocks.monotonic, "wall": clocks.wall, "limits": limits, "kept": kept, "me": me}
    if where.startswith("postgres"):
        from gateway.journal.postgres.store import Postgres
        from tests.torture.lives.doomed_postgres import doomed_postgres

        doomed_postgres(doom)
        return Postgres(where, policy, **given)
    return Sqlite(Path(where), policy, vfs=doomed_sqlite(doom), **given)
