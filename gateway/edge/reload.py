"""Reading the settings and tables again while callbacks are served: all of it is compiled first, then one swap.

A callback at work ends on what it began with. Whoever has a complaint stays as it was, with the table it had; a
complaint about more than one provider leaves everything as it was. What only a start can change stays, and is named.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.dialect.problems import Problem, Refused, render
from gateway.dialect.proofs.pairs import prove_pair
from gateway.edge.beside import beside
from gateway.edge.config_metrics import ConfigMetrics
from gateway.edge.logs import Log
from gateway.edge.parties import Parties
from gateway.edge.preparing import Prepared, prepare_what_is_sound
from gateway.edge.rows import MOST, changes, tables
from gateway.edge.settings import Public, Settings, SettingsRefused, Wallet, load, show

#: What a reload may change: these sections whole, and of the others these keys.
WHOLE = ("providers", "drain")
KEYS = {
    "public": ("tls",), "wallet": ("secrets", "options", "settings", "tables", "tls"),
    "internal": ("secrets",), "admin": ("secrets",), "journal": ("secrets",),
}  # fmt: skip
#: Seconds in which the settings, the tables and the secrets must have been read.
READ_WITHIN_S = 10.0
_EXPLAINED = "`gateway explain-error` explains a code"


@dataclass(frozen=True)
class Live:
    """The settings in force, and who they made."""

    settings: Settings
    parties: Parties


@dataclass
class Read:
    """What came of reading everything again. *live*: what is to be served from now on, None for nothing new.

    *complaints*: as `gateway check` says them, and their places in one line each; *kept*: who stays as they were;
    *fixed*: what a restart would change. *asked*: the settings as they were read; None where they cannot be.
    """

    live: Live | None = None
    complaints: str = ""
    lines: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    asked: Settings | None = None

    @property
    def text(self) -> str:
        """For whoever asked for the reload."""
        if self.complaints:
            stay = f"as before: {', '.join(self.kept)}" if self.live else "nothing was changed"
            return f"{self.complaints}\n{len(self.lines)} complaint(s), {stay}; {_EXPLAINED}\n"
        said = self.changes or ["nothing has changed"]
        return "\n".join([*said, *(f"only a restart changes {name}" for name in self.fixed)]) + "\n"


class Reload:
    """Reads *config* again when asked. *swap* puts what came of it in force, in one step of the event loop."""

    def __init__(
        self, config: Path, live: Live, swap: Callable[[Live], None], metrics: ConfigMetrics, log: Log
    ) -> None:
        self._config, self.live, self._swap = config, live, swap
        self._metrics, self._log = metrics, log
        self.asked = live.settings  # those that were read last, be they refused: what they name may come later
        self._one_at_a_time = asyncio.Lock()
        metrics.reloaded(True)
        metrics.serves(tables(live.parties), live.parties.limited())

    async def reload(self, why: str) -> Read:
        """Read everything, check it beside the loop, and serve what is sound. *why*: who asked, for the log."""
        async with self._one_at_a_time:
            read = await self._read()
            self.asked = read.asked or self.asked
            if read.live is not None:
                self.put(read.live)
            self._metrics.reloaded(not read.complaints)
            facts = {"kept": read.kept, "only_a_restart_changes": read.fixed}
            more = {"more": len(read.changes) - MOST} if len(read.changes) > MOST else {}
            known = {name: listed for name, listed in {"changes": read.changes[:MOST], **facts}.items() if listed}
            if read.complaints:
                self._log.error("reload refused", why=why, complaints=read.lines[:MOST], **known, **more)
            else:
                self._log.event("reloaded", why=why, **(known or {"changes": []}), **more)
            return read

    async def _read(self) -> Read:
        """A file that hangs, as of a dead mount, is a complaint: the next reload is not to wait for it."""
        live = self.live
        try:
            return await beside(lambda: read_again(self._config, live), "reload", READ_WITHIN_S)
        except TimeoutError:
            took = f"reading the settings and what they name took longer than {READ_WITHIN_S:g} s"
            return Read(complaints=f"{self._config}: {took}", lines=[f"{self._config}: {took}"])

    def put(self, live: Live) -> None:
        """Serve *live* from now on."""
        self.live = live
        self._swap(live)
        self._metrics.serves(tables(live.parties), live.parties.limited())


def read_again(config: Path, live: Live) -> Read:
    """What *config* says now, as far as it may be put in force where *live* is."""
    try:
        given = load(config)
    except SettingsRefused as refused:
        return Read(complaints="\n".join(refused.lines), lines=refused.lines)
    read = _judged(config, live, given)
    read.asked = given
    return read


def _judged(config: Path, live: Live, given: Settings) -> Read:
    settings = reloadable(live.settings, given)
    fixed = _differing(given, settings)
    try:
        prepared = prepare_what_is_sound(settings, config)
        merged = _merged(live, settings, prepared)
    except Refused as refused:
        return _refused(refused.problems, fixed)
    if prepared.sound and merged is not None:
        return Read(merged, fixed=fixed, changes=_changes(live, merged))
    read = _refused(prepared.problems, fixed)
    if merged is not None:
        read.live, read.kept, read.changes = merged, sorted(prepared.refused), _changes(live, merged)
    return read


def reloadable(running: Settings, given: Settings) -> Settings:
    """*given*, where a reload may change what is *running*; the rest as it runs."""
    parts = {}
    for name in type(given).model_fields:
        old, new = getattr(running, name), getattr(given, name)
        if name in WHOLE:
            parts[name] = new
        elif name in KEYS and old is not None and new is not None:
            keys = [key for key in KEYS[name] if key != "tls" or _speaks_alike(old, new)]
            parts[name] = old.model_copy(update={key: getattr(new, key) for key in keys})
        else:
            parts[name] = old
    return given.model_copy(update=parts)


def _speaks_alike(one: Public | Wallet, other: Public | Wallet) -> bool:
    """Do both speak TLS, or neither? Whether one does is decided when a port is opened, or by the wallet's URL."""
    if isinstance(one, Public):
        return (one.tls is None) == (other.tls is None)
    return isinstance(other, Wallet) and one.url.startswith("https:") == other.url.startswith("https:")


def _differing(one: Settings, other: Settings) -> list[str]:
    mine, theirs = show(one), show(other)
    names = dict.fromkeys([*mine, *theirs])
    values = ((name, mine.get(name), theirs.get(name)) for name in names)
    return [name for name, a, b in values if (a and a.value) != (b and b.value)]


def _changes(old: Live, new: Live) -> list[str]:
    return changes((old.settings, old.parties), (new.settings, new.parties))


def _refused(problems: Iterable[Problem], fixed: list[str]) -> Read:
    """As `gateway check` says it, and each in one line."""
    errors = [problem for problem in problems if not problem.warning]
    places = [f"{each.file}:{each.place.line}: " if each.place else f"{each.file}: " for each in errors]
    lines = [f"{place}{each.code} {each.says}" for place, each in zip(places, errors, strict=True)]
    return Read(complaints=render(problems), lines=list(dict.fromkeys(lines)), fixed=fixed)


def _merged(live: Live, settings: Settings, prepared: Prepared) -> Live | None:
    """What is sound, and in place of what is not, what was there before; None where that does not go together.

    Raises Refused where a provider that stays does not fit the wallet's new table.
    """
    if prepared.parties is None:
        return None
    if not prepared.refused:
        return Live(settings, prepared.parties)
    old = {provider.name: provider for provider in live.parties.providers}
    stays = {name: old[name] for name in settings.providers if name in prepared.refused and name in old}
    fresh = prepared.parties
    problems: list[Problem] = []
    for provider in stays.values():
        problems += prove_pair(provider.dialect, fresh.wallet.dialect, fresh.wallet.promises)
    if any(not problem.warning for problem in problems):
        raise Refused([*prepared.problems, *problems])
    served = {provider.name: provider for provider in fresh.providers} | stays
    providers = tuple(served[name] for name in settings.providers if name in served)
    for taken in ("mount", "journal_id"):
        if len({getattr(provider, taken) for provider in providers}) < len(providers):
            return None
    bound = {**fresh.bound, **{name: live.parties.bound[name] for name in stays if name in live.parties.bound}}
    parts = {name: live.settings.providers[name] if name in stays else settings.providers[name] for name in served}
    parties = replace(fresh, providers=providers, bound=bound).at(fresh.made_at)  # who stays may have ended meanwhile
    return Live(settings.model_copy(update={"providers": parts}), parties)
