"""`gateway demo` as a newcomer runs it: real sockets, all dialects, honest exit codes, nothing left behind."""

import re
import shutil
import signal
import socket
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.cli.demo.scenarios import CASHIER, GAMES, PAYMENTS, scenarios_of
from gateway.dialect.outbound import Outbound
from gateway.dialect.shelf import Shelf
from tests.cli.process import Running, gateway

SHELF = Shelf()
#: All that are shipped, whichever side of a casino they stand on; the wallet's own is none of them.
DIALECTS = tuple(name for name in SHELF.names if name != "canonical")
COUNT = sum(len(scenarios_of(SHELF.dialect(name))) for name in DIALECTS)

#: Of these a silent wallet's bet is undone by us at once: nothing of it is left to do.
UNDONE = {name for name in DIALECTS if any(form.reverse_unknown for form in SHELF.dialect(name).variants.values())}


NOBODY = Outbound({}, {}, {})


class Played(NamedTuple):
    """One run of `gateway demo --once`, while somebody else has port 8080."""

    code: int
    out: str
    err: str
    left: list[Path]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Started in an empty folder, with a temporary folder of its own."""
    empty, temporary = tmp_path_factory.mktemp("empty"), tmp_path_factory.mktemp("temporary")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for _ in range(100):
            try:
                taken.bind(("127.0.0.1", 8080))
                taken.listen()
                break
            except OSError:  # somebody else on this machine has it, for a while or for good: just as well
                time.sleep(0.2)
        ended = gateway("demo", "--once", cwd=empty, env={"TMPDIR": str(temporary)})
    return Played(*ended, [*temporary.iterdir(), *empty.iterdir()])


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """An empty folder."""
    return tmp_path


def test_it_plays_every_scenario_with_every_dialect(played: Played) -> None:
    """Exit code 0, one row per conversation, plain text when piped, and not a file left anywhere."""
    assert (played.code, played.err) == (0, ""), played.out
    lines = played.out.splitlines()
    assert re.match(
        rf"gateway [\d.]+: {len(DIALECTS)} dialects checked in \d+ ms; nothing leaves this machine", lines[0]
    )
    for name in DIALECTS:
        for scenario in scenarios_of(SHELF.dialect(name)):
            assert len([line for line in lines if re.match(rf"{re.escape(name)} +{scenario.title}  ", line)]) == 1
    assert f"all {COUNT} conversations are as their tables and examples say" in played.out
    asked = [(name, form) for name in SHELF.names for form in (SHELF.dialect(name).outbound or NOBODY).forms]
    for name, form in asked:
        assert re.search(rf"(?m)^{re.escape(name)} +{form} ", played.out), f"{name} is not asked {form}"
    assert (found := re.search(r"(?m)^(\d+) of (\d+) requests are answered as their tables say", played.out))
    assert found[1] == found[2]
    assert int(found[2]) >= len(asked)
    assert "DIFFERS" not in played.out
    assert "\x1b" not in played.out
    assert played.left == []


def test_each_of_the_five_documents_is_on_the_first_screen(played: Played) -> None:
    """Games of three, a cashier's deposits and withdrawals, a processor's webhooks; nobody is without a row."""
    shown = {name: scenarios_of(SHELF.dialect(name)) for name in DIALECTS}
    assert all(shown.values())
    assert (shown["abstrapay"], shown["payfield"]) == (CASHIER, PAYMENTS)
    assert shown["evenbet"] == shown["scorpio"] == shown["155io"] == GAMES
    assert {line.split(" ")[0] for line in played.out.splitlines()} >= {*DIALECTS}


def test_a_cashier_and_a_processor(played: Played) -> None:
    """A completion takes nothing more than the gate has held; a webhook is taken, or comes again."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in played.out.splitlines()]
    shown = {(row[0], row[1]): row[2:] for row in rows if row[0] in DIALECTS}
    assert shown["abstrapay", "beyond balance"] == [
        "WITHDRAW_REQUEST 999.00", "withdraw_request 999.00 USD", "insufficient_funds", "2 INSUFFICIENT_BALANCE",
        "give up", "200", shown["abstrapay", "beyond balance"][-1],
    ]  # fmt: skip
    assert shown["abstrapay", "paid out"][1:4] == ["withdraw_complete 30.00 USD", "ok", "0 OK"]
    assert shown["abstrapay", "silent wallet"][2:5] == ["(silent)", "retry", "503"], "never a code"
    assert shown["payfield", "paid in"][:5] == [
        "payin success 25.00",
        "payment_update 25.00 EUR",
        "ok",
        "true",
        "book it",
    ]
    assert shown["payfield", "told twice"][1:3] == ["(not asked)", "-"]
    assert shown["payfield", "not paid out"][:2] == ["payout failed 8.00", "payment_update 8.00 EUR"]


def test_what_it_shows_is_what_happened(played: Played) -> None:
    """Their words and amounts, ours, the wallet's, the answer, the effect and the status stand in the row."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in played.out.splitlines()]
    shown = {(row[0], row[1]): row[2:] for row in rows if row[0] in DIALECTS}
    assert shown["evenbet", "honest bet"][:5] == ["debit 150", "bet 1.50 EUR", "ok", "balance 9850", "book it"]
    assert shown["scorpio", "forged"][:4] == ["bet 4.00", "(not asked)", "-", "ERR_INTEGRITY_CHECK_FAILED"]
    assert shown["scorpio", "sent twice"][1:4] == ["balance", "ok", "OK balance 97.00"], "taken once"
    duplicate = "DUPLICATE_TRANSACTION_ERROR balance 9700000"
    assert shown["155io", "sent twice"][1:5] == ["(not asked)", "-", duplicate, "book it"]
    silent = shown["scorpio", "silent wallet"]
    assert silent[:6] == ["bet 2.50", "bet 2.50 EUR", "(silent)", "ERR_UNKNOWN", "undo", "200"]
    assert 1000 < int(silent[6])  # the wallet had its real time; the provider waits 3 s, which the row was judged by


def test_a_taken_port_is_said_aloud(played: Played) -> None:
    """The next free port is taken instead, and the line says which."""
    moved = re.search(r"port 8080 is taken: callbacks listens on (\d+)", played.out)
    assert moved is not None
    assert f"callbacks  http://127.0.0.1:{moved[1]}/<dialect>" in played.out


def test_a_changed_expectation_makes_it_fail(root: Path, temporary: Path) -> None:
    """Where an example says something else than what was answered, the row says so and the exit code is 1."""
    for name in ("evenbet.toml", "evenbet.examples.toml"):
        shutil.copy(root / "mappings" / name, temporary)
    examples = temporary / "evenbet.examples.toml"
    text = examples.read_text("utf-8")
    assert '{"error": {"code": 1, "message"' in text
    examples.write_text(text.replace('{"error": {"code": 1, "message"', '{"error": {"code": 7, "message"'), "utf-8")
    code, out, _ = gateway("demo", "--once", "--tables", str(temporary), cwd=temporary)
    assert code == 1
    assert re.search(r"DIFFERS  evenbet, beyond balance: example .*: the code is 7, not 1", out)
    assert f"1 of {COUNT} conversations are not as they must be" in out


def test_a_broken_table_is_refused(root: Path, temporary: Path) -> None:
    """What is not proved is not played: the complaint as `check` has it, and exit code 1."""
    text = (root / "mappings" / "evenbet.toml").read_text("utf-8")
    assert "insufficient_funds    =" in text
    (temporary / "evenbet.toml").write_text(text.replace("insufficient_funds    =", "insuficient_funds ="), "utf-8")
    code, _, err = gateway("demo", "--once", "--tables", str(temporary), cwd=temporary)
    assert code == 1
    assert 'did you mean "insufficient_funds"?' in err


def test_a_new_table_joins_by_itself(temporary: Path) -> None:
    """A table of one's own is played like the shipped ones, without a line of Python."""
    assert gateway("new", "gamma", "--like", "scorpio", "--tables", str(temporary), cwd=temporary)[0] == 0
    code, out, _ = gateway("demo", "--once", "--tables", str(temporary), cwd=temporary)
    assert code == 0, out
    assert len(re.findall(r"(?m)^gamma  ", out)) == len(GAMES)
    assert f"all {COUNT + len(GAMES)} conversations" in out


def test_it_serves_after_the_play_until_it_is_stopped(temporary: Path) -> None:
    """Ctrl+C ends it with 0, and its folder with the secrets is gone."""
    with Running("demo", cwd=temporary, env={"TMPDIR": str(temporary)}) as demo:
        demo.until("Ctrl+C stops it")
        (folder,) = temporary.iterdir()
        open_now = gateway("outbox", "list", "--config", str(folder / "gateway.toml"), cwd=temporary)
        listed = {key.partition(":")[0] for key in re.findall(r"[\w-]+:\w*:\S+", open_now[1])}
        assert (open_now[0], listed) == (0, {*DIALECTS} - UNDONE), "the silent wallet's bets"
        kept = {path.name: path.stat().st_mode & 0o077 for path in folder.iterdir()}
        assert kept["evenbet.key"] == kept["wallet.signing"] == 0
        assert demo.stop(signal.SIGINT) == 0
    assert demo.lines[-1] == "stopped"
    assert list(temporary.iterdir()) == []


def test_it_is_for_nobodys_wallet(temporary: Path) -> None:
    """Settings in the environment could lead made-up calls to a real wallet: refused, naming the setting."""
    code, _, err = gateway("demo", "--once", cwd=temporary, env={"GATEWAY_WALLET__URL": "http://wallet.example"})
    assert code == 2
    assert "wallet.url" in err
    assert "Traceback" not in err
