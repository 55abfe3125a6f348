"""The operator's listener: alive, ready, counted; never open to others."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from gateway.edge.admin import Admin, ListenRefused, Readiness


@pytest.fixture
async def listening() -> AsyncIterator[tuple[str, Readiness, CollectorRegistry]]:
    """A running admin listener."""
    readiness, registry = Readiness(), CollectorRegistry()
    admin = Admin("127.0.0.1", 0, registry, readiness)
    host, port = await admin.start()
    yield f"http://{host}:{port}", readiness, registry
    await admin.stop()


async def get(url: str) -> tuple[int, str]:
    """Status and text."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_health_holds_while_not_ready_and_while_draining(listening: Any) -> None:
    """A liveness probe must not kill a process that loads or drains."""
    url, readiness, _ = listening
    assert (await get(f"{url}/healthz"))[0] == 200
    readiness.loaded = readiness.draining = True
    assert (await get(f"{url}/healthz"))[0] == 200


async def test_ready_only_when_loaded_and_not_draining(listening: Any) -> None:
    """503 with the reasons in JSON, 200 without any."""
    url, readiness, _ = listening
    assert await get(f"{url}/readyz") == (503, '{"ready":false,"reasons":["not loaded"]}')
    readiness.loaded = True
    assert await get(f"{url}/readyz") == (200, '{"ready":true,"reasons":[]}')
    readiness.draining = True
    assert await get(f"{url}/readyz") == (503, '{"ready":false,"reasons":["draining"]}')


async def test_metrics_are_those_of_our_registry(listening: Any) -> None:
    """The registry given is the one shown, and no other."""
    url, _, registry = listening
    Counter("gateway_things", "Things.", registry=registry).inc()
    status, text = await get(f"{url}/metrics")
    assert status == 200
    assert "gateway_things_total 1.0" in text
    assert "python_info" not in text


async def test_the_index_lists_the_paths(listening: Any) -> None:
    """A person who opens the port finds the three paths."""
    status, text = await get(listening[0])
    assert status == 200
    assert all(path in text for path in ("/healthz", "/readyz", "/metrics"))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "gateway.example", ""])
def test_an_address_beyond_loopback_is_refused(host: str) -> None:
    """There is no token yet; the text names the setting and the remedy."""
    with pytest.raises(ListenRefused, match=r"admin\.listen: .*loopback"):
        Admin(host, 0, CollectorRegistry(), Readiness())


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_is_taken(host: str) -> None:
    """Every way to write loopback."""
    Admin(host, 0, CollectorRegistry(), Readiness())
