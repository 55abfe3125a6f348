"""deploy/README.md from nothing to rolled back: no command stands in it that is neither run nor said to be not run."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.process import SECONDS, gateway
from tests.cli.served import Served
from tests.deploy.dockerfile import read

#: Sections whose commands other tests run, in their order.
ELSEWHERE = {
    "From nothing to scraped and alerting": "tests/deploy/test_prometheus.py",
    "Changing a running gateway": "tests/deploy/test_changing.py",
}
#: What no test can run here; the section's last words name each of them as not run.
NOT_RUN = ("cp ", "install ", "systemctl ", "docker ", "kubectl ")


@pytest.fixture(scope="module")
def sections(root: Path) -> dict[str, str]:
    """By their titles."""
    _, *parts = re.split(r"(?m)^## (.*)\n", (root / "deploy" / "README.md").read_text("utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def commands(section: str) -> list[str]:
    """What is indented; what stands between fences, tests/test_runbook.py runs."""
    lines = re.sub(r"(?ms)^```.*?^```", "", section).splitlines()
    return [line.strip().partition("  #")[0].strip() for line in lines if line.startswith("    ")]


def test_the_order_names_sections(sections: dict[str, str]) -> None:
    """Every link of the first section leads to one; it goes from installing to being woken."""
    slugs = {title.lower().replace(" ", "-"): title for title in sections}
    named = re.findall(r"\[([^\]]+)\]\(#([^)]+)\)", sections["In order"])
    assert [title for title, slug in named if slugs.get(slug) != title] == []
    assert [title for title, _ in named][:2] == ["From nothing to serving", "From nothing to scraped and alerting"]
    assert {"In Kubernetes", "More than one process", "Changing a running gateway"} <= {title for title, _ in named}


def test_every_command_is_run_or_said_not_to_be(sections: dict[str, str], root: Path) -> None:
    """Here, by the test that is named, or by nobody, and then the section says so."""
    strange = []
    for title, section in sections.items():
        found = commands(section)
        if not found:
            continue
        if title in ELSEWHERE:
            text = (root / ELSEWHERE[title]).read_text("utf-8")
            assert title in text, "the test reads another section"
            continue
        _, _, told = section.partition("**What of this was run**")
        for line in found:
            if line.startswith(NOT_RUN) and not line.startswith("kubectl kustomize "):
                word = line.split()[0]
                assert re.search(rf"`{word}`[^.]*(?:\.yaml`[^.]*)*\bnot run", told), f"{title}: {line}"
            elif line not in RUN:
                strange.append(f"{title}: {line}")
    assert strange == []


#: What the tests below run.
RUN = {
    "python3 -m venv /opt/gateway",
    "/opt/gateway/bin/pip download --quiet --no-deps --require-hashes --only-binary=:all: -r deploy/constraints.txt"
    " --dest build/wheels",
    "/opt/gateway/bin/pip wheel --quiet --no-deps --no-index --find-links build/wheels --wheel-dir build/dist .",
    '/opt/gateway/bin/pip install --quiet --no-index --find-links build/wheels "$(ls build/dist/*.whl)[postgres]"',
    "/opt/gateway/bin/gateway version",
    "gateway config show --config gateway.toml",
    "gateway config check --config gateway.toml",
    "gateway serve --config gateway.toml",
    "gateway send acme bet --amount 1.50 --config gateway.toml",
    "gateway healthcheck --ready --config gateway.toml",
    "mkdir -m 711 -p deploy/compose/secrets",
    'printf whsec_%s "$(openssl rand -base64 32)" > deploy/compose/secrets/wallet_signing',
    "openssl rand -hex 24 | tr -d '\\n' > deploy/compose/secrets/slots_api_token",
    "openssl rand -hex 24 | tr -d '\\n' > deploy/compose/secrets/postgres_password",
    "chmod 644 deploy/compose/secrets/*",
    "kubectl kustomize deploy/kubernetes/overlays/prod",
}


def test_every_command_that_is_run_is_on_the_page(sections: dict[str, str]) -> None:
    """No test runs what nobody is told."""
    assert {line for section in sections.values() for line in commands(section)} >= RUN


def test_the_pip_lines_are_those_of_the_image(sections: dict[str, str], root: Path) -> None:
    """Word for word but for the folders; tests/torture/test_image.py runs those."""
    ours = [line for line in commands(sections["From nothing to serving"]) if "/pip " in line]
    theirs = [line for line in read(root)[1].all("RUN") if "pip " in line and " venv " not in line]

    def plain(lines: list[str]) -> Iterator[list[str]]:
        for line in lines:
            told = re.sub(r'GATEWAY_COMMIT="\$COMMIT" |--python \S+ |/opt/gateway/bin/', "", line)
            yield re.sub(r"(?:build)?/(wheels|dist)\b", r"\1", told).split()

    assert list(plain(ours)) == list(plain(theirs))


def test_from_nothing_to_serving(sections: dict[str, str], tmp_path: Path) -> None:
    """The gateway's own commands, in their order, with the shipped settings."""
    lines = [
        line for line in commands(sections["From nothing to serving"]) if re.match(r"(?:/opt/\S+/)?gateway ", line)
    ]
    with Served(tmp_path) as served:
        for line in lines:
            words = shlex.split(line)[1:]
            if words[0] == "serve":
                continue  # it does
            if words[-2:] == ["--config", "gateway.toml"]:
                code, out, err = gateway(*words, cwd=tmp_path, env=served.house.env)
            else:
                code, out, err = gateway(*words, cwd=tmp_path)
            assert code == 0, f"{line}\n{out}{err}"


def test_the_secrets_of_compose_are_made(sections: dict[str, str], tmp_path: Path) -> None:
    """As a shell does it; the folder lets others through, and tells them nothing."""
    lines = [line for line in commands(sections["More than one process"]) if "compose/secrets" in line]
    done = subprocess.run(
        ["sh", "-ec", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "deploy" / "compose" / "secrets"
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(made) == {"wallet_signing", "slots_api_token", "postgres_password"}
    assert made["wallet_signing"].startswith(b"whsec_")
    assert all(len(value) >= 40 and b"\n" not in value.rstrip(b"\n") for value in made.values())
    assert folder.stat().st_mode & 0o777 == 0o711
