"""Everybody who will talk, with the secrets that are live at one moment, and how they look when one has ended.

A secret that has ended verifies nothing and signs nothing. Where nothing is left of one that a party needs, the party
is closed: nothing of its callbacks is read. They hear `busy` where that can be said without the secret, else nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Generic, TypeVar

from gateway.edge.secrets import Held, Secrets, ended, live
from gateway.edge.tls import Tls
from gateway.exchange.parties import Provider, Wallet

#: How the names of certificates begin, as in the settings; no secret's does.
TLS = "tls."

Party = TypeVar("Party", Provider, Wallet)


@dataclass(frozen=True)
class Bound(Generic[Party]):
    """A party as it was read: *make* builds it from those of its *secrets* that are live. *needed*: it must have."""

    secrets: Secrets = field(repr=False)
    needed: frozenset[str]
    make: Callable[[Mapping[str, list[bytes]]], Party]

    def lacks(self, now: float) -> list[str]:
        """What it needs and nothing is left of."""
        return [name for name in ended(self.secrets, now) if name in self.needed]


@dataclass(frozen=True)
class Parties:
    """Everybody who will talk, proved to understand each other.

    *bound*: the providers as they were read, by name; *bound_wallet*: the wallet. *closed*: why nothing is to be
    read, by the provider's name. *made_at*: at which moment the secrets were live, in unix seconds. *own*: our own
    secrets, by their table in the settings and their name: the listeners' tokens, the journal's password.
    *public_tls*, *wallet_tls*: of the public listener, and of the hop.
    """

    providers: tuple[Provider, ...]
    wallet: Wallet
    bound: Mapping[str, Bound[Provider]] = field(default_factory=dict, repr=False)
    bound_wallet: Bound[Wallet] | None = field(default=None, repr=False)
    own: Mapping[tuple[str, str], tuple[Held, ...]] = field(default_factory=dict, repr=False)
    public_tls: Tls | None = None
    wallet_tls: Tls | None = None
    closed: Mapping[str, str] = field(default_factory=dict)
    made_at: float = 0.0

    @property
    def wallet_closed(self) -> bool:
        """Is nothing left of a secret without which the wallet cannot be asked?"""
        return self.bound_wallet is not None and bool(self.bound_wallet.lacks(self.made_at))

    def tokens(self, listener: str) -> tuple[bytes, ...]:
        """Those that may be shown at *listener*."""
        return self._own(listener, "token")

    @property
    def password(self) -> str | None:
        """The journal's; None where the settings refer to none, or nothing is left of it."""
        return next((each.decode() for each in self._own("journal", "password")), None)

    def _own(self, table: str, name: str) -> tuple[bytes, ...]:
        return tuple(each.value for each in self.own.get((table, name), ()) if each.reference.ends > self.made_at)

    def at(self, now: float) -> "Parties":
        """The same, with the secrets that are live at *now* (unix seconds)."""
        wallet, closed = self.wallet, {}
        lacking = self.bound_wallet.lacks(now) if self.bound_wallet else []
        if self.bound_wallet and not lacking:
            wallet = self.bound_wallet.make(live(self.bound_wallet.secrets, now))
        providers = []
        for provider in self.providers:
            bound = self.bound.get(provider.name)
            lacks = bound.lacks(now) if bound else []
            if lacking or lacks:
                whose = "of the wallet " if lacking else ""
                closed[provider.name] = f"secret {(lacking or lacks)[0]} {whose}has ended"
            providers.append(bound.make(live(bound.secrets, now)) if bound and not lacks else provider)
        return replace(self, providers=tuple(providers), wallet=wallet, closed=closed, made_at=now)

    def held(self) -> Iterator[tuple[str, str, int, Held]]:
        """Every secret: whose it is, its name, its number in the settings' list (from 1), and what was read."""
        whose: list[tuple[str, Secrets]] = [("wallet", self.bound_wallet.secrets)] if self.bound_wallet else []
        whose += [(name, bound.secrets) for name, bound in self.bound.items()]
        whose += [(table, {name: held}) for (table, name), held in self.own.items()]
        for party, secrets in whose:
            for name, listed in secrets.items():
                for number, each in enumerate(listed, 1):
                    yield party, name, number, each

    def limited(self) -> Iterator[tuple[str, str, int, float]]:
        """Every secret that has an end, and every certificate of the settings: as `held`, and when, in unix seconds."""
        for party, name, number, each in self.held():
            if isfinite(each.reference.ends):
                yield party, name, number, each.reference.ends
        for table, tls in (("public", self.public_tls), ("wallet", self.wallet_tls)):
            for setting, ends in tls.ends.items() if tls is not None else ():
                yield table, f"{TLS}{setting}", 1, ends
