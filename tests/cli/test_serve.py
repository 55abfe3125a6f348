"""`gateway serve` and `gateway wallet` as processes: real callbacks, metrics, a drain, and starts that are refused."""

import json
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.serve import kept_in, promised
from gateway.edge.settings import load
from tests.cli.house import Deployed
from tests.cli.process import Running, gateway


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """The shipped settings with what they refer to."""
    return Deployed(tmp_path_factory.mktemp("deployed"))


@pytest.fixture
def wallet(deployed: Deployed) -> Iterator[Running]:
    """The sandbox wallet that these settings call."""
    words = ["wallet", "--listen", deployed.wallet, "--secret", deployed.wallet_secret]
    with Running(*words, cwd=deployed.folder) as running:
        running.until("Ctrl+C stops it")
        yield running


def fetched(url: str) -> str:
    """The body of a page of this machine."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def test_it_serves_and_drains(deployed: Deployed, wallet: Running) -> None:
    """It says where it listens; a signed call of each dialect is answered and counted; SIGTERM ends it with 0."""
    with Running("serve", "--config", "gateway.toml", cwd=deployed.folder, env=deployed.env) as served:
        served.until(f"  admin        http://{deployed.admin}")
        said = "\n".join(served.lines)
        assert "  promises     idempotent, tombstones, status, references\n" in said
        assert f"  journal      {deployed.folder / 'journal.db'}\n" in said
        assert f"marbles      http://{deployed.public}/marbles  (155io)" in said
        assert f"http://{deployed.public}/api/web/casino/providers/acme  (evenbet)" in said
        for name in ("marbles", "slotcity", "acme"):
            words = ["send", name, "bet", "--amount", "1.50", "--config", "gateway.toml"]
            key = ["--key", "marbles.private.pem"] if name == "marbles" else []
            code, out, err = gateway(*words, *key, cwd=deployed.folder, env=deployed.env)
            assert code == 0, err
            assert "as a reply: ok" in out
        text = fetched(f"http://{deployed.admin}/metrics")
        for name in ("marbles", "slotcity", "acme"):
            assert f'gateway_callbacks_total{{operation="bet",outcome_class="done",provider="{name}"}} 1.0' in text
        assert json.loads(fetched(f"http://{deployed.admin}/readyz")) == {"ready": True, "reasons": []}
        books = fetched(f"http://{deployed.wallet}/sandbox/calls")
        assert json.loads(books)["calls"][-1]["outcomes"] == ["ok"]
        assert served.stop(signal.SIGTERM) == 0
    lines = [json.loads(line) for line in served.lines if line.startswith("{")]
    assert [line["event"] for line in lines].count("callback") == 3
    assert lines[-1]["event"] == "stopped"
    assert wallet.stop(signal.SIGTERM) == 0


def test_a_refused_start_tells_everything_and_exits_1(deployed: Deployed) -> None:
    """Without its variables: each missing secret with its place, then the count; nothing listens."""
    code, out, err = gateway("serve", "--config", "gateway.toml", cwd=deployed.folder)
    assert (code, out) == (1, "")
    for name in ("WALLET_SECRET", "SLOTCITY_TOKEN", "ACME_KEY"):
        assert f'{{ env = "{name}" }}: no such variable' in err
    assert "3 complaints, nothing was started" in err
    assert "gateway.toml:21:19: GW505" in err


def test_unreadable_settings(deployed: Deployed, tmp_path: Path) -> None:
    """A missing file is misuse (2); faults of its content are findings (1), one line each."""
    assert gateway("serve", "--config", "missing.toml", cwd=tmp_path)[0] == 2
    (tmp_path / "bad.toml").write_text('[wallet]\nurl = "nothing"\n[providers.a]\ndialect = "x"\nmont = "/a"\n')
    code, _, err = gateway("serve", "--config", "bad.toml", cwd=tmp_path)
    assert code == 1
    assert "bad.toml:2: wallet.url" in err
    assert "bad.toml:5: providers.a.mont: no such setting" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("wallet", "journal", "says"),
    [
        ('promises = ["status"]', 'url = "sqlite:here.db"', ("status", "/here.db")),
        ('promises = ["idempotent"]\naccept_manual_resolution = true', 'url = "postgresql://db/gateway"',
         ("idempotent: what a silent wallet leaves in doubt waits for a human", "postgresql://db/gateway")),
        ('promises = ["idempotent", "tombstones", "status", "references"]',
         'url = "sqlite:here.db"\ndurability = "off"', ("idempotent, tombstones, status, references", "in memory")),
    ],
)  # fmt: skip
def test_what_is_said_of_the_wallet_and_the_journal(
    tmp_path: Path, wallet: str, journal: str, says: tuple[str, str]
) -> None:
    """What follows from too few promises; and where the journal really is, whatever its url says."""
    path = tmp_path / "gateway.toml"
    path.write_text(f'[wallet]\nurl = "http://w"\n{wallet}\n[journal]\n{journal}\n[providers.a]\ndialect = "x"\n')
    settings = load(path)
    assert promised(settings) == says[0]
    assert says[1] in kept_in(settings)
    assert ("here.db" in kept_in(settings)) == (says[1] == "/here.db")


def test_a_taken_port(deployed: Deployed, wallet: Running) -> None:
    """The address is named, and the exit code is 1."""
    env = {**deployed.env, "GATEWAY_PUBLIC__LISTEN": deployed.wallet}
    code, _, err = gateway("serve", "--config", "gateway.toml", cwd=deployed.folder, env=env)
    assert code == 1
    assert err == f"cannot listen on {deployed.wallet}: address already in use\n"
    assert "Traceback" not in err


def test_the_wallet_explains_itself(deployed: Deployed, tmp_path: Path) -> None:
    """It prints a secret made up for this run and the admin calls, which work."""
    with Running("wallet", "--listen", "127.0.0.1:0", "--mood", "silent", cwd=tmp_path) as running:
        running.until("Ctrl+C stops it")
        said = "\n".join(running.lines)
        url = running.lines[0].split()[3].rstrip(",")
        assert "export WALLET_SECRET=whsec_" in said
        assert f"curl {url}/sandbox/ledger" in said
        assert json.loads(fetched(f"{url}/sandbox/moods"))["settings"][0]["mood"] == "silent"
        assert running.stop(signal.SIGINT) == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--mood", "silnt"], 'did you mean "silent"?'),
        (["--secret", "abc"], "--secret: it is not whsec_ followed by base64"),
        (["--listen", "9000"], "--listen"),
    ],
)
def test_misuse_of_the_wallet(tmp_path: Path, words: list[str], says: str) -> None:
    """Exit code 2 and one sentence."""
    code, out, err = gateway("wallet", *words, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert says in err
