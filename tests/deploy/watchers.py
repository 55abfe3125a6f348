"""A real Prometheus, a real Alertmanager and a pager of our own on loopback, for a gateway that serves."""

import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

from tests.cli.process import free_port

SECONDS = 60


class Pager:
    """Takes what Alertmanager sends: *rung* holds where, and which alerts."""

    def __init__(self) -> None:
        self.rung: set[tuple[str, str, str]] = set()
        rung = self.rung

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                rung.update(
                    (self.path, each["labels"]["alertname"], each["labels"].get("job", "")) for each in told["alerts"]
                )
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        """No more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Watchers:
    """Both, with the configuration that stands in *etc*, but for addresses and haste; *admin*: of the gateway."""

    def __init__(self, etc: Path, admin: str) -> None:
        self._etc, self._admin = etc, admin
        self.pager = Pager()
        self.prometheus, self.alertmanager = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self._processes: list[Popen[bytes]] = []

    def start(self) -> None:
        """What a service manager does."""
        etc, hasty = self._etc, "500ms"
        _change(etc / "prometheus.yml", {
            "127.0.0.1:8081": self._admin, "127.0.0.1:9093": self.alertmanager,
            "_interval: 15s": f"_interval: {hasty}", "_interval: 30s": f"_interval: {hasty}",
        })  # fmt: skip
        _change(etc / "rules" / "slo.yml", {"interval: 5m": f"interval: {hasty}"})
        _change(etc / "alertmanager.yml", {
            "127.0.0.1:9095": f"127.0.0.1:{self.pager.port}", "group_wait: 10s": "group_wait: 0s",
            "group_wait: 5m": "group_wait: 0s",
        })  # fmt: skip
        for words in (
            ["prometheus", f"--config.file={etc / 'prometheus.yml'}", f"--storage.tsdb.path={etc / 'metrics'}",
             f"--web.listen-address={self.prometheus}"],
            ["prometheus-alertmanager", f"--config.file={etc / 'alertmanager.yml'}", f"--storage.path={etc / 'alerts'}",
             f"--web.listen-address={self.alertmanager}", "--cluster.listen-address="],
        ):  # fmt: skip
            self._processes.append(Popen(words, stdout=DEVNULL, stderr=DEVNULL))

    def stop(self) -> None:
        """End them."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(20)
        self.pager.stop()

    def ask(self, path: str, **query: str) -> Any:
        """What Prometheus' API says; None while it does not answer, or refuses."""
        url = f"http://{self.prometheus}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def rules(self) -> list[dict[str, Any]]:
        """All rules, once each has been evaluated."""
        groups = (self.ask("rules") or {"groups": []})["groups"]
        found = [rule for group in groups for rule in group["rules"]]
        return found if all(rule["health"] != "unknown" for rule in found) else []

    def firing(self) -> set[str]:
        """The alerts that fire."""
        told = self.ask("alerts") or {"alerts": []}
        return {each["labels"]["alertname"] for each in told["alerts"] if each["state"] == "firing"}

    def until(self, says: Callable[[], Any]) -> Any:
        """What *says* gives, once it gives something."""
        give_up = time.monotonic() + SECONDS
        while not (said := says()):
            assert time.monotonic() < give_up, "it did not come to that"
            assert all(process.poll() is None for process in self._processes), "one of them has ended"
            time.sleep(0.1)
        return said


def _change(path: Path, texts: dict[str, str]) -> None:
    text = path.read_text("utf-8")
    for old, new in texts.items():
        assert old in text, (path.name, old)
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
