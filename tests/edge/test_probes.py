"""The listener for probes and scrapes: three paths and nothing that changes or tells more."""

import json
import signal
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from gateway.edge.admin import Admin, Readiness
from gateway.edge.probes import Probes
from gateway.edge.settings import load
from tests.cli.house import Deployed
from tests.cli.process import Running, free_port


@pytest.fixture
async def listening() -> AsyncIterator[tuple[str, Readiness, CollectorRegistry]]:
    """A listener beside an admin listener that does not run."""
    readiness, registry = Readiness(), CollectorRegistry()
    probes = Probes("127.0.0.1", 0, Admin("127.0.0.1", 0, registry, readiness))
    host, port = await probes.start()
    yield f"http://{host}:{port}", readiness, registry
    await probes.stop()


async def ask(method: str, url: str) -> tuple[int, str]:
    """Status and text."""
    async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
        return answer.status, await answer.text()


async def test_it_says_what_the_admin_listener_says(listening: Any) -> None:
    """Alive while it drains, ready only when it wants callbacks, and the same registry."""
    url, readiness, registry = listening
    Counter("gateway_things", "Things.", registry=registry).inc()
    assert await ask("GET", f"{url}/healthz") == (200, "ok\n")
    assert (await ask("GET", f"{url}/readyz"))[0] == 503
    readiness.loaded = True
    assert (await ask("GET", f"{url}/readyz"))[0] == 200
    readiness.draining = True
    assert await ask("GET", f"{url}/readyz") == (503, '{"ready":false,"reasons":["draining"]}')
    assert (await ask("GET", f"{url}/healthz"))[0] == 200
    assert "gateway_things_total 1.0" in (await ask("GET", f"{url}/metrics"))[1]


@pytest.mark.parametrize("path", ["/", "/drift", "/-/reload", "/-/log-level", "/requests", "/metrics/"])
async def test_it_has_nothing_else(path: str, listening: Any) -> None:
    """404 for what only the admin or the internal listener has."""
    assert (await ask("GET", listening[0] + path))[0] == 404
    assert (await ask("POST", listening[0] + path))[0] == 404


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_nothing_can_be_changed(path: str, listening: Any) -> None:
    """It is only read."""
    assert (await ask("POST", listening[0] + path))[0] == 405


def test_it_is_there_only_where_the_settings_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No port is opened that nobody asked for; a variable is enough to ask."""
    deployed = Deployed(tmp_path)
    assert load(deployed.config).probes is None
    monkeypatch.setenv("GATEWAY_PROBES__LISTEN", "0.0.0.0:8083")
    probes = load(deployed.config).probes
    assert probes is not None
    assert probes.listen == "0.0.0.0:8083"


def test_it_answers_until_the_end_of_a_drain(tmp_path: Path) -> None:
    """A kubelet that probes a draining pod hears that it lives, and a balancer that it wants no more."""
    deployed, port = Deployed(tmp_path), free_port()
    env = deployed.env | {"GATEWAY_PROBES__LISTEN": f"127.0.0.1:{port}", "GATEWAY_DRAIN__ACCEPT_GRACE": "2"}
    words = ["serve", "--config", "gateway.toml", "--log-format", "json"]
    with Running(*words, cwd=tmp_path, env=env) as served:
        served.until(f"  probes       http://127.0.0.1:{port}")
        served.until('"started"')
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).status == 200
        served.process.send_signal(signal.SIGTERM)
        served.until('"draining"')
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).status == 200
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5)
        assert json.loads(refused.value.read())["reasons"] == ["draining"]
        served.until('"stopped"')
        assert served.process.wait(10) == 0
