"""Whose request it is: addresses read from the right, lists, and how many connections one client has."""

from ipaddress import ip_address, ip_network
from random import Random

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.edge.clients import NOBODY, Clients
from gateway.edge.surface import networks

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("192.0.2.9")]
OFFICE = {"acme": [ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")]}


def headers(*forwarded: str) -> "CIMultiDictProxy[str]":
    """Each of them a line of its own."""
    return CIMultiDictProxy(CIMultiDict([("X-Forwarded-For", one) for one in forwarded]))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.5"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.5"], "203.0.113.5"),
        ("10.0.0.1", ["203.0.113.5, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.5, 198.51.100.7, 10.1.2.3"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.5", "198.51.100.7,10.1.2.3"], "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7", "203.0.113.5"], "203.0.113.5"),
        ("192.0.2.9", ["\t203.0.113.5 "], "203.0.113.5"),
        ("10.0.0.1", ["10.9.9.9"], "10.9.9.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["::ffff:203.0.113.5"], "203.0.113.5"),
        ("fd00::1", ["2001:DB8:0::5"], "2001:db8::5"),
        ("10.0.0.1", ["203.0.113.5,"], NOBODY),
        ("10.0.0.1", ["203.0.113.5, unknown"], NOBODY),
        ("10.0.0.1", ["198.51.100.7, 203.0.113.5:443"], "203.0.113.5"),
        ("10.0.0.1", ["203.0.113.5:443, 10.1.2.3:65535"], "203.0.113.5"),
        ("10.0.0.1", ["[2001:DB8::5]:443"], "2001:db8::5"),
        ("10.0.0.1", ["[2001:db8::5]"], "2001:db8::5"),
        ("10.0.0.1", ["203.0.113.5:"], NOBODY),
        ("10.0.0.1", ["203.0.113.5:443:443"], NOBODY),
        ("10.0.0.1", ["203.0.113.5:\u0661"], NOBODY),
        ("10.0.0.1", ["[203.0.113.5]x"], NOBODY),
        ("10.0.0.1", [":443"], NOBODY),
        ("10.0.0.1", ["203.0.113.5, 0xcb007105"], NOBODY),
        ("10.0.0.1", ["203.0.113.05"], NOBODY),
        ("10.0.0.1", ["203.0.113.5, \uff11.2.3.4"], NOBODY),
        ("10.0.0.1", ["203.0.113.5, \udcff"], NOBODY),
    ],
)
def test_the_client_is_the_nearest_address_that_is_no_proxy(peer: str, forwarded: list[str], client: str) -> None:
    """What stands further left, anybody may have written."""
    assert Clients(PROXIES).visit(peer, headers(*forwarded), "acme").client == client


def test_networks_of_ipv4_inside_ipv6_are_those_of_ipv4() -> None:
    """As addresses are compared; any other one stays as it is."""
    listed = ["::ffff:203.0.113.0/120", "::ffff:203.0.113.7", "203.0.113.0/24", "::/0", "2001:db8::/32"]
    meant = ["203.0.113.0/24", "203.0.113.7/32", "203.0.113.0/24", "::/0", "2001:db8::/32"]
    assert list(networks(listed)) == [ip_network(each) for each in meant]


@pytest.mark.parametrize(
    ("peer", "forwarded", "stranger"),
    [
        ("203.0.113.7", [], False),
        ("::ffff:203.0.113.7", [], False),
        ("198.51.100.7", [], True),
        ("198.51.100.7", ["203.0.113.7"], True),
        ("10.0.0.1", ["203.0.113.7"], False),
        ("10.0.0.1", ["203.0.113.7, 198.51.100.7"], True),
        ("10.0.0.1", ["203.0.113.7, ?"], True),
        ("10.0.0.1", [], True),
        ("10.0.0.1", ["2001:db8::1"], False),
        (NOBODY, [], True),
    ],
)
def test_who_is_on_the_list(peer: str, forwarded: list[str], stranger: bool) -> None:
    """A provider without a list is open to all; nobody is on none."""
    from gateway.edge.clients import plain

    clients = Clients(PROXIES, OFFICE)
    assert clients.visit(plain(peer), headers(*forwarded), "acme").stranger is stranger
    assert not clients.visit(plain(peer), headers(*forwarded), "other").stranger


def test_a_hundred_thousand_chains_bring_no_stranger_in() -> None:
    """Whatever a stranger writes to the left of what the proxies add, he stays one; and a friend stays a friend."""
    seed = Random().randrange(2**32)
    print(f"seed {seed}")
    rng = Random(seed)
    clients = Clients(PROXIES, OFFICE)
    written = ["203.0.113.5", "10.0.0.1", "unknown", "", " ", "2001:db8::1", "::1", "127.0.0.1", "[::1]:80", "\udcff"]
    for _ in range(100_000):
        address = str(ip_address(rng.getrandbits(32)))
        friend = ip_address(address) in OFFICE["acme"][0]
        if any(ip_address(address) in network for network in PROXIES):
            continue
        claims = [rng.choice(written) for _ in range(rng.randrange(4))]
        added = [f"10.{rng.randrange(256)}.0.{rng.randrange(256)}" for _ in range(rng.randrange(3))]
        chain = [*claims, address, *added]
        cut = rng.randrange(len(chain) + 1)
        lines = [",".join(part) for part in (chain[:cut], chain[cut:]) if part]
        visit = clients.visit("10.0.0.1", headers(*lines), "acme")
        assert (visit.client, visit.stranger) == (address, not friend), (seed, lines)


def test_connections_are_counted_and_requests_behind_a_proxy() -> None:
    """One too many is a surplus; twice as many are not even read; who leaves makes room."""
    clients = Clients(PROXIES, most=2)
    assert [clients.opened("198.51.100.7") for _ in range(5)] == [True] * 4 + [False]
    assert clients.visit("198.51.100.7", headers(), "acme").surplus
    assert not clients.visit("198.51.100.8", headers(), "acme").surplus
    for _ in range(3):
        clients.closed("198.51.100.7")
    assert not clients.visit("198.51.100.7", headers(), "acme").surplus
    assert clients.behind("10.0.0.1")
    visits = [clients.visit("10.0.0.1", headers("203.0.113.5"), "acme") for _ in range(3)]
    assert [visit.surplus for visit in visits] == [False, False, True]
    assert not clients.visit("10.0.0.1", headers("203.0.113.6"), "acme").surplus
    for visit in visits:
        clients.left(visit)
    assert not clients.visit("10.0.0.1", headers("203.0.113.5"), "acme").surplus


def test_nothing_is_kept_of_who_has_gone() -> None:
    """A flood of addresses leaves no memory of itself."""
    clients = Clients(PROXIES, most=2)
    for number in range(1000):
        peer = str(ip_address(number + 2**24))
        clients.opened(peer)
        clients.left(clients.visit("10.0.0.1", headers(peer), "acme"))
        clients.closed(peer)
    assert not clients._held
