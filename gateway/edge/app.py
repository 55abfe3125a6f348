"""The composition root of `gateway serve`: proved parties in, and out of them a gateway, and only then a listener.

`App` joins the parts and runs them; it is good for one run.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from gateway.canon.outcomes import Outcome
from gateway.edge.admin import Admin, Readiness
from gateway.edge.admin_guard import Guard
from gateway.edge.breaker import Breaker
from gateway.edge.callees import Callees, Everybody, hop_to
from gateway.edge.clients import Clients
from gateway.edge.drift import DriftWatch
from gateway.edge.gate import Gate
from gateway.edge.internal import Internal
from gateway.edge.journals import open_journal
from gateway.edge.lifecycle import Lifecycle
from gateway.edge.logs import Log
from gateway.edge.metrics import Metrics
from gateway.edge.outbox import Outbox
from gateway.edge.preparing import Parties
from gateway.edge.server import Provider as Mounted
from gateway.edge.server import Server
from gateway.edge.settings import Settings, parse_listen
from gateway.edge.surface import networks
from gateway.edge.upstream import Upstream
from gateway.edge.watched import Watched
from gateway.exchange.callback import callback, refusal
from gateway.exchange.errand import Errand
from gateway.exchange.journey import Journey
from gateway.exchange.outbound import Account, Inquiry, outbound
from gateway.exchange.parties import Provider
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

    `metrics`, `breaker`, `journal` and `lifecycle` are there for whoever watches.
    """

    def __init__(self, settings: Settings, parties: Parties, log: Log, journal: Store | None = None) -> None:
        clock, log_bug = SystemClock(), log.bug
        wallet = parties.wallet
        operations = {
            provider.name: {str(operation) for operation in provider.dialect.operations()}
            for provider in parties.providers
        }
        self.metrics = metrics = Metrics(operations)
        dialects = {provider.name: provider.dialect.name for provider in parties.providers}
        self.drift = drift = DriftWatch(dialects, wallet.dialect.name, metrics, log)

        def bug(fault: BaseException) -> None:
            metrics.bug()
            log_bug(fault, "late story")

        def start(provider: Mounted, request: Request, journey: Journey) -> Flow:
            return callback(request, cast(Provider, provider), wallet, journey, clock)

        def refuse(provider: Mounted, request: Request, outcome: Outcome, why: str, journey: Journey) -> Flow:
            return refusal(request, cast(Provider, provider), journey, clock, outcome, why)

        def errand(leased: Leased, errand: Errand) -> Flow:
            return recovery(leased, wallet, errand, clock)

        def run(errand: Errand, seconds: float) -> None:
            metrics.errand(errand)
            log.errand(errand, seconds)
            drift.saw(errand.provider, errand.drift)

        readiness = Readiness()
        self.journal = journal or open_journal(settings)
        watched = Watched(self.journal, metrics.journal, log.journal)
        upstream = Upstream(
            settings.wallet.url,
            connections=settings.wallet.connections,
            methods=wallet.dialect.methods,
            tls=parties.wallet_tls,
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
        callees = _callees(settings, parties)
        host, port = parse_listen(settings.public.listen)
        server = Server(
            [provider for provider in parties.providers if provider.dialect.variants],
            start=start,
            refuse=refuse,
            memory=watched,
            hop=Everybody(gate, callees),
            metrics=metrics,
            log=log,
            drift=drift.saw,
            host=host,
            port=port,
            clients=clients_of(settings),
            tls=parties.public_tls,
        )
        width = max(2, settings.wallet.connections // 10)
        outbox = Outbox(
            watched,
            gate,
            errand,
            width=lambda: width if breaker.closed else int(breaker.admits),
            done=run,
            failed=bug,
        )
        admin = Admin(
            *parse_listen(settings.admin.listen), metrics.registry, readiness, drift.listed,
            guard=Guard(parties.admin_tokens, settings.admin.hosts),
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
            internal=_internal(settings, parties, callees, watched, log, drift),
        )

    async def run(self, started: Callable[[tuple[str, int], tuple[str, int]], None] | None = None) -> int:
        """Serve until a signal, drain, give the exit code. OSError: a port is taken; JournalRefused: the journal is."""
        return await self.lifecycle.run(started)


def clients_of(settings: Settings) -> Clients:
    """Who may come, and how often at one time."""
    allowed = {name: networks(part.allow) for name, part in settings.providers.items() if part.allow}
    return Clients(networks(settings.public.proxies), allowed, settings.public.connections)


def _accounts(parties: Parties) -> list[Account]:
    return [provider.asked for provider in parties.providers if provider.asked is not None]


def _callees(settings: Settings, parties: Parties) -> Callees:
    """The way to every provider that can be asked; the listener for the platform opens and closes it."""
    hops = {
        (account.journal_id, word): hop_to(url)
        for account in _accounts(parties)
        for word, url in settings.providers[account.name].urls.items()
    }
    return Callees(hops)


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
        _accounts(parties), host, port, tokens=parties.tokens, start=lambda inquiry: outbound(inquiry, clock),
        memory=memory, callees=callees, done=done, drain=settings.drain.timeout,
    )  # fmt: skip


def run_loop(main: Coroutine[Any, Any, Result]) -> Result:
    """Run *main* to its end on uvloop where it is installed, else on asyncio's own loop."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
