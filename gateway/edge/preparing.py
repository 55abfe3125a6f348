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
from gateway.edge.addresses import parse_listen
from gateway.edge.admin import is_loopback
from gateway.edge.internal import SHORTEST_TOKEN
from gateway.edge.parties import Bound, Parties
from gateway.edge.secrets import Held, Reference, SecretRefused, Secrets, live, resolve
from gateway.edge.settings import AdminPart, InternalPart, ProviderPart, Settings
from gateway.edge.settings import Wallet as WalletPart
from gateway.edge.tls import Tls, TlsRefused, asking, certificates, read, serving
from gateway.exchange.outbound import Account
from gateway.exchange.parties import Provider, Wallet
from gateway.wire.signatures import SecretFault


@dataclass(frozen=True)
class Prepared:
    """What was made of the settings, and what is wrong with them. *refused*: providers with a complaint.

    *parties* lacks those; it is None when a complaint is about more than one provider.
    """

    parties: Parties | None
    problems: list[Problem]
    refused: frozenset[str]

    @property
    def sound(self) -> bool:
        """Is nothing wrong?"""
        return not any(not problem.warning for problem in self.problems)


def prepare(settings: Settings, path: Path) -> Parties:
    """Compile, prove and bind everything that *settings* (read from *path*) name.

    Raises Refused with every complaint at once; those about the settings stand in that file.
    """
    prepared = prepare_what_is_sound(settings, path)
    if prepared.parties is None or not prepared.sound:
        raise Refused(prepared.problems)
    return prepared.parties


def prepare_what_is_sound(settings: Settings, path: Path) -> Prepared:
    """As `prepare`, but what is wrong with one provider stops no other. Raises Refused when *path* cannot be read."""
    return _Preparation(settings, Source.read(path), time.time()).prepared()


def open_shelf(settings: Settings, part: ProviderPart | WalletPart) -> Shelf:
    """The tables that a provider, or the wallet, may name: those of its own folder first, then the shipped ones."""
    return Shelf(settings.folder / part.tables) if part.tables else Shelf()


def references(settings: Settings) -> list[Reference]:
    """Where every secret stands that a reload reads: the parties', the listeners' tokens, the journal's password."""
    parts = [settings.wallet, *settings.providers.values(), settings.admin, settings.internal, settings.journal]
    return [each for part in parts if part is not None for listed in part.secrets.values() for each in listed]


def limited(settings: Settings) -> int:
    """How many secrets and certificates may have an end, and a series that tells it."""
    secure = [part.tls for part in (settings.public, settings.wallet) if part.tls is not None]
    return len(references(settings)) + sum(len(certificates(part)) for part in secure)


def chosen(options: Mapping[str, bool | int | str]) -> dict[str, str]:
    """Options of the settings as a table spells its choices."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in options.items()}


@dataclass
class _Preparation:
    settings: Settings
    source: Source
    now: float
    problems: list[Problem] = field(default_factory=list)
    dialects: dict[tuple[tuple[Path, ...], str, frozenset[tuple[str, str]]], Dialect] = field(default_factory=dict)

    def prepared(self) -> Prepared:
        settings = self.settings
        ours, promises = settings.wallet, frozenset(map(str, settings.wallet.promises))
        wallet_dialect = self._dialect(open_shelf(settings, ours), ours.dialect, chosen(ours.options), ("wallet",))
        wallet = self._wallet(wallet_dialect, promises)
        if wallet_dialect is not None:
            self._promised(wallet_dialect, promises)
        general = self._errors()
        providers, bound, refused = [], {}, set()
        for name, part in settings.providers.items():
            before = self._errors()
            found = self._provider(name, part, wallet_dialect)
            if found is not None and self._errors() == before:
                provider, bound[name] = found
                providers.append(provider)
            else:
                refused.add(name)
        before = self._errors()
        own = {
            ("internal", "token"): tuple(self._tokens()),
            ("admin", "token"): tuple(self._tokens_of("admin", settings.admin)),
            ("journal", "password"): tuple(self._password()),
        }
        public_tls, wallet_tls = self._tls()
        self._durable(providers, wallet_dialect)
        self._times(providers)
        parties = None
        if wallet is not None and general + self._errors() - before == 0:
            for dialect in {id(provider.dialect): provider.dialect for provider in providers}.values():
                ready_to_answer(dialect)
            ready_to_ask(wallet[0].dialect)
            parties = Parties(
                tuple(providers), wallet[0], bound, wallet[1], own, public_tls, wallet_tls, made_at=self.now
            )  # fmt: skip
        return Prepared(parties, self.problems, frozenset(refused))

    def _errors(self) -> int:
        return sum(not problem.warning for problem in self.problems)

    def _wallet(self, dialect: Dialect | None, promises: frozenset[str]) -> tuple[Wallet, Bound[Wallet]] | None:
        part = self.settings.wallet
        held = self._held(dialect, part.secrets, ("wallet",))
        keys = self._keys(dialect, held, ("wallet",), sender=True)
        if dialect is None or keys is None or held is None:
            return None

        def make(secrets: Mapping[str, Sequence[bytes]]) -> Wallet:
            return Wallet(dialect, dialect.bind(secrets, "sender"), promises, dict(part.settings))

        return Wallet(dialect, keys, promises, dict(part.settings)), Bound(
            held, frozenset(dialect.secrets("sender")), make
        )

    def _provider(
        self, name: str, part: ProviderPart, wallet: Dialect | None
    ) -> tuple[Provider, Bound[Provider]] | None:
        """The provider as it is now, and how it is made anew; None where it cannot be made."""
        at: KeyPath = ("providers", name)
        dialect = self._dialect(open_shelf(self.settings, part), part.dialect, chosen(part.options), at)
        held = self._held(dialect, part.secrets, at)
        keys = self._keys(dialect, held, at)
        if dialect is not None and wallet is not None:
            self.problems += prove_pair(dialect, wallet, frozenset(map(str, self.settings.wallet.promises)))
        if dialect is None or keys is None or held is None:
            return None
        secrets = live(held, self.now)
        asked = self._asked(name, part, dialect, secrets, at)
        provider = Provider(name, part.journal_id, part.mount, dialect, keys, dict(part.settings), asked=asked)

        def make(secrets: Mapping[str, Sequence[bytes]]) -> Provider:
            again = None if provider.asked is None else _account(name, part, dialect, secrets)
            fresh = Provider(
                name, part.journal_id, part.mount, dialect, dialect.bind(secrets), dict(part.settings), asked=again
            )
            return fresh.prepared(time.time())

        return self._prepared(provider, at), Bound(held, frozenset(dialect.secrets("receiver")), make)

    def _complain(self, code: str, at: KeyPath, says: str, remedy: str, hint: str = "") -> None:
        self.problems.append(Problem(code, self.source, at, says, remedy, hint=hint))

    def _dialect(self, shelf: Shelf, name: str, options: Mapping[str, str], at: KeyPath) -> Dialect | None:
        if missing := shelf.missing:  # else a shipped table of that name would be served in place of one's own
            remedy = "make the folder be there; without `tables`, the shipped ones are used"
            self._complain("GW003", (*at, "tables"), f"{shelf.shown(missing[0])}: there is no such folder", remedy)
            return None
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

    def _held(
        self, dialect: Dialect | None, references: Mapping[str, Sequence[Reference]], at: KeyPath
    ) -> Secrets | None:
        """The party's secrets, read; each that is unknown or unusable is named, without its value. None: some are."""
        before = len(self.problems)
        found: dict[str, list[Held]] = {}
        for name, listed in references.items():
            here = (*at, "secrets", name)
            known = dialect.secrets("receiver") | dialect.secrets("sender") if dialect else {name}
            known = known | (dialect.outbound.secrets() if dialect and dialect.outbound else set())
            if name not in known:
                remedy = f"this table has {', '.join(sorted(known)) or 'none'}"
                self._complain("GW505", here, f'the table has no secret "{name}"', remedy, suggest(name, known) or "")
            found[name] = self._read(listed, here)
        return found if len(self.problems) == before else None

    def _read(self, references: Sequence[Reference], here: KeyPath) -> list[Held]:
        found, name = [], here[-1]
        for reference in references:
            try:
                found.append(Held(reference, resolve(reference, self.settings.folder)))
            except SecretRefused as refused:
                self._complain("GW505", here, f"secret {name}: {refused}", "make the reference lead to the secret")
        if found and not any(each.reference.ends > self.now for each in found):
            last = max(found, key=lambda each: each.reference.ends).reference.ends_at
            remedy = "list a new one beside it, before the old one ends"
            self._complain("GW505", here, f"secret {name}: nothing is left of it, the last ended {last}", remedy)
        return found

    def _keys(self, dialect: Dialect | None, held: Secrets | None, at: KeyPath, *, sender: bool = False) -> Keys | None:
        """The party's live secrets, loaded; each that is missing or unusable is named, without its value."""
        if dialect is None:
            return None
        role: Any = "sender" if sender else "receiver"
        part = self.settings.wallet if sender else self.settings.providers[str(at[1])]
        missing = dialect.secrets(role) - set(part.secrets)
        for name in sorted(missing):
            remedy = f'secrets.{name} = [{{ file = "..." }}], or {{ env = "..." }}'
            self._complain("GW505", (*at, "secrets"), f'{".".join(map(str, at))} has no secret "{name}"', remedy)
        if missing or held is None:
            return None
        try:
            return dialect.bind(live(held, self.now), role)
        except SecretFault as fault:
            here = (*at, "secrets", fault.name)
            self._complain("GW505", here, str(fault), "put the right secret where the reference leads")
            return None

    def _asked(
        self, name: str, part: ProviderPart, dialect: Dialect, secrets: Mapping[str, Sequence[bytes]], at: KeyPath
    ) -> Account | None:
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
        for word in sorted(outbound.secrets() - secrets.keys()):
            says = f'{".".join(map(str, at))} has no secret "{word}", with which it is asked'
            self._complain("GW505", (*at, "secrets"), says, f'secrets.{word} = [{{ file = "..." }}]')
        try:
            return _account(name, part, dialect, secrets)
        except SecretFault as fault:
            self._complain("GW505", (*at, "secrets", fault.name), str(fault), "put the right secret there")
        return None

    def _tokens(self) -> list[Held]:
        """What the internal listener takes; complaints where one is not there, or could be guessed."""
        part = self.settings.internal
        found = self._tokens_of("internal", part) if part else []
        if part is not None and not part.secrets.get("token"):
            says, remedy = "the internal listener has no token", 'secrets.token = [{ file = "..." }]'
            self._complain("GW505", ("internal", "secrets"), says, remedy)
        return found

    def _tokens_of(self, listener: str, part: AdminPart | InternalPart) -> list[Held]:
        at: KeyPath = (listener, "secrets", "token")
        found = self._read(part.secrets.get("token", []), at)
        if any(len(each.value) < SHORTEST_TOKEN for each in found):
            says, remedy = f"a token shorter than {SHORTEST_TOKEN} bytes", "make a random one: openssl rand -hex 32"
            self._complain("GW505", at, says, remedy)
        return found

    def _password(self) -> list[Held]:
        """The journal's."""
        found = self._read(self.settings.journal.secrets.get("password", []), ("journal", "secrets", "password"))
        try:
            return [each for each in found if each.value.decode()]
        except UnicodeDecodeError:
            says, remedy = "secret password: it is no text in UTF-8", "PostgreSQL has another one"
            self._complain("GW505", ("journal", "secrets", "password"), says, remedy)
            return []

    def _tls(self) -> tuple[Tls | None, Tls | None]:
        """Of the public listener, and of the hop to the wallet."""
        made: list[Tls | None] = []
        public, wallet, folder = self.settings.public.tls, self.settings.wallet.tls, self.settings.folder
        for table, part, make in (("public", public, serving), ("wallet", wallet, asking)):
            try:
                made.append(None if part is None else read(part, folder, make))
            except TlsRefused as refused:
                says, remedy = f"{table}.tls.{refused.setting}: {refused}", "name PEM files; the key must belong to it"
                self._complain("GW505", (table, "tls", refused.setting), says, remedy)
                made.append(None)
        return made[0], made[1]

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
        if not is_loopback(host) and not self.settings.admin.secrets.get("token"):
            says = f"admin.listen: {host} can be reached from other machines, and no token protects it"
            remedy = 'admin.listen = "127.0.0.1:8081", or admin.secrets.token = [{ file = "..." }]'
            self._complain("GW507", ("admin", "listen"), says, remedy)


def _account(name: str, part: ProviderPart, dialect: Dialect, secrets: Mapping[str, Sequence[bytes]]) -> Account | None:
    """How the provider is asked, once every secret for that is there; None while one is not. Raises SecretFault."""
    outbound = dialect.outbound
    given = {name for name, listed in secrets.items() if listed}
    if outbound is None or not outbound.secrets() <= given:
        return None
    return Account(name, part.journal_id, outbound, outbound.bind(secrets), dict(part.settings))
