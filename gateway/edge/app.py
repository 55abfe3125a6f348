"""The composition root of `gateway serve`: proved parties in, and out of them a gateway, and only then a listener.

`App` joins the parts and runs them; it is good for one run. What a reload may change stands in one place, `_swap`.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from gateway.canon.outcomes import Outcome
from gateway.edge.actions import log_level, reload_now
from gateway.edge.addresses import parse_listen
from gateway.edge.admin import Admin, Readiness
from gateway.edge.admin_guard import Guard
from gateway.edge.breaker import Breaker
from gateway.edge.callees import Callees, Everybody, hop_to
from gateway.edge.clients import Clients, Network
from gateway.edge.companions import Companions
from gateway.edge.drift import DriftWatch
from gateway.edge.gate import Gate
from gateway.edge.internal import Internal
from gateway.edge.journals import open_journal
from gateway.edge.lifecycle import Lifecycle
from gateway.edge.logs import Log
from gateway.edge.metrics import Metrics
from gateway.edge.outbox import Outbox
from gateway.edge.parties import Parties
from gateway.edge.probes import Probes
from gateway.edge.reload import Live, Reload
from gateway.edge.seats import Seat, seats, turned_away
from gateway.edge.server import Provider as Mounted
from gateway.edge.server import Server
from gateway.edge.settings import Settings
from gateway.edge.spans import Spans
from gateway.edge.surface import networks
from gateway.edge.tls import Tls, exchange
from gateway.edge.tracing import OFF, Tracing
from gateway.edge.upstream import Upstream
from gateway.edge.watched import Watched
from gateway.exchange.callback import callback, refusal
from gateway.exchange.errand import Errand
from gateway.exchange.journey import Journey
from gateway.exchange.outbound import Account, Inquiry, outbound
from gateway.exchange.recovery import recovery
from gateway.exchange.wishes import Flow
from gateway.journal.store import Store
from gateway.journal.wishes import Leased
from gateway.wire.message import Request

Result = TypeVar("Result")


class SystemClock:
    """The machine's clocks. The forward one is the one by which the edge reads heads and ends wallet calls."""

    def monotonic(self) -> float:
        """Seconds that are never set back."""
        return time.monotonic()

    def wall(self) -> float:
        """Unix seconds."""
        return time.time()


class App:
    """The parts, joined. *log* gets one line per callback and errand; *journal*: another than the settings name.

    *config*: the settings' file, which can be read again then; *watch*: whenever it or what it names has changed.
    `metrics`, `breaker`, `journal` and `lifecycle` are there for whoever watches.
    """

    def __init__(
        self, settings: Settings, parties: Parties, log: Log, journal: Store | None = None,
        config: Path | None = None, *, watch: bool = False,
    ) -> None:  # fmt: skip
        clock, log_bug = SystemClock(), log.bug
        wallet = parties.wallet
        self.metrics = metrics = Metrics(_operations(parties))
        dialects = _dialects(parties)
        self.drift = drift = DriftWatch(dialects, wallet.dialect.name, metrics, log)

        def bug(fault: BaseException) -> None:
            metrics.bug()
            log_bug(fault, "late story")

        def start(mounted: Mounted, request: Request, journey: Journey) -> Flow:
            seat = cast(Seat, mounted)
            if seat.closed:
                return turned_away(seat, request, journey, clock)
            return callback(request, seat.provider, seat.wallet, journey, clock)

        def refuse(mounted: Mounted, request: Request, outcome: Outcome, why: str, journey: Journey) -> Flow:
            seat = cast(Seat, mounted)
            if seat.closed:
                return turned_away(seat, request, journey, clock)
            return refusal(request, seat.provider, journey, clock, outcome, why)

        def errand(leased: Leased, errand: Errand) -> Flow:
            return recovery(leased, self._parties.wallet, errand, clock)

        def width() -> int:
            if self._parties.wallet_closed:
                return 0
            return most if breaker.closed else int(breaker.admits)

        def run(errand: Errand, seconds: float) -> None:
            metrics.errand(errand)
            log.errand(errand, seconds)
            drift.saw(errand.provider, errand.drift)

        spans = Spans(settings.otel) if settings.otel is not None else None
        tracing = (
            OFF if settings.otel is None else Tracing(spans, settings.otel.ratio, lambda fault: log_bug(fault, "spans"))
        )
        self._parties, self._listening = parties, parties.public_tls
        readiness = Readiness()
        metrics.speaking.now(dialects)
        self.journal = journal or open_journal(settings, lambda: self._parties.password, log)
        watched = Watched(self.journal, metrics.journal, log.journal)
        self._upstream = upstream = Upstream(
            settings.wallet.url,
            connections=settings.wallet.connections,
            methods=wallet.dialect.methods,
            tls=_context(parties.wallet_tls),
            on_ending=metrics.called,
            on_bug=bug,
        )
        self.breaker = breaker = Breaker()
        breaker.watch(metrics.breaker)
        breaker.watch(lambda state: log.event("breaker", state=str(state)))
        gate = Gate(
            upstream,
            breaker,
            metrics,
            connections=settings.wallet.connections,
            accounts=len(parties.providers),
            queue=settings.wallet.queue,
            share=settings.wallet.share,
        )
        self._callees = callees = _callees(settings, parties)
        host, port = parse_listen(settings.public.listen)
        self._clients = clients = Clients(
            networks(settings.public.proxies), _allowed(settings), settings.public.connections
        )
        self._server = server = Server(
            seats(parties),
            start=start,
            refuse=refuse,
            memory=watched,
            hop=Everybody(gate, callees),
            metrics=metrics,
            log=log,
            drift=drift.saw,
            host=host,
            port=port,
            reuse_port=settings.public.reuse_port,
            tracing=tracing,
            clients=clients,
            tls=_context(parties.public_tls),
        )
        most = max(2, settings.wallet.connections // 10)
        outbox = Outbox(
            watched,
            gate,
            errand,
            width=width,
            done=run,
            failed=bug,
            tracing=tracing,
        )
        self._internal = internal = _internal(settings, parties, callees, watched, log, drift)
        live = Live(settings, parties)
        again = None if config is None else Reload(config, live, self._swap, metrics.config, log)
        self._guard = Guard(_admin_tokens(settings, parties), settings.admin.hosts)
        actions = {"/-/log-level": log_level(log)} | ({} if again is None else {"/-/reload": reload_now(again)})
        admin = Admin(
            *parse_listen(settings.admin.listen), metrics.registry, readiness, drift.listed, actions=actions,
            guard=self._guard,
        )  # fmt: skip
        self.lifecycle = Lifecycle(
            server,
            admin,
            gate,
            watched,
            outbox,
            readiness,
            log,
            accept_grace=settings.drain.accept_grace,
            timeout=settings.drain.timeout,
            internal=internal,
            probes=None if settings.probes is None else Probes(*parse_listen(settings.probes.listen), admin),
            companions=None if again is None or config is None else Companions(again, config, log, watch=watch),
            spans=spans,
        )

    async def run(self, started: Callable[[tuple[str, int], tuple[str, int]], None] | None = None) -> int:
        """Serve until a signal, drain, give the exit code. OSError: a port is taken; JournalRefused: the journal is."""
        return await self.lifecycle.run(started)

    def _swap(self, live: Live) -> None:
        """Serve *live* from now on, in one step of the loop; what is at work goes on with what it began with."""
        settings, parties = live.settings, live.parties
        self.metrics.know(_operations(parties))
        self.metrics.speaking.now(_dialects(parties))
        self.drift.know(_dialects(parties))
        before, self._parties = self._parties, parties
        if parties.public_tls != before.public_tls and parties.public_tls is not None and self._listening is not None:
            exchange(self._listening.context, parties.public_tls.context)
        if parties.wallet_tls != before.wallet_tls:
            self._upstream.secure(_context(parties.wallet_tls))
        self._upstream.allow(parties.wallet.dialect.methods)
        self._callees.serve(_urls(settings, parties), settings.drain.timeout)
        if self._internal is not None:
            self._internal.serve(_accounts(parties), parties.tokens("internal"))
        self._clients.allow(_allowed(settings))
        self._guard.demand(_admin_tokens(settings, parties))
        self._server.serve(seats(parties))
        self.lifecycle.drain(settings.drain.accept_grace, settings.drain.timeout)


def _context(tls: Tls | None) -> ssl.SSLContext | None:
    return None if tls is None else tls.context


def _operations(parties: Parties) -> dict[str, set[str]]:
    return {
        provider.name: {str(operation) for operation in provider.dialect.operations()} for provider in parties.providers
    }


def _dialects(parties: Parties) -> dict[str, str]:
    return {provider.name: provider.dialect.name for provider in parties.providers}


def _admin_tokens(settings: Settings, parties: Parties) -> tuple[bytes, ...] | None:
    """What an operator may show at the admin listener; None: nothing is asked for."""
    return parties.tokens("admin") if settings.admin.secrets.get("token") else None


def _allowed(settings: Settings) -> dict[str, tuple[Network, ...]]:
    """From where each provider may come that has a list."""
    return {name: networks(part.allow) for name, part in settings.providers.items() if part.allow}


def _accounts(parties: Parties) -> list[Account]:
    return [provider.asked for provider in parties.providers if provider.asked is not None]


def _urls(settings: Settings, parties: Parties) -> dict[tuple[str, str], str]:
    """Where each provider is asked, by its journal id and the name of the URL."""
    return {
        (account.journal_id, word): url
        for account in _accounts(parties)
        for word, url in settings.providers[account.name].urls.items()
    }


def _callees(settings: Settings, parties: Parties) -> Callees:
    """The way to every provider that can be asked; the listener for the platform opens and closes it."""
    return Callees({key: hop_to(url) for key, url in _urls(settings, parties).items()})


def _internal(
    settings: Settings, parties: Parties, callees: Callees, memory: Watched, log: Log, drift: DriftWatch
) -> Internal | None:
    """The listener for the platform, where the settings have one."""
    if settings.internal is None:
        return None
    clock = SystemClock()
    host, port = parse_listen(settings.internal.listen)

    def done(inquiry: Inquiry, seconds: float) -> None:
        log.inquiry(inquiry, seconds)
        drift.saw(inquiry.account.name, inquiry.drift)

    return Internal(
        _accounts(parties), host, port, tokens=parties.tokens("internal"),
        start=lambda inquiry: outbound(inquiry, clock), memory=memory, callees=callees, done=done,
        reuse_port=settings.public.reuse_port,
    )  # fmt: skip


def run_loop(main: Coroutine[Any, Any, Result], ended: Callable[[Result], None] | None = None) -> Result:
    """Run *main* to its end on uvloop where it is installed, else on asyncio's own loop.

    *ended* hears what came of it before the loop is closed, which waits for every thread that is still at work.
    """
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        result = runner.run(main)
        if ended is not None:
            ended(result)
        return result
