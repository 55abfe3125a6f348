"""Who is at the other end of a connection, who may come to which provider, and how many connections one may have.

Only the address of the socket is a fact. Behind proxies that the settings declare, the client is the nearest address in
`X-Forwarded-For` that is none of them, read from the right: what stands further left anybody may have written. An entry
that is no address makes the client nobody, and nobody is on no list. A list is a second lock, never the only one.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from multidict import CIMultiDictProxy

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
#: Whose address cannot be told; as many as they are, they are counted as one.
NOBODY = ""
_REMEMBERED = 4096
#: As some proxies write it (Azure's application gateway): `203.0.113.5:443`, `[2001:db8::5]:443`.
_WITH_PORT = re.compile(r"([0-9.]+):[0-9]{1,5}|\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")
#: Seconds between two reports of strangers who knock at one provider's door.
_QUIET = 60.0


@dataclass(slots=True)
class Visit:
    """A request before it is read: *stranger*: not on the provider's list; *surplus*: one connection too many.

    *counted*: the client for whom it is counted until `Clients.left`; None where its connection is counted itself.
    """

    client: str
    stranger: bool = False
    surplus: bool = False
    counted: str | None = None


class Clients:
    """*proxies*: those whose word on a client is taken. *allowed*: by provider, who may come; who has no list is open
    to all. *most*: connections of one client, and requests at one time of a client behind a proxy.
    """

    def __init__(
        self, proxies: Sequence[Network] = (), allowed: Mapping[str, Sequence[Network]] | None = None,
        most: int | None = None,
    ) -> None:  # fmt: skip
        self._proxies, self._most = tuple(proxies), most
        self._held: Counter[str] = Counter()
        self._knocked: dict[str, float] = {}
        self._is_proxy = lru_cache(_REMEMBERED)(lambda peer: _within(peer, self._proxies))
        self._welcome = lru_cache(_REMEMBERED)(Visit)
        self._named = lru_cache(_REMEMBERED)(self._name)
        self.allow(allowed or {})

    def allow(self, allowed: Mapping[str, Sequence[Network]]) -> None:
        """Take these lists from now on."""
        self._allowed = {name: tuple(networks) for name, networks in allowed.items()}
        self._may = lru_cache(_REMEMBERED)(lambda client, name: _within(client, self._allowed[name]))

    def behind(self, peer: str) -> bool:
        """Whether *peer* is a declared proxy, so that its requests are counted and not its connections."""
        return bool(self._proxies) and self._is_proxy(peer)

    # -- connections

    def opened(self, peer: str) -> bool:
        """A connection of a *peer* that is no proxy. False: it is so far beyond the limit that it is not even read.

        What is only a little beyond it has its head read, and hears the dialect's word for that.
        """
        self._held[peer] += 1
        return self._most is None or self._held[peer] <= 2 * self._most

    def closed(self, peer: str) -> None:
        """That connection is no more."""
        self._give_back(peer)

    # -- requests

    def visit(self, peer: str, headers: "CIMultiDictProxy[str]", provider: str) -> Visit:
        """A request whose head has parsed below the mount of *provider*; `left` ends it."""
        proxied = self.behind(peer)
        client = self._named(peer, ",".join(headers.getall("X-Forwarded-For", ()))) if proxied else peer
        if provider in self._allowed and not self._may(client, provider):
            return Visit(client, stranger=True)
        if proxied:
            self._held[client] += 1
        surplus = self._most is not None and self._held[client] > self._most
        if not proxied and not surplus:
            return self._welcome(client)
        return Visit(client, surplus=surplus, counted=client if proxied else None)

    def knocks(self, provider: str, now: float) -> bool:
        """Whether the stranger of *now* is to be reported; of many, one a minute."""
        if now < self._knocked.get(provider, now):
            return False
        self._knocked[provider] = now + _QUIET
        return True

    def left(self, visit: Visit) -> None:
        """The request is answered."""
        if visit.counted is not None:
            self._give_back(visit.counted)

    def _give_back(self, client: str) -> None:
        self._held[client] -= 1
        if self._held[client] <= 0:
            del self._held[client]

    def _name(self, peer: str, forwarded: str) -> str:
        """The client of a request that came from a proxy."""
        client = peer
        hops = forwarded.split(",") if forwarded else []
        while hops and self._is_proxy(client):
            client = _address(hops.pop())
        return client


def plain(address: str) -> str:
    """A socket's address as it is compared: IPv4 inside IPv6 is IPv4."""
    return _address(address)


def _address(text: str) -> str:
    """An address in its one spelling, without its port; NOBODY for anything else, be it a name or nothing at all."""
    text = text.strip(" \t")
    if (beside := _WITH_PORT.fullmatch(text)) is not None:
        text = beside[1] or beside[2]
    try:
        found = ip_address(text)
    except ValueError:
        return NOBODY
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)


def _within(client: str, networks: Sequence[Network]) -> bool:
    if client == NOBODY:
        return False
    address = ip_address(client)
    return any(address in network for network in networks)
