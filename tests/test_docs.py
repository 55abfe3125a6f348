"""What the documents say is true: every command of the README runs, every file that it names is there."""

import asyncio
import os
import re
import shlex
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.canon.operations import CREDITS, DEBITS, Operation
from gateway.cli import COMMANDS, FAMILIES
from gateway.dialect.shelf import Shelf
from gateway.sandbox.provider import SandboxProvider
from tests.cli.house import Deployed
from tests.cli.process import Running, free_port, gateway

CALLBACK = '{"sessionId": "s", "playerId": "1", "transactionId": "t", "amount": 1.50, "currency": "EUR"}'
#: What `make` targets stand for; `test` is what runs this very test.
MADE = {"run": ["demo", "--once"]}
#: Ends by itself only when told so.
ENDLESS = {"serve", "wallet"}


LISTED = re.compile(r"<!-- generated: dialects -->\n(.*?)<!-- end -->", re.DOTALL)


def dialects() -> str:
    """The shipped tables as the README lists them: which calls they take, and what they are asked."""
    lines = ["| dialect | system | takes | is asked |", "|---|---|---|---|"]
    for name in Shelf().names:
        made = Shelf().dialect(name)
        taken = made.operations()
        kinds = ["bets"] if {Operation.BET, Operation.BET_WIN} & taken.keys() else []
        kinds += [word for operation, word in (
            (Operation.DEPOSIT, "deposits"), (Operation.WITHDRAW_REQUEST, "withdrawals"),
            (Operation.PAYMENT_UPDATE, "payments"),
        ) if operation in taken]  # fmt: skip
        assert bool(kinds) is bool({*taken} & (CREDITS | DEBITS | {Operation.PAYMENT_UPDATE}))
        asked = ", ".join(str(each) for each in made.outbound.forms) if made.outbound else ""
        lines.append(f"| `{name}` | {made.title} | {', '.join(kinds)} | {asked} |")
    return "\n".join(lines) + "\n"


class Asked:
    """EvenBet's side of requests, made of its table, on loopback in a thread of its own; the settings name it."""

    def __init__(self, deployed: Deployed) -> None:
        requests = Shelf().dialect("evenbet").outbound
        assert requests is not None
        keys = requests.bind({"key": [deployed.env["ACME_KEY"].encode()]}, playing=True)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._provider = SandboxProvider(requests, keys, {})
        urls = asyncio.run_coroutine_threadsafe(self._provider.start(), self._loop).result(10)
        deployed.env["GATEWAY_DRAIN__TIMEOUT"] = "20"  # longer than this provider is waited for
        deployed.env["PLATFORM_TOKEN"] = "not-a-real-token-of-anybody"
        text = deployed.config.read_text("utf-8")
        named = "".join(f'urls.{word} = "{url}"\n' for word, url in urls.items())
        text = re.sub(r"(secrets.key = .*ACME_KEY.*\n)", lambda line: line[1] + named, text)
        text = re.sub(r"(?m)^# (\[internal\]|listen = |secrets.token = )", r"\1", text)
        deployed.config.write_text(text.replace("127.0.0.1:8082", f"127.0.0.1:{free_port()}"), "utf-8")

    def stop(self) -> None:
        """No more."""
        asyncio.run_coroutine_threadsafe(self._provider.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    """The front door."""
    return (root / "README.md").read_text("utf-8")


def commands(text: str) -> Iterator[str]:
    """Every `make ...` and `gateway ...` in a code block or between back quotes, in order, each once."""
    blocks = re.findall(r"```\n(.*?)```", text, re.DOTALL)
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", prose)
    yield from dict.fromkeys(line for line in lines if re.match(r"(?:make|gateway) [a-z]", line))


def test_every_command_of_the_readme_runs(readme: str, root: Path, tmp_path: Path) -> None:
    """In their order, in one folder with a pasted callback and the shipped settings; serving ends with a signal."""
    deployed = Deployed(tmp_path)
    (tmp_path / "callback.json").write_text(CALLBACK)
    found = list(commands(readme))
    assert {"make run", "make test", "gateway serve --config gateway.toml"} <= {*found}
    makefile = (root / "Makefile").read_text("utf-8")
    running: list[Running] = []
    asked = Asked(deployed)
    try:
        with Running("wallet", "--listen", deployed.wallet, "--secret", deployed.wallet_secret, cwd=tmp_path) as wallet:
            wallet.until("Ctrl+C stops it")
            for line in found:
                words = shlex.split(line)[1:]
                if line.startswith("make "):
                    assert re.search(rf"(?m)^{words[0]}: ", makefile), line
                    words = MADE.get(words[0], [])
                    env = None
                else:
                    env = deployed.env
                if words[:1] == ["demo"]:
                    words, env = ["demo", "--once"], None
                if not words or words[0] == "wallet":
                    continue  # `make test` is running; the wallet is too
                if words[0] in ENDLESS:
                    running.append(Running(*words, cwd=tmp_path, env=env))
                    running[-1].until("  admin  ")
                    continue
                code, out, err = gateway(*words, cwd=tmp_path, env=env)
                assert code == 0, f"{line}\n{out}{err}"
        assert [one.stop(15) for one in running] == [0]
    finally:
        for one in running:
            one.__exit__()
        asked.stop()


def test_the_shipped_dialects_are_listed_as_they_are(readme: str, root: Path) -> None:
    """Each with its own title, what it takes and what it is asked. GATEWAY_UPDATE=1 writes them anew."""
    fresh = LISTED.sub(lambda _: f"<!-- generated: dialects -->\n{dialects()}<!-- end -->", readme)
    if os.environ.get("GATEWAY_UPDATE"):
        (root / "README.md").write_text(fresh, "utf-8")
    assert fresh == (root / "README.md").read_text("utf-8")
    assert f"`{Shelf().names[0]}`" in fresh


def test_every_file_that_the_readme_names_is_there(readme: str, root: Path) -> None:
    """Links, and paths in back quotes."""
    links = re.findall(r"\]\(([^)#:]+)\)", readme)
    paths = [text for text in re.findall(r"`([A-Za-z_./]+/[A-Za-z_.]*)`", readme) if not text.startswith(("/", "."))]
    assert {"mappings/README.md", "deploy/gateway.toml"} <= {*links}
    missing = [path for path in (*links, *paths) if not (root / path).exists() and f"{path}" not in ("acme.toml",)]
    assert missing == []


def test_the_makefile_runs_what_the_readme_says(root: Path) -> None:
    """`make run` is the demo, `make test` is this suite."""
    text = (root / "Makefile").read_text("utf-8")
    assert re.search(r"(?m)^run:.*\n\t@\S*/gateway demo ", text)
    assert re.search(r"(?m)^test:.*\n\t@.*-m pytest", text)


def test_every_command_is_in_the_tour_or_the_help(readme: str) -> None:
    """The README names no command that does not exist."""
    known = {where.partition(":")[2].replace("_", "-") for _, where, _ in COMMANDS}
    known |= {word for _, word, _, _ in FAMILIES}
    assert {line.split()[1] for line in commands(readme) if line.startswith("gateway ")} <= known


def test_the_tour_names_files_that_exist(root: Path) -> None:
    """`gateway/__init__.py` says where to start reading; every floor that it lists is there, and no other."""
    import gateway as package

    text = package.__doc__ or ""
    floors = re.findall(r"(?m)^    ([a-z]+)  ", text)
    folders = {path.name for path in (root / "gateway").iterdir() if path.is_dir() and (path / "__init__.py").is_file()}
    assert {*floors} == folders
    for path in re.findall(r"`([a-z/]+\.py)`", text):
        assert any((root / "gateway" / folder / path).is_file() for folder in ("", "edge")), path


def test_the_readme_is_short_and_plain(readme: str) -> None:
    """One page and a bit; lines of at most 120, but for the list of dialects."""
    lines = LISTED.sub("", readme).splitlines()
    assert len(lines) <= 120
    assert max(map(len, lines)) <= 120
