"""From settings to everybody who will talk, proved to understand each other, before a port is opened.

Tables with the options chosen, every pair of provider and wallet, secrets, times: whatever is wrong is found together.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.dialect.dialect import Dialect
from gateway.dialect.keys import Keys
from gateway.dialect.problems import Problem, Refused, suggest
from gateway.dialect.proofs.pairs import prove_pair, unpromisable, unseen
from gateway.dialect.readying import ready_to_answer, ready_to_ask
from gateway.dialect.shelf import Shelf
from gateway.dialect.source import KeyPath, Source
from gateway.edge.admin import is_loopback
from gateway.edge.internal import SHORTEST_TOKEN
from gateway.edge.secrets import Reference, SecretRefused, resolve
from gateway.edge.settings import ProviderPart, Settings, parse_listen
from gateway.edge.settings import Wallet as WalletPart
from gateway.exchange.outbound import Account
from gateway.exchange.parties import Provider, Wallet
from gateway.wire.signatures import SecretFault


@dataclass(frozen=True)
class Parties:
    """Everybody who will talk, proved to understand each other."""

    providers: tuple[Provider, ...]
    wallet: Wallet
    #: what the platform may show at the internal listener
    tokens: tuple[bytes, ...] = field(default=(), repr=False)


def prepare(settings: Settings, path: Path) -> Parties:
    """Compile, prove and bind everything that *settings* (read from *path*) name.

    Raises Refused with every complaint at once; those about the settings stand in that file.
    """
    return _Preparation(settings, Source.read(path)).parties()


def open_shelf(settings: Settings, part: ProviderPart | WalletPart) -> Shelf:
    """The tables that a provider, or the wallet, may name: those of its own folder first, then the shipped ones."""
    return Shelf(settings.folder / part.tables) if part.tables else Shelf()


def chosen(options: Mapping[str, bool | int | str]) -> dict[str, str]:
    """Options of the settings as a table spells its choices."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in options.items()}


@dataclass
class _Preparation:
    settings: Settings
    source: Source
    problems: list[Problem] = field(default_factory=list)
    dialects: dict[tuple[tuple[Path, ...], str, frozenset[tuple[str, str]]], Dialect] = field(default_factory=dict)

    def parties(self) -> Parties:
        settings = self.settings
        ours, promises = settings.wallet, frozenset(map(str, settings.wallet.promises))
        wallet_dialect = self._dialect(open_shelf(settings, ours), ours.dialect, chosen(ours.options), ("wallet",))
        wallet_keys = self._keys(wallet_dialect, ours.secrets, ("wallet",), sender=True)
        if wallet_dialect is not None:
            self._promised(wallet_dialect, promises)
        providers = []
        for name, part in settings.providers.items():
            at: KeyPath = ("providers", name)
            dialect = self._dialect(open_shelf(settings, part), part.dialect, chosen(part.options), at)
            keys = self._keys(dialect, part.secrets, at)
            if dialect is not None and wallet_dialect is not None:
                self.problems += prove_pair(dialect, wallet_dialect, promises)
            if dialect is not None and keys is not None:
                asked = self._asked(name, part, dialect, at)
                provider = Provider(
                    name, part.journal_id, part.mount, dialect, keys, dict(part.settings), asked=asked
                )  # fmt: skip
                providers.append(self._prepared(provider, at))
        tokens = self.tokens()
        self._durable(providers, wallet_dialect)
        self._times(providers)
        if wallet_dialect is None or wallet_keys is None or any(not problem.warning for problem in self.problems):
            raise Refused(self.problems)
        for dialect in {id(provider.dialect): provider.dialect for provider in providers}.values():
            ready_to_answer(dialect)
        ready_to_ask(wallet_dialect)
        wallet = Wallet(wallet_dialect, wallet_keys, promises, dict(ours.settings))
        return Parties(tuple(providers), wallet, tuple(tokens))

    def _complain(self, code: str, at: KeyPath, says: str, remedy: str, hint: str = "") -> None:
        self.problems.append(Problem(code, self.source, at, says, remedy, hint=hint))

    def _dialect(self, shelf: Shelf, name: str, options: Mapping[str, str], at: KeyPath) -> Dialect | None:
        try:
            path = shelf.path(name)
        except Refused:
            known = ", ".join(shelf.names)
            says, remedy = f'there is no dialect "{name}"', f"there are {known}; or name a folder: tables = ..."
            self._complain("GW003", (*at, "dialect"), says, remedy, suggest(name, shelf.names) or "")
            return None
        try:
            # Those who speak the same share it: three hundred copies of one table would not fit the processor's cache.
            alike = (shelf.folders, name, frozenset(options.items()))
            if alike not in self.dialects:
                self.dialects[alike] = shelf.dialect(name, options)
            return self.dialects[alike]
        except Refused as refused:
            self.problems += refused.problems
            says = f"{'.'.join(map(str, at))} cannot use {path.name}: see its own complaints"
            self._complain("GW504", (*at, "dialect"), says, f"gateway check {path}")
            return None

    def _keys(
        self, dialect: Dialect | None, secrets: Mapping[str, Sequence[Reference]], at: KeyPath, *, sender: bool = False
    ) -> Keys | None:
        """The account's secrets, loaded; each that is missing, unknown or unusable is named, without its value."""
        before = len(self.problems)
        found: dict[str, list[bytes]] = {}
        for name, references in secrets.items():
            here = (*at, "secrets", name)
            known = dialect.secrets("receiver") | dialect.secrets("sender") if dialect else {name}
            known = known | (dialect.outbound.secrets() if dialect and dialect.outbound else set())
            if name not in known:
                remedy = f"this table has {', '.join(sorted(known)) or 'none'}"
                self._complain("GW505", here, f'the table has no secret "{name}"', remedy, suggest(name, known) or "")
            for reference in references:
                try:
                    found.setdefault(name, []).append(resolve(reference, self.settings.folder))
                except SecretRefused as refused:
                    self._complain("GW505", here, f"secret {name}: {refused}", "make the reference lead to the secret")
        if dialect is None:
            return None
        role: Any = "sender" if sender else "receiver"
        missing = dialect.secrets(role) - set(secrets)
        for name in sorted(missing):
            remedy = f'secrets.{name} = [{{ file = "..." }}], or {{ env = "..." }}'
            self._complain("GW505", (*at, "secrets"), f'{".".join(map(str, at))} has no secret "{name}"', remedy)
        if len(self.problems) > before:
            return None
        try:
            return dialect.bind(found, role)
        except SecretFault as fault:
            here = (*at, "secrets", fault.name)
            self._complain("GW505", here, str(fault), "put the right secret where the reference leads")
            return None

    def _asked(self, name: str, part: ProviderPart, dialect: Dialect, at: KeyPath) -> Account | None:
        """How the provider is asked, where the settings say where it is."""
        outbound = dialect.outbound
        if not part.urls:
            return None
        if outbound is None:
            says, remedy = f'table "{dialect.name}" asks nothing, and a URL is set', "take it away"
            self._complain("GW509", (*at, "urls"), says, remedy)
            return None
        if self.settings.internal is None:
            says = "a provider that can be asked, and nobody who could: there is no [internal] listener"
            self._complain("GW509", (*at, "urls"), says, '[internal] secrets.token = [{ file = "..." }]')
        for word in part.urls:
            if word not in outbound.urls:
                hint = suggest(word, outbound.urls) or ""
                says, remedy = f'the table has no URL "{word}"', f"it has {', '.join(outbound.urls)}"
                self._complain("GW509", (*at, "urls", word), says, remedy, hint)
        try:
            secrets = {
                word: [resolve(each, self.settings.folder) for each in references]
                for word, references in part.secrets.items()
            }
            for word in sorted(outbound.secrets() - secrets.keys()):
                says = f'{".".join(map(str, at))} has no secret "{word}", with which it is asked'
                self._complain("GW505", (*at, "secrets"), says, f'secrets.{word} = [{{ file = "..." }}]')
            if outbound.secrets() <= secrets.keys():
                return Account(name, part.journal_id, outbound, outbound.bind(secrets), dict(part.settings))
        except SecretFault as fault:
            self._complain("GW505", (*at, "secrets", fault.name), str(fault), "put the right secret there")
        except SecretRefused:
            pass  # its complaint has been made
        return None

    def tokens(self) -> list[bytes]:
        """What the internal listener takes; complaints where one is not there, or could be guessed."""
        part, found = self.settings.internal, []
        for reference in part.secrets.get("token", []) if part else []:
            try:
                found.append(resolve(reference, self.settings.folder))
            except SecretRefused as refused:
                remedy = "make the reference lead to the secret"
                self._complain("GW505", ("internal", "secrets", "token"), f"secret token: {refused}", remedy)
        if part is not None and any(len(token) < SHORTEST_TOKEN for token in found):
            says, remedy = f"a token shorter than {SHORTEST_TOKEN} bytes", "make a random one: openssl rand -hex 32"
            self._complain("GW505", ("internal", "secrets", "token"), says, remedy)
        if part is not None and not part.secrets.get("token"):
            says, remedy = "the internal listener has no token", 'secrets.token = [{ file = "..." }]'
            self._complain("GW505", ("internal", "secrets"), says, remedy)
        return found

    def _prepared(self, provider: Provider, at: KeyPath) -> Provider:
        try:
            return provider.prepared(time.time())
        except Exception as bug:  # whatever it is: a provider whose last words cannot be said must not be served
            says = f"the answers for our own failures cannot be made beforehand: {type(bug).__name__}"
            self._complain("GW506", at, says, f"gateway check {provider.dialect.name}; the table's proofs missed it")
            return provider

    def _promised(self, wallet: Dialect, promises: Collection[str]) -> None:
        """What the settings promise of the wallet can be said in its dialect."""
        for word, why in unpromisable(wallet).items():
            if word in promises:
                remedy = f'take "{word}" out of wallet.promises'
                self._complain("GW510", ("wallet", "promises"), f'the wallet cannot promise "{word}": {why}', remedy)

    def _durable(self, providers: Sequence[Provider], wallet: Dialect | None) -> None:
        """A journal that forgets is no journal for a table whose money hangs on what is remembered."""
        if self.settings.journal.durability == "strict":
            return
        for provider in providers:
            forgotten = () if wallet is None else unseen(provider.dialect, wallet)
            for reason in (*provider.dialect.needs_journal, *forgotten):
                says = f'durability "off" cannot serve providers.{provider.name}: {reason}'
                self._complain("GW508", ("journal", "durability"), says, 'durability = "strict", and a journal.url')

    def _times(self, providers: Sequence[Provider]) -> None:
        """What must outlast what, and who may listen where."""
        deadlines = [each for provider in providers for each in provider.dialect.deadlines_ms.values()]
        asked = [provider.asked.outbound.deadlines_ms for provider in providers if provider.asked is not None]
        deadlines += [each for waits in asked for each in waits.values()]
        longest = max(deadlines, default=0) / 1000
        if self.settings.drain.timeout <= longest:
            self._complain(
                "GW507", ("drain", "timeout"), f"drain.timeout is {self.settings.drain.timeout:g} s, and a provider "
                f"waits up to {longest:g} s for its answer, or is waited for", f"drain.timeout = {longest + 5:g}",
            )  # fmt: skip
        host, _ = parse_listen(self.settings.admin.listen)
        if not is_loopback(host):
            says = f"admin.listen: {host} can be reached from other machines, and no token protects it"
            self._complain("GW507", ("admin", "listen"), says, 'admin.listen = "127.0.0.1:8081"')
