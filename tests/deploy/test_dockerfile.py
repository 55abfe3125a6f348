"""deploy/Dockerfile, as far as it can be judged without Docker; tests/torture/test_image.py runs its first stage."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.cli.process import gateway
from tests.deploy.dockerfile import Stage, read
from tests.test_packaging import BUILD

#: Nothing in an image is to be told by words such as these.
SECRET = re.compile(r"(?i)secret|token|passw|credential|\.pem|\.key\b|\.env\b|compose/secrets")


@pytest.fixture
def stages(root: Path) -> list[Stage]:
    """Before all, what builds, what runs."""
    return read(root)


def test_what_builds_stays_behind(stages: list[Stage]) -> None:
    """Two stages of one image; the second one only takes the finished environment, and runs nothing as it is made."""
    before, build, final = stages
    assert before.lines == [("ARG", "PYTHON=3.11")]
    assert (build.source, build.name, final.source) == ("python:${PYTHON}-slim", "build", "python:${PYTHON}-slim")
    assert final.all("COPY") == ["--from=build /opt/gateway /opt/gateway"]
    assert final.all("RUN") == final.all("ADD") == build.all("ADD") == []


def test_nobody_is_root_and_nothing_is_secret(stages: list[Stage]) -> None:
    """The user is a number that is not 0, so that a kubelet can tell; no line names anything secret."""
    _, build, final = stages
    user, group = map(int, final.one("USER").split(":"))
    assert user > 0
    assert group > 0
    assert [rest for stage in stages for _, rest in stage.lines if SECRET.search(rest)] == []
    copied = " ".join(build.all("COPY")).split()
    assert "." not in copied, "only what is named goes in"


def test_all_that_is_copied_is_there(stages: list[Stage], root: Path) -> None:
    """And it is all that an sdist has, with the lock."""
    copied = {path for line in stages[1].all("COPY") for path in line.split()[:-1]}
    assert [path for path in copied if not (root / path).exists()] == []
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    packed = {*project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"], "pyproject.toml"}
    assert copied == packed | {"deploy/constraints.txt"}


def test_it_builds_the_wheel_as_the_tests_do(stages: list[Stage]) -> None:
    """The same words as tests/test_packaging.py, but for where the build's own tools come from."""
    (line,) = [line for line in stages[1].all("RUN") if " pip wheel " in line]
    words = shlex.split(line)
    assert words[0] == "GATEWAY_COMMIT=$COMMIT"
    apart = {"--find-links", "/wheels", "/dist", "."}
    assert [word for word in words[1:] if word not in apart] == [
        word for word in BUILD if word != "--no-build-isolation"
    ]


def test_everything_comes_by_its_hash(stages: list[Stage]) -> None:
    """One download, against the lock; whatever is installed afterwards comes from there."""
    runs = [line for line in stages[1].all("RUN") if "pip " in line]
    (download,) = [line for line in runs if "pip download" in line]
    assert {"--require-hashes", "--no-deps", "--only-binary=:all:"} <= {*download.split()}
    assert all("--no-index" in line for line in runs if line != download and "venv" not in line)


def test_it_serves_and_is_asked_how_it_is(stages: list[Stage], tmp_path: Path) -> None:
    """Entry point, command and health check are the gateway's own, with options that it has."""
    final = stages[2]
    assert json.loads(final.one("ENTRYPOINT")) == ["gateway"]
    serve = json.loads(final.one("CMD"))
    options, _, check = final.one("HEALTHCHECK").partition(" CMD ")
    health = json.loads(check)
    assert (serve[0], health[:2], final.one("STOPSIGNAL")) == ("serve", ["gateway", "healthcheck"], "SIGTERM")
    assert "--ready" not in health, "a gateway that drains would be taken for ill"
    (timeout,) = re.findall(r"--timeout=(\d+)s", options)
    assert int(timeout) > 3, "it waits 3 s by itself, and is to say what it found"
    for command in (serve, health[1:]):
        code, out, _ = gateway(command[0], "--help", cwd=tmp_path)
        assert code == 0
        assert all(word in out for word in command if word.startswith("--"))


def test_its_labels_are_the_projects(stages: list[Stage], root: Path) -> None:
    """By the words of the OCI; the commit is given at the build."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    found = dict(word.split("=", 1) for word in shlex.split(stages[2].one("LABEL")))
    assert found == {
        "org.opencontainers.image.title": project["name"],
        "org.opencontainers.image.description": project["description"],
        "org.opencontainers.image.version": project["version"],
        "org.opencontainers.image.licenses": project["license"],
        "org.opencontainers.image.revision": "${COMMIT}",
    }
    assert stages[2].all("ARG") == ["COMMIT="]
