"""`gateway healthcheck`: an exit code for whoever has no shell."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Gateway
from tests.cli.house import Deployed


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """The shipped settings; none of their secrets is in the environment."""
    made = Deployed(tmp_path)
    monkeypatch.setenv("GATEWAY_ADMIN__LISTEN", made.admin)
    return made


@pytest.fixture
def draining(deployed: Deployed) -> Iterator[None]:
    """An admin listener that lives and wants no callbacks."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"ok\n" if self.path == "/healthz" else b'{"ready":false,"reasons":["draining"]}'
            self.send_response(200 if self.path == "/healthz" else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    host, _, port = deployed.admin.rpartition(":")
    with http.server.HTTPServer((host, int(port)), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


def test_it_lives_and_is_not_ready(gateway: Gateway, deployed: Deployed, draining: None) -> None:
    """Liveness is the default: who drains is not to be killed."""
    ended = gateway("healthcheck", "--config", str(deployed.config))
    assert (ended.code, ended.out, ended.err) == (0, "ok\n", "")
    ended = gateway("healthcheck", "--config", str(deployed.config), "--ready")
    assert ended.code == 1
    assert 'says 503: {"ready":false,"reasons":["draining"]}' in ended.err


def test_nobody_is_there(gateway: Gateway, deployed: Deployed) -> None:
    """One sentence, exit code 1."""
    ended = gateway("healthcheck", "--config", str(deployed.config), "--url", f"http://{deployed.admin}/")
    assert ended.code == 1
    assert ended.err == f"gateway: nobody answers at http://{deployed.admin}/healthz: Connection refused\n"


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e300"])
def test_a_time_that_is_none(gateway: Gateway, deployed: Deployed, seconds: str) -> None:
    """One sentence, exit code 2, and nobody is asked."""
    ended = gateway("healthcheck", "--config", str(deployed.config), "--timeout", seconds)
    assert (ended.code, ended.err) == (2, "gateway: --timeout: a number of seconds above 0, at most 3600\n")
