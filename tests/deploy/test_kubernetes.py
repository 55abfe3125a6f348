"""deploy/kubernetes as `kubectl kustomize` builds it: every overlay, held against the gateway's own settings.

No cluster was there to apply it to. kubectl is no package of Debian's in a version that builds this, so `.ci/run` does
not install it: without one these tests are skipped aloud there, too.
"""

import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.madeup import made_up
from gateway.dialect.shelf import Shelf
from gateway.edge.addresses import parse_listen
from gateway.edge.preparing import prepare
from gateway.edge.settings import Settings, load

yaml = pytest.importorskip("yaml", reason="needs PyYAML, which the lock has for other Pythons only")

OVERLAYS = ("dev", "prod", "monitoring")
PRIVATE = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"}


class Built:
    """What an overlay comes to: objects by their kind and name; a generated name without its hash."""

    def __init__(self, text: str) -> None:
        self.objects = [each for each in yaml.safe_load_all(text) if each is not None]

    def all(self, kind: str) -> dict[str, Any]:
        """Those of a kind."""
        return {self.plain(each["metadata"]["name"]): each for each in self.objects if each["kind"] == kind}

    def one(self, kind: str, name: str = "gateway") -> Any:
        """The one of that name."""
        return self.all(kind)[name]

    @staticmethod
    def plain(name: str) -> str:
        """Without the hash of what was generated."""
        return re.sub(r"-[a-z0-9]{10}$", "", name)

    @property
    def pod(self) -> Any:
        """What a gateway's pod is to be."""
        return self.one("Deployment")["spec"]["template"]["spec"]

    @property
    def container(self) -> Any:
        """The gateway in it."""
        (found,) = self.pod["containers"]
        return found


@pytest.fixture(scope="module")
def overlays(root: Path) -> dict[str, Built]:
    """All of them."""
    if shutil.which("kubectl") is None:
        pytest.skip("needs kubectl (1.27 or later), which is no package of Debian's; the overlays were not built")
    found = {}
    for name in OVERLAYS:
        command = ["kubectl", "kustomize", str(root / "deploy" / "kubernetes" / "overlays" / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        found[name] = Built(done.stdout)
    return found


@pytest.fixture(params=OVERLAYS)
def built(request: pytest.FixtureRequest, overlays: dict[str, Built]) -> Built:
    """One after the other."""
    return overlays[request.param]


@pytest.fixture
def settings(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, Path]:
    """The settings as a pod of that overlay reads them, with made-up secrets."""
    for each in built.container.get("env", ()):
        monkeypatch.setenv(each["name"], each["value"])
    secrets = {
        "wallet_signing": made_up(Shelf().dialect("canonical"))["signing"],
        "slots_api_token": made_up(Shelf().dialect("scorpio"))["api_token"],
        "acme_api_token": made_up(Shelf().dialect("scorpio"))["api_token"],
        "postgres_password": b"not a real one",
    }
    for name, value in secrets.items():
        (tmp_path / name).write_bytes(value)
    for name, text in built.one("ConfigMap", "gateway-tables")["data"].items():
        (tmp_path / name).write_text(text, "utf-8")
    text = built.one("ConfigMap", "gateway-settings")["data"]["gateway.toml"]
    assert set(re.findall(r"/run/secrets/gateway/(\w+)", text)) == set(secrets)
    for mount in built.container["volumeMounts"]:
        if mount["name"] in ("secrets", "tables"):
            text = text.replace(mount["mountPath"], str(tmp_path))
    config = tmp_path / "gateway.toml"
    config.write_text(text, "utf-8")
    return load(config), config


def test_its_settings_are_sound(settings: tuple[Settings, Path]) -> None:
    """All that is proved before a port opens, tables included; nothing but names is missing."""
    parties = prepare(*settings)
    assert {provider.name for provider in parties.providers} == {"slots", "acme"}


def test_more_than_one_pod_has_one_journal(built: Built, settings: tuple[Settings, Path]) -> None:
    """PostgreSQL; only the one pod of dev keeps SQLite, and never beside another one."""
    spec = built.one("Deployment")["spec"]
    alone = not built.all("HorizontalPodAutoscaler") and spec["replicas"] == 1
    url = settings[0].journal.url or ""
    assert url.startswith("postgresql://") is not alone
    assert spec["strategy"]["type"] == ("Recreate" if alone else "RollingUpdate")
    if alone:
        folder = next(one["mountPath"] for one in built.container["volumeMounts"] if one["name"] == "journal")
        assert url.startswith(f"sqlite://{folder}/")
    else:
        assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_nobody_is_root_and_nothing_is_written(built: Built) -> None:
    """Every pod keeps the restricted standard, which the namespace demands."""
    demanded = built.one("Namespace")["metadata"]["labels"]
    assert demanded["pod-security.kubernetes.io/enforce"] == "restricted"
    for deployment in built.all("Deployment").values():
        pod = deployment["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not pod["automountServiceAccountToken"]
        assert not pod["enableServiceLinks"], "GATEWAY_PORT and the like would come into the settings"
        for container in pod["containers"]:
            assert container["image"].startswith("registry.example/wallet-gateway:")
            held = container["securityContext"]
            assert held["readOnlyRootFilesystem"]
            assert not held["allowPrivilegeEscalation"]
            assert held["capabilities"] == {"drop": ["ALL"]}
    mounted = {one["name"]: one.get("readOnly", False) for one in built.container["volumeMounts"]}
    assert {name for name, only_read in mounted.items() if not only_read} <= {"journal"}


def test_a_kubelet_can_ask(built: Built, settings: tuple[Settings, Path]) -> None:
    """At a listener beyond loopback, which has no more than the probes; a pod that drains is not killed for it."""
    container, probes = built.container, settings[0].probes
    assert probes is not None
    host, port = parse_listen(probes.listen)
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert host == "0.0.0.0"
    assert ports == {"callbacks": parse_listen(settings[0].public.listen)[1], "probes": port}
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {one["port"] for one in asked.values()} == {"probes"}
    assert [asked[kind]["path"] for kind in asked] == ["/healthz", "/healthz", "/readyz"]


def test_a_drain_has_its_time(built: Built, settings: tuple[Settings, Path]) -> None:
    """The sleep before the signal, the grace, the calls at work, and some seconds for the journal."""
    pause = built.container["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = settings[0].drain
    assert pause > 0
    assert built.pod["terminationGracePeriodSeconds"] >= pause + drain.accept_grace + drain.timeout + 10


def test_gateways_are_spread_and_leave_one_by_one(built: Built) -> None:
    """Over nodes by force, over zones where there are some; a node that is emptied takes one at a time."""
    spread = {one["topologyKey"]: one["whenUnsatisfiable"] for one in built.pod["topologySpreadConstraints"]}
    assert spread["kubernetes.io/hostname"] == "DoNotSchedule"
    budget = built.one("PodDisruptionBudget")["spec"]
    assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_selectors_select(built: Built) -> None:
    """Whatever is selected by labels is a pod that is there; every generated name is the one that is mounted."""
    labels = {name: each["spec"]["template"]["metadata"]["labels"] for name, each in built.all("Deployment").items()}
    for name, service in built.all("Service").items():
        which = "wallet" if name == "wallet" else "gateway"
        assert service["spec"]["selector"].items() <= labels[which].items()
    for kind, key in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        for each in built.all(kind).values():
            assert each["spec"][key]["matchLabels"].items() <= labels["gateway"].items()
    maps = {one["metadata"]["name"] for one in built.objects if one["kind"] == "ConfigMap"}
    mounted = [volume["configMap"]["name"] for volume in built.pod["volumes"] if "configMap" in volume]
    assert len(mounted) == 2
    assert set(mounted) <= maps
    assert all(Built.plain(name) != name for name in mounted), "a change of either must roll the pods"
    assert not built.all("Secret"), "no secret is written down"


def test_traffic_goes_where_it_must_and_nowhere_else(built: Built, settings: tuple[Settings, Path]) -> None:
    """Out: names, wallet, PostgreSQL, and over HTTPS who is asked, but no network of our own."""
    policy = built.one("NetworkPolicy")["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    out = [(rule["to"][0], [one["port"] for one in rule["ports"]]) for rule in policy["egress"]]
    assert all("to" in rule and rule["ports"] for rule in policy["egress"])
    named = {to["podSelector"]["matchLabels"].get("app.kubernetes.io/name", "dns"): ports for to, ports in out}
    assert named == {"dns": [53, 53], "wallet": [9000], "postgresql": [5432]}
    assert re.search(r"//wallet[.:].*9000$", settings[0].wallet.url)
    ins = [one["port"] for rule in policy["ingress"] for one in rule["ports"]]
    assert ins == [8080, 8083]
    assert all(rule["from"] for rule in policy["ingress"])
    others = [each for name, each in built.all("NetworkPolicy").items() if name != "gateway"]
    for (rule,) in (each["spec"]["egress"] for each in others):
        assert rule["ports"] == [{"protocol": "TCP", "port": 443}]
        assert set(rule["to"][0]["ipBlock"]["except"]) >= PRIVATE


def test_processor_time_decides_how_many(overlays: dict[str, Built]) -> None:
    """Where it does, nobody else says a number; of a core that is asked for, as one process uses one."""
    for name in ("prod", "monitoring"):
        deployment, scaler = overlays[name].one("Deployment"), overlays[name].one("HorizontalPodAutoscaler")["spec"]
        assert "replicas" not in deployment["spec"]
        assert scaler["scaleTargetRef"]["name"] == "gateway"
        assert scaler["minReplicas"] >= 2
        assert [one["resource"]["name"] for one in scaler["metrics"]] == ["cpu"]
        resources = overlays[name].container["resources"]
        assert resources["requests"]["cpu"] == "1"
        assert "cpu" not in resources["limits"]


def test_prometheus_scrapes_every_pod(overlays: dict[str, Built]) -> None:
    """By a service that names a pod which is not ready, too; the job has the name that the rules know."""
    watched = overlays["monitoring"]
    monitor = watched.one("ServiceMonitor")["spec"]
    (endpoint,) = monitor["endpoints"]
    chosen = [
        each for each in watched.all("Service").values()
        if monitor["selector"]["matchLabels"].items() <= each["metadata"]["labels"].items()
    ]  # fmt: skip
    assert [each["metadata"]["name"] for each in chosen] == ["gateway-probes"]
    assert chosen[0]["metadata"]["labels"][monitor["jobLabel"]] == "gateway"
    assert chosen[0]["spec"]["publishNotReadyAddresses"]
    assert endpoint["port"] in {one["name"] for one in chosen[0]["spec"]["ports"]}
    assert endpoint["path"] == "/metrics"


def test_the_rules_and_the_dashboard_are_the_same(overlays: dict[str, Built], root: Path) -> None:
    """As deploy/prometheus and deploy/grafana have them; `python deploy/kubernetes/rules.py` writes them anew."""
    made = runpy.run_path(str(root / "deploy" / "kubernetes" / "rules.py"))
    assert made["made"]() == made["WRITTEN"].read_text("utf-8")
    files = sorted((root / "deploy" / "prometheus" / "rules").glob("*.yml"))
    groups = [group for path in files for group in yaml.safe_load(path.read_text("utf-8"))["groups"]]
    assert groups
    watched = overlays["monitoring"]
    assert watched.one("PrometheusRule")["spec"]["groups"] == groups
    board = watched.one("ConfigMap", "gateway-dashboard")
    assert board["data"]["gateway.json"] == (root / "deploy" / "grafana" / "gateway.json").read_text("utf-8")
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
