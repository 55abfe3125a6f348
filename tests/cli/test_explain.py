"""`gateway explain`: each step with the row that decided it, the signed bytes, and never a secret."""

from pathlib import Path

import pytest

from tests.cli.conftest import Gateway

SECRET = "test_secret_key"  # the published vector's
BODY = (
    b'{"token":"b91b664a8e2b558c240824f7da0e842c","gameId":"testGameId","endRound":false,"roundId":"29",'
    b'"transactionId":"d_182","amount":0}'
)
SIGNATURE = "5a0314907c49dea0b8cc90533e80c82ce523285c5f01831e41f06a0d6ba69a6e"
DEBIT = ("explain", "evenbet", "-", "--path", "/debit", "--header", f"Authorization: {SIGNATURE}")
EUR = ("--recall", "currency=EUR", "--recall", "player=7")


@pytest.fixture
def secret(tmp_path: Path) -> str:
    (tmp_path / "key").write_text(SECRET + "\n")
    return f"key={tmp_path}/key"


def row(root: Path, text: str) -> str:
    """Where the line that begins with *text* stands, as explanations show it."""
    lines = (root / "mappings" / "evenbet.toml").read_text().splitlines()
    return f"[mappings/evenbet.toml:{next(n for n, line in enumerate(lines, 1) if line.startswith(text))}]"


def test_an_honest_call(gateway: Gateway, secret: str, root: Path) -> None:
    """Every step, each with the row of the table that decided it."""
    ended = gateway(*DEBIT, *EUR, "--secret", secret, stdin=BODY)
    assert (ended.code, ended.err) == (0, "")
    for shown in (
        "request    POST /debit, 133 bytes",
        f"operation  bet: POST /debit   {row(root, '[operations.bet]')}",
        f"signed raw          {BODY.decode()}",
        "signed secret       <secret>",
        "verified with key 1 of key",
        f"amount        0 at body.amount (number of minor units)   {row(root, 'fields.amount')}",
        'currency      recalled by session "b91b664a8e2b558c240824f7da0e842c" = "EUR"',
        '"amount": "0.00"',
        "answer     when the wallet says ok",
        'body       {"balance":10000}',
        "answer     when the wallet says unknown",
        f"row        unknown = 900   {row(root, 'unknown ')}",
        "effect     retries: the provider sends the same id again",
        "status     HTTP 200",
    ):
        assert shown in ended.out


def test_what_a_repeat_would_be(gateway: Gateway, tmp_path: Path, root: Path) -> None:
    """Which other content makes the same id another call, with the row if there is one, and the balance it is told."""
    out = gateway(*DEBIT, *EUR, stdin=BODY).out
    assert "repeat     the same id with another player or round or currency or amount is another call\n" in out
    assert "once applied, a repeat is told the balance told then" in out
    (tmp_path / "made.toml").write_text('dialect = "made"\nextends = "evenbet"\nfingerprint.bet = ["amount", "game"]\n')
    out = gateway("explain", "made", *DEBIT[2:], *EUR, "--tables", tmp_path, stdin=BODY).out
    assert f"the same id with another game or amount is another call   [{tmp_path}/made.toml:3]" in out
    balance = gateway("explain", "evenbet", "-", "--path", "/balance", stdin=b'{"token": "t"}').out
    assert "repeat  " not in balance


def test_a_forged_call(gateway: Gateway, secret: str) -> None:
    """The likely cause, the answer that is really given, exit code 1; what was read is shown all the same."""
    ended = gateway(*DEBIT, *EUR, "--secret", secret, stdin=BODY.replace(b"29", b"30"))
    assert ended.code == 1
    assert "refused: the signature fits no key" in ended.out
    assert "likely cause: most likely another secret" in ended.out
    assert '"round": "30"' in ended.out
    assert "answer     refused before the wallet is asked: signature_invalid" in ended.out
    assert '{"error":{"code":2,"message":"Invalid signature"}}' in ended.out


def test_the_line_break_of_a_pasted_file(gateway: Gateway, secret: str) -> None:
    """An editor's last line break is the commonest reason why a pasted body does not verify."""
    ended = gateway(*DEBIT, "--secret", secret, stdin=BODY + b"\n")
    assert "the body ends with a line break that was not signed" in ended.out
    assert "line break that was not signed" not in gateway(*DEBIT, "--secret", secret, stdin=BODY + b" ").out


def test_a_secret_is_never_shown(gateway: Gateway, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where it verifies, not where it fails, not where it cannot be used."""
    monkeypatch.setenv("KEY", SECRET)
    for keys in (secret, "key=env:KEY"):
        for body in (BODY, BODY + b"\n", b"{}"):
            ended = gateway(*DEBIT, "--secret", keys, stdin=body)
            assert SECRET not in ended.out + ended.err
    monkeypatch.setenv("SHORT", "hunter2")
    ended = gateway(*DEBIT, "--secret", "key=env:SHORT", stdin=BODY)
    assert "7 bytes; at least 8 are needed" in ended.out
    assert "hunter2" not in ended.out + ended.err


def test_several_keys_tell_which_one_fits(gateway: Gateway, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rotation: the same name twice, the second one verified."""
    monkeypatch.setenv("NEW", "another-secret")
    ended = gateway(*DEBIT, "--secret", "key=env:NEW", "--secret", secret, stdin=BODY)
    assert "verified with key 2 of key" in ended.out


def test_without_a_secret_it_says_so(gateway: Gateway) -> None:
    """Not checked is not verified, and the option that is missing is named."""
    ended = gateway(*DEBIT, stdin=BODY)
    assert ended.code == 0
    assert "not checked; give the secret: --secret key=FILE" in ended.out
    assert "not complete: the amount needs a currency" in ended.out


def test_an_unknown_operation_shows_the_nearest(gateway: Gateway, root: Path) -> None:
    """Three variants and what differs, the nearest first."""
    ended = gateway("explain", "evenbet", "-", "--path", "/debitt", stdin=BODY)
    assert ended.code == 1
    near = [line.strip() for line in ended.out.splitlines() if line.strip().startswith("not ")]
    assert len(near) == 3
    assert near[0] == f"not bet: its path is /debit   {row(root, '[operations.bet]')}"
    ended = gateway("explain", "scorpio", "-", stdin=b'{"command": "bett"}')
    assert 'not bet: body.command is "bett", not "bet"' in ended.out


def test_what_a_query_says_is_text(gateway: Gateway, tmp_path: Path) -> None:
    """A variant is not called different for a number that its query can only spell as text."""
    (tmp_path / "made.toml").write_text(
        'dialect = "made"\nextends = "scorpio"\n[operations.bet]\nwhen.\'query.v\' = 2\n'
    )
    ended = gateway("explain", "made", "-", "--tables", str(tmp_path), "--path", "/?v=2", stdin=b'{"command": "bett"}')
    assert 'not bet: body.command is "bett", not "bet"' in ended.out
    assert "query.v" not in ended.out
    ended = gateway("explain", "made", "-", "--tables", str(tmp_path), "--path", "/?v=3", stdin=b'{"command": "bet"}')
    assert 'not bet: query.v is "3", not 2' in ended.out


def test_replies_are_answered_one_by_one(gateway: Gateway, root: Path) -> None:
    """Stand-ins are shown hop by hop; what the wallet tells can be given."""
    ended = gateway(*DEBIT, *EUR, "--reply", "ok", "--reply", "busy", "--fact", "balance=87.50", stdin=BODY)
    assert 'body       {"balance":8750}' in ended.out
    assert "said as    busy is said as unknown" in ended.out
    assert "made up" not in ended.out


def test_a_curl_command_and_an_example(gateway: Gateway) -> None:
    """A ticket's curl command; a conversation of the examples, with its own secrets and memory."""
    curl = f"curl https://h/acme/debit -H 'Authorization: {SIGNATURE}' -d '{BODY.decode()}'"
    assert "request    POST /debit (under /acme), 133 bytes" in gateway("explain", "evenbet", "--curl", curl).out
    ended = gateway("explain", "scorpio", "--example", "bet declined: not enough money")
    assert ended.code == 0
    assert "verified with key 1" in ended.out
    assert "answer     when the wallet says insufficient_funds" in ended.out
    assert '{"balance":76.90,"statusCode":"ERR_NOT_ENOUGH_MONEY"}' in ended.out
    assert "made up" not in ended.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--reply", "okay"], "--reply okay"),
        (["--fact", "balanse=1"], "a reply has no such field"),
        (["--fact", "balance=1,5"], "not a plain decimal number"),
        (["--secret", "key"], "write it as NAME=FILE"),
        (["--secret", "key=/nonexistent"], "--secret key: its file cannot be read"),
        (["--secret", "key=env:NO_SUCH_VARIABLE"], "--secret key: the environment has no such variable"),
        (["--secret", "kee=env:PATH"], 'evenbet has no such secret: did you mean "key"?'),
        (["--recall", "currensy=EUR"], 'did you mean "currency"?'),
        (["--example", "no such thing"], "has no example"),
        (["--header", "nonsense"], "Name: value"),
    ],
)
def test_misuse(gateway: Gateway, arguments: list[str], says: str) -> None:
    """One sentence, exit code 2."""
    ended = gateway(*DEBIT, *arguments, stdin=BODY)
    assert ended.code == 2
    assert says in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b"{", b"null", b"[" * 100_000, b'{"token": "\\ud800"}'])
def test_hostile_bodies_are_explained(gateway: Gateway, secret: str, raw: bytes) -> None:
    """Whatever was pasted: steps, a refusal, exit code 1."""
    ended = gateway(*DEBIT, "--secret", secret, stdin=raw)
    assert ended.code == 1
    assert "answer     refused before the wallet is asked" in ended.out
