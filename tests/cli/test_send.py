"""`gateway send` against a gateway that runs: signed as the provider would, answered, read back."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.process import Running, gateway


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The settings of a demo that runs while this module is tested."""
    folder = tmp_path_factory.mktemp("demo")
    with Running("demo", cwd=folder, env={"TMPDIR": str(folder)}) as demo:
        demo.until("Ctrl+C stops it")
        (line,) = (line for line in demo.lines if " send " in line and "--config" in line)
        yield Path(line.split("--config ")[1])
        assert demo.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("dialect", ["155io", "evenbet", "scorpio", "groove", "blueocean", "100hp", "100hp-29", "jdb"])
def test_a_bet_is_signed_answered_and_read_back(config: Path, dialect: str, tmp_path: Path) -> None:
    """The line that the demo prints works for every dialect, with nothing but an amount."""
    code, out, err = gateway("send", dialect, "bet", "--amount", "1.50", "--config", str(config), cwd=tmp_path)
    assert (code, err) == (0, ""), out
    assert re.search(r"(?m)^(POST|GET) http://127\.0\.0\.1:\d+/", out)
    assert re.search(r"(?m)^HTTP 200 after ", out)
    assert re.search(r"(?m)^as a reply: ok, .*balance \d+\.50", out) or "as a reply: ok" in out


def test_the_same_call_twice_is_booked_once(config: Path, tmp_path: Path) -> None:
    """--times repeats the message; the second answer tells the same balance."""
    words = ["send", "scorpio", "bet", "--amount", "2", "--times", "2", "--config", str(config)]
    code, out, _ = gateway(*words, cwd=tmp_path)
    balances = re.findall(r"as a reply: ok.*balance ([\d.]+)", out)
    assert code == 0
    assert len(balances) == 2
    assert len({*balances}) == 1


def test_a_forged_call_is_refused(config: Path, tmp_path: Path) -> None:
    """--forge signs with a key that is nobody's, and the answer's word is the table's for that."""
    code, out, _ = gateway("send", "evenbet", "balance", "--forge", "--config", str(config), cwd=tmp_path)
    assert code == 0
    assert "which the table says for signature_invalid" in out


def test_a_rollback_finds_its_bet(config: Path, tmp_path: Path) -> None:
    """--transaction and --reference are passed on as they are."""
    bet = ["send", "155io", "bet", "--amount", "3", "--transaction", "b-77", "--round", "r-77"]
    undo = ["send", "155io", "rollback", "--reference", "b-77", "--round", "r-77"]
    for words in (bet, undo):
        code, out, _ = gateway(*words, "--config", str(config), cwd=tmp_path)
        assert code == 0
        assert "as a reply: ok" in out


def test_the_key_may_come_from_a_file(config: Path, tmp_path: Path) -> None:
    """A private key that the settings do not hold is given with --key; without it the remedy is said."""
    lines = config.read_text("utf-8").splitlines(keepends=True)
    bare = config.with_name("bare.toml")
    bare.write_text(
        "".join(line for line in lines if not line.startswith(("secrets.private_key", "secrets.our_public")))
    )
    code, _, err = gateway("send", "155io", "balance", "--config", str(bare), cwd=tmp_path)
    assert code == 2
    assert "private_key" in err
    assert "--key FILE" in err
    key = str(config.with_name("155io.private_key"))
    code, out, err = gateway("send", "155io", "balance", "--config", str(bare), "--key", key, cwd=tmp_path)
    assert code == 0, err
    assert "as a reply: ok" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["scorpi", "bet"], 'no provider "scorpi": did you mean "scorpio"?'),
        (["scorpio", "bett"], 'did you mean "bet"?'),
        (["scorpio", "bet", "--amount", "1,5"], "--amount"),
        (["scorpio", "bet", "--times", "0"], "--times"),
    ],
)
def test_misuse_is_one_sentence(config: Path, tmp_path: Path, words: list[str], says: str) -> None:
    """Exit code 2, what is wrong, and what was meant."""
    code, out, err = gateway("send", *words, "--config", str(config), cwd=tmp_path)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


def test_nobody_there(config: Path, tmp_path: Path) -> None:
    """Without an answer the exit code is 1."""
    words = ["send", "scorpio", "bet", "--url", "http://127.0.0.1:9", "--config", str(config)]
    code, out, _ = gateway(*words, cwd=tmp_path)
    assert code == 1
    assert "no answer after" in out
