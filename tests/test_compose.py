"""deploy/compose.yaml, as far as it can be judged without Docker: its parts fit one another and the gateway's settings.

It was held against the schema of the Compose specification by hand (check-jsonschema, vendor.compose-spec).
"""

import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.edge.addresses import parse_listen
from gateway.edge.journals import postgres_url
from gateway.edge.settings import load
from tests.cli.process import gateway

yaml = pytest.importorskip("yaml", reason="needs PyYAML, which the lock has for other Pythons only")

PARTS = {"services", "volumes", "secrets", "name", "x-gateway"}


@pytest.fixture
def deploy(root: Path) -> Path:
    """The folder."""
    return root / "deploy"


@pytest.fixture
def compose(deploy: Path) -> Any:
    """The file, read by the rules of YAML 1.1, with its anchors."""
    return yaml.safe_load((deploy / "compose.yaml").read_text("utf-8"))


def test_its_parts_fit_one_another(compose: Any, deploy: Path) -> None:
    """Whatever a service names is there: other services, secrets, volumes, files, ports that somebody listens on."""
    assert set(compose) == PARTS
    services = compose["services"]
    assert set(services) == {"balancer", "gateway", "wallet", "postgres", "prometheus", "grafana"}
    used: set[str] = set()
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, name
            assert how["condition"] != "service_healthy" or "healthcheck" in services[other]
        used |= set(service.get("secrets", ()))
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (deploy / source).exists() if source.startswith(".") else source in compose["volumes"], volume
    assert used == set(compose["secrets"])
    assert services["gateway"]["deploy"]["replicas"] > 1
    assert "ports" not in services["gateway"], "several cannot have one port of the host"
    assert (deploy.parent / services["gateway"]["build"]["dockerfile"]).is_file()


def test_its_variables_are_settings(
    compose: Any, deploy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings file with the variables over it is what the other services offer; no secret is missing."""
    services = compose["services"]
    gateways = services["gateway"]
    for name, value in gateways["environment"].items():
        assert isinstance(value, str)
        monkeypatch.setenv(name, value)
    text = (deploy / "compose" / "gateway.toml").read_text("utf-8")
    for name in re.findall(r"/run/secrets/(\w+)", text):
        assert name in gateways["secrets"]
        (tmp_path / name).write_text("a secret")
    (tmp_path / "gateway.toml").write_text(text.replace("/run/secrets", str(tmp_path)), "utf-8")
    settings = load(tmp_path / "gateway.toml")
    wallet = urlsplit(settings.wallet.url)
    listens = re.findall(r"--listen \S+:(\d+)", services["wallet"]["entrypoint"][2])
    assert (wallet.hostname, listens) == ("wallet", [str(wallet.port)])
    journal = urlsplit(postgres_url(settings))
    database = services["postgres"]["environment"]
    assert journal.hostname == "postgres"
    assert (journal.username, journal.path) == (database["POSTGRES_USER"], f"/{database['POSTGRES_DB']}")
    assert journal.password == "a%20secret"
    assert parse_listen(settings.public.listen) == ("0.0.0.0", 8080)
    assert not settings.public.reuse_port, "each has a network of its own"
    assert settings.probes is not None
    assert parse_listen(settings.probes.listen) == ("0.0.0.0", 8083)
    grace = int(gateways["stop_grace_period"].removesuffix("s"))
    assert settings.drain.accept_grace + settings.drain.timeout < grace


def test_its_commands_are_the_gateways(compose: Any, tmp_path: Path) -> None:
    """Every option that it gives is one that the command has."""
    services = compose["services"]
    health = services["gateway"]["healthcheck"]["test"]
    assert health[:2] == ["CMD", "gateway"]
    for command in (services["gateway"]["command"], services["wallet"]["entrypoint"][2].split()[2:], health[2:]):
        code, out, _ = gateway(command[0], "--help", cwd=tmp_path)
        assert code == 0
        for option in (word for word in command if word.startswith("--")):
            assert option in out


def test_prometheus_finds_the_gateways_and_its_rules(compose: Any, deploy: Path) -> None:
    """By the name of their service, at the listener that has no token; its job is the one that the rules know."""
    service = compose["services"]["prometheus"]
    told = yaml.safe_load((deploy / "compose" / "prometheus.yml").read_text("utf-8"))
    (job,) = told["scrape_configs"]
    (names,) = job["dns_sd_configs"]
    port = compose["services"]["gateway"]["environment"]["GATEWAY_PROBES__LISTEN"].rpartition(":")[2]
    assert (job["job_name"], names) == ("gateway", {"names": ["gateway"], "type": "A", "port": int(port)})
    mounted = dict(volume.split(":")[:2] for volume in service["volumes"])
    (rules,) = told["rule_files"]
    assert rules == f"{mounted['./prometheus/rules']}/*.yml"
    assert mounted["./compose/prometheus.yml"] == "/etc/prometheus/prometheus.yml"


def test_grafana_has_the_dashboard(compose: Any, deploy: Path) -> None:
    """It is provisioned from the folder where it is mounted, and asks the Prometheus beside it."""
    service = compose["services"]["grafana"]
    mounted = dict(volume.split(":")[:2] for volume in service["volumes"])
    (source,) = yaml.safe_load((deploy / "compose/grafana/datasources.yml").read_text("utf-8"))["datasources"]
    assert (source["type"], source["url"], source["isDefault"]) == ("prometheus", "http://prometheus:9090", True)
    (provider,) = yaml.safe_load((deploy / "compose/grafana/dashboards.yml").read_text("utf-8"))["providers"]
    board = mounted["./grafana/gateway.json"]
    assert provider["options"]["path"] == str(Path(board).parent)
    assert service["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == board
    for name in ("prometheus", "grafana"):
        assert all(port.startswith("127.0.0.1:") for port in compose["services"][name]["ports"])


@pytest.mark.needs("promtool")
def test_prometheus_takes_its_settings(deploy: Path, tmp_path: Path) -> None:
    """With the rules where the file looks for them."""
    text = (deploy / "compose" / "prometheus.yml").read_text("utf-8")
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus", str(deploy / "prometheus")), "utf-8")
    command = ["promtool", "check", "config", str(tmp_path / "prometheus.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rules found") == len([*deploy.glob("prometheus/rules/*.yml")])


def test_nobody_is_root_and_nothing_is_written(compose: Any, deploy: Path) -> None:
    """The image's user is a number that is not 0; its services run with less than it could do."""
    (user,) = re.findall(r"(?m)^USER (\d+):\d+$", (deploy / "Dockerfile").read_text("utf-8"))
    assert int(user) > 0
    for name in ("balancer", "gateway", "wallet", "prometheus"):
        service = compose["services"][name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_balancer_repeats_nothing_that_was_seen(deploy: Path) -> None:
    """Only a connection that could not be made is tried again; a pool lets go before a gateway does (75 s)."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (deploy / "haproxy.cfg").read_text("utf-8"))
    assert re.findall(r"(?m)^\s*retry-on (.*)$", text) == ["conn-failure"]
    (purge,) = re.findall(r"pool-purge-delay (\d+)s", text)
    assert int(purge) < 75
    assert re.findall(r"server-template \S+ \S+ (\S+):(\d+)", text) == [("gateway", "8080")]
    assert re.findall(r"(?m)^\s*bind :(\d+)$", text) == ["8080"]


def test_the_balancer_sees_a_drain_in_time(compose: Any, deploy: Path) -> None:
    """It asks where the gateways have their probes, and has heard no often enough before they take no more."""
    text = (deploy / "haproxy.cfg").read_text("utf-8")
    variables = compose["services"]["gateway"]["environment"]
    ((port, every, falls),) = re.findall(r"default-server check port (\d+) inter (\d+)s fall (\d+)", text)
    assert port == variables["GATEWAY_PROBES__LISTEN"].rpartition(":")[2]
    assert int(every) * (int(falls) + 1) < float(variables["GATEWAY_DRAIN__ACCEPT_GRACE"])
    assert re.findall(r"(?m)^\s*http-check send meth GET uri (\S+)", text) == ["/readyz"]


@pytest.mark.needs("haproxy")
def test_haproxy_takes_its_settings(deploy: Path) -> None:
    """Without a warning."""
    done = subprocess.run(
        ["haproxy", "-c", "-f", str(deploy / "haproxy.cfg")], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr
