"""Settings of what can be reached from outside: declared proxies, lists of addresses, TLS, names of the admin."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gateway.edge.clients import Network
from gateway.edge.secrets import Reference

#: Connections of one client, unless the settings say otherwise: a provider's whole fleet may come from one address.
MOST_CONNECTIONS = 1000
#: Where IPv6 keeps IPv4's addresses.
_MAPPED = IPv6Network("::ffff:0:0/96")


class Part(BaseModel):
    """A table of the settings: nothing unknown in it, no value of it in a complaint."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(
            'an address or a network, such as "203.0.113.7" or "203.0.113.0/24" with no host bits'
        ) from None
    return text


def _not_everybody(text: str) -> str:
    if _plain(ip_network(text)).prefixlen == 0:
        raise ValueError("not everybody: who is no proxy could then write whose address he likes")
    return text


def _host(text: str) -> str:
    if not text or set(text) & set(":/ \t,"):
        raise ValueError('a host\'s name as it stands in a URL, without a port, such as "gateway-admin"')
    return text.lower()


def _one_reference(given: Any) -> Any:
    return given[0] if isinstance(given, list) and len(given) == 1 else given


def _without_end(reference: Reference) -> Reference:
    if reference.not_after is not None:
        raise ValueError("no not_after here: the certificate itself says when it ends")
    return reference


Networks = list[Annotated[str, AfterValidator(_network)]]
Proxies = list[Annotated[str, AfterValidator(_network), AfterValidator(_not_everybody)]]
Connections = Annotated[int, Field(ge=1, le=1_000_000)]
Hosts = list[Annotated[str, AfterValidator(_host)]]
OneReference = Annotated[Reference, BeforeValidator(_one_reference), AfterValidator(_without_end)]


def networks(listed: Networks) -> tuple[Network, ...]:
    """What was written, as it is compared: IPv4 inside IPv6 is IPv4, as with addresses."""
    return tuple(map(_plain, map(ip_network, listed)))


def _plain(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - _MAPPED.prefixlen))
    return network


class ServerTls(Part):
    """TLS on a listener: *certificate* is a PEM file with its chain, *key* refers to its private key.

    Relative files begin at the settings file's folder.
    """

    certificate: Path
    key: OneReference


class ClientTls(Part):
    """How we prove ourselves where we ask, and whom we believe: *authorities* is a PEM file instead of the system's.

    *certificate* with its chain, and *key*, go together (mutual TLS).
    """

    authorities: Path | None = None
    certificate: Path | None = None
    key: OneReference | None = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        if self.authorities is None and self.certificate is None:
            raise ValueError("nothing is said: authorities, or certificate and key")
        return self
