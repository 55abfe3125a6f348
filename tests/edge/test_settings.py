"""The settings: file, environment over it, readable faults without a value, origins."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.edge.addresses import parse_listen
from gateway.edge.journals import policy_of
from gateway.edge.settings import Drain, Settings, SettingsRefused, Shown, load, show

GOOD = """
[public]
listen = "127.0.0.1:0"
[wallet]
url = "http://127.0.0.1:9000"
secrets.signing = [{ env = "WALLET_SECRET" }]
promises = ["idempotent", "tombstones", "status", "references"]
[journal]
durability = "off"
[providers.acme]
dialect = "plain"
secrets.public_key = { file = "acme.pem" }
options.repeated_bet = "error"
settings.currency = "EUR"
[providers.beta]
dialect = "plain"
journal_id = "old-name"
mount = "/api/web/beta"
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine that runs the tests."""
    import os

    for name in os.environ:
        if name.upper().startswith("GATEWAY_"):
            monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """`write(text)`: the path of a settings file."""

    def make(text: str) -> Path:
        path = tmp_path / "gateway.toml"
        path.write_text(text)
        return path

    return make


#: The beginning of a line about something that stands in the file.
NUMBERED = re.compile(r"^gateway\.toml:\d+: ")


def refused(path: Path) -> list[str]:
    """The lines of a refusal."""
    with pytest.raises(SettingsRefused) as told:
        load(path)
    assert told.value.__cause__ is None
    return told.value.lines


@pytest.mark.parametrize("promises", [["status"], ["idempotent", "references"]])
def test_a_wallet_that_can_end_a_doubt_needs_no_human(promises: list[str], tmp_path: Path) -> None:
    """Asked or repeated, it says in the end what became of it."""
    text = GOOD.replace('["idempotent", "tombstones", "status", "references"]', str(promises))
    (tmp_path / "gateway.toml").write_text(text.replace('durability = "off"', 'url = "sqlite:j.db"'))
    assert load(tmp_path / "gateway.toml").wallet.promises == promises


def test_a_human_may_be_accepted(tmp_path: Path) -> None:
    """With no promise at all, what is left in doubt is a human's, and the operator has said so."""
    text = GOOD.replace('["idempotent", "tombstones", "status", "references"]', "[]\naccept_manual_resolution = true")
    (tmp_path / "gateway.toml").write_text(text.replace('durability = "off"', 'url = "sqlite:j.db"'))
    assert load(tmp_path / "gateway.toml").wallet.promises == []


def test_a_whole_file(write: Any) -> None:
    """Every part, and what follows from a provider's name."""
    settings = load(write(GOOD))
    assert parse_listen(settings.public.listen) == ("127.0.0.1", 0)
    assert settings.admin.listen == "127.0.0.1:8081"
    assert settings.wallet.dialect == "canonical"
    acme, beta = settings.providers["acme"], settings.providers["beta"]
    assert (acme.journal_id, acme.mount) == ("acme", "/acme")
    assert (beta.journal_id, beta.mount) == ("old-name", "/api/web/beta")
    assert [str(one) for one in acme.secrets["public_key"]] == ['{ file = "acme.pem" }']
    assert acme.options == {"repeated_bet": "error"}
    assert acme.settings == {"currency": "EUR"}
    assert settings.folder == write(GOOD).parent


def test_the_environment_overrides_single_leaves(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A nested variable changes its leaf and leaves its neighbours, in providers too."""
    monkeypatch.setenv("GATEWAY_WALLET__URL", "https://wallet.example/api")
    monkeypatch.setenv("GATEWAY_PROVIDERS__ACME__MOUNT", "/cb/acme")
    monkeypatch.setenv("GATEWAY_DRAIN__TIMEOUT", "20")
    monkeypatch.setenv("GATEWAY_WALLET__CONNECTIONS", "7")
    monkeypatch.setenv("GATEWAY_WALLET__QUEUE", "0")
    monkeypatch.setenv("GATEWAY_PORT_8080_TCP", "tcp://10.0.0.1:8080")
    settings = load(write(GOOD))
    assert settings.wallet.url == "https://wallet.example/api"
    assert (settings.wallet.connections, settings.wallet.queue, settings.wallet.share) == (7, 0, 0.25)
    assert settings.providers["acme"].mount == "/cb/acme"
    assert settings.providers["acme"].dialect == "plain"
    assert settings.drain.timeout == 20.0
    assert settings.wallet.promises == ["idempotent", "tombstones", "status", "references"]


def test_secrets_by_environment(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of references as JSON."""
    monkeypatch.setenv("GATEWAY_PROVIDERS__ACME__SECRETS__PUBLIC_KEY", '[{"file":"new.pem"},{"file":"acme.pem"}]')
    settings = load(write(GOOD))
    assert [str(one.file) for one in settings.providers["acme"].secrets["public_key"]] == ["new.pem", "acme.pem"]


def test_show_says_where_each_value_came_from(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every leaf with its origin; secrets as references."""
    monkeypatch.setenv("GATEWAY_PROVIDERS__ACME__MOUNT", "/cb/acme")
    monkeypatch.setenv("WALLET_SECRET", "canary")
    shown = show(load(write(GOOD)))
    assert shown["public.listen"] == Shown("127.0.0.1:0", "file")
    assert shown["admin.listen"] == Shown("127.0.0.1:8081", "default")
    assert shown["providers.acme.mount"] == Shown("/cb/acme", "env")
    assert shown["providers.acme.dialect"] == Shown("plain", "file")
    assert shown["providers.acme.journal_id"] == Shown("acme", "default")
    assert shown["providers.acme.secrets.public_key"] == Shown(['{ file = "acme.pem" }'], "file")
    assert shown["wallet.secrets.signing"] == Shown(['{ env = "WALLET_SECRET" }'], "file")
    assert shown["wallet.promises"].origin == "file"
    assert "canary" not in repr(shown)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('mount = "/api/web/beta"', 'mount = "beta"', "gateway.toml: providers.beta.mount: a mount begins with"),
        ('mount = "/api/web/beta"', 'mount = "/beta/"', "gateway.toml: providers.beta.mount: a mount begins with"),
        ('mount = "/api/web/beta"', 'mount = "/a/../b"', "gateway.toml: providers.beta.mount: a mount has no dot"),
        ('mount = "/api/web/beta"', 'mount = "/acme"', "gateway.toml: providers.beta.mount: the same as"),
        ('"old-name"', '"acme"', "gateway.toml: providers.beta.journal_id: the same as that of providers.acme"),
        ('"127.0.0.1:0"', '"127.0.0.1"', 'gateway.toml: public.listen: an address is "host:port"'),
        ('"127.0.0.1:0"', '"127.0.0.1:65536"', 'gateway.toml: public.listen: an address is "host:port"'),
        ('"http://127.0.0.1:9000"', '"ftp://x"', "gateway.toml: wallet.url: a wallet's URL is http"),
        ('"http://127.0.0.1:9000"', '"http://u:canary@x"', "gateway.toml: wallet.url: a wallet's URL has no cred"),
        ('"http://127.0.0.1:9000"', '"http://x:canary"', "gateway.toml: wallet.url: this is not a URL"),
        ('durability = "off"', 'durability = "strict"', "gateway.toml: journal.url: a durable journal needs a place"),
        ('[journal]\ndurability = "off"', "", "gateway.toml: journal.url: a durable journal needs a place"),
        (
            'durability = "off"',
            'url = "mysql://x"',
            'gateway.toml: journal.url: a journal is "sqlite:///absolute/path"',
        ),
        (
            'durability = "off"',
            'url = "sqlite:///"',
            'gateway.toml: journal.url: a journal is "sqlite:///absolute/path"',
        ),
        (
            'durability = "off"',
            'url = "postgresql://u:canary@x/y"',
            "gateway.toml: journal.url: a journal's URL has no",
        ),
        (
            'durability = "off"',
            'url = "postgresql://u@x/y?password=canary"',
            "gateway.toml: journal.url: a journal's URL has no",
        ),
        ('durability = "off"', 'url = "postgresql://u@canary@x/y"', "gateway.toml: journal.url: this is not a URL"),
        ('durability = "off"', 'url = "postgresql://u:canary"', "gateway.toml: journal.url: this is not a URL"),
        ('"http://127.0.0.1:9000"', '"http://canary .x"', "gateway.toml: wallet.url: a URL has no spaces"),
        ('"http://127.0.0.1:9000"', '"http://x/\\ncanary"', "gateway.toml: wallet.url: a URL has no spaces"),
        (
            'env = "WALLET_SECRET" }',
            'env = "WALLET_SECRET", not_after = 9999-12-31T23:59:59-05:00 }',
            "gateway.toml: wallet.secrets.signing.0.not_after: not_after is no moment in UTC",
        ),
        ("[wallet]", "[wallet]\nsettings = " + 2000 * "[" + 2000 * "]", "gateway.toml: nested too deeply"),
        ("[public]", "[public]\nreuse_port = true", "gateway.toml: public.reuse_port: several processes on one port"),
        (
            '"tombstones", "status", ',
            "",
            'gateway.toml: journal.durability: "off" needs all four promises of the'
            " wallet; missing: tombstones, status",
        ),
        (
            '"status", "references"]\n[journal]\ndurability = "off"',
            ']\n[journal]\nurl = "sqlite:j.db"',
            "gateway.toml: wallet.promises: without status, and without idempotent together with references",
        ),
        ('[{ env = "WALLET_SECRET" }]', '"canary"', "gateway.toml: wallet.secrets.signing: a secret is a list"),
        ('[{ env = "WALLET_SECRET" }]', '["canary"]', "gateway.toml: wallet.secrets.signing: a secret is a list"),
        ('[{ env = "WALLET_SECRET" }]', "[]", "gateway.toml: wallet.secrets.signing: a secret is a list"),
        ('{ env = "WALLET_SECRET" }', '{ value = "canary" }', "gateway.toml: wallet.secrets.signing.0.value: no such"),
        ('dialect = "plain"\nsecrets', "dialekt = 'canary'\nsecrets", "gateway.toml: providers.acme.dialect: Field"),
        ("[providers.acme]", "[providers.Acme]", "gateway.toml: providers.Acme.[key]: "),
        ("[journal]", "[jurnal]", "gateway.toml: jurnal: no such setting"),
        (
            "[wallet]",
            "[wallet]\nconnections = 4",
            "gateway.toml: wallet.connections: Input should be greater than or equ",
        ),
        ("[wallet]", "[wallet]\nshare = 0", "gateway.toml: wallet.share: Input should be greater than 0"),
        ("[wallet]", "[wallet", "gateway.toml: not TOML (at line 4, column 8)"),
    ],
)
def test_faults_are_lines_with_the_place_and_no_value(write: Any, old: str, new: str, line: str) -> None:
    """Each fault names the file, the setting and the rule; no value is ever shown."""
    assert old in GOOD
    lines = [NUMBERED.sub("gateway.toml: ", one) for one in refused(write(GOOD.replace(old, new)))]
    assert any(one.startswith(line) for one in lines), lines
    assert "canary" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("[journal]", "[jurnal]", 'jurnal: no such setting; did you mean "journal"?'),
        ("[public]", "[public]\nproxy = []", 'public.proxy: no such setting; did you mean "proxies"?'),
        ("[public]", '[public]\nproxies = ["0.0.0.0/0"]', "public.proxies.0: not everybody"),
        ("[public]", '[public]\nproxies = ["::ffff:0:0/96"]', "public.proxies.0: not everybody"),
        ("[providers.acme]", "[providers.acme]\nmuont = '/a'", "providers.acme.muont: no such setting; did you"),
        ("[public]", "[public]\nreuse_port = true", "public.reuse_port: several processes on one port"),
        ("[public]", '[internal]\nlistn = "x"\n[public]', 'internal.listn: no such setting; did you mean "listen"?'),
        ("[public]", "[public]\nxyzzy = 1", "public.xyzzy: no such setting"),
    ],
)
def test_a_fault_names_its_line(write: Any, old: str, new: str, line: str) -> None:
    """Where it stands in the file, and what may have been meant."""
    text = GOOD.replace(old, new)
    lines = refused(write(text))
    mine = [one for one in lines if NUMBERED.sub("", one).startswith(line)]
    assert len(mine) == 1, lines
    number = int(mine[0].split(":")[1])
    assert text.splitlines()[number - 1].startswith((new.split("\n")[1] if "\n" in new else new).partition(" = ")[0])


def test_a_misspelt_variable_is_refused(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that reaches into no part of the settings is no silent default."""
    monkeypatch.setenv("GATEWAY_WALET__URL", "http://canary")
    assert refused(write(GOOD)) == ["environment GATEWAY_WALET__URL: no such setting"]


@pytest.mark.parametrize("name", ["GATEWAY_PUBLIC_LISTEN", "GATEWAY_INTERNAL_LISTEN", "GATEWAY_DRAIN_TIMEOUT"])
def test_a_variable_with_one_underscore_is_refused(write: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """It was meant for a setting; what names none may be somebody else's, as what Kubernetes says of its services."""
    monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("GATEWAY_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("GATEWAY_PUBLIC_PORT", "tcp://10.0.0.1:80")
    meant = "__".join(name.rsplit("_", 1))
    assert refused(write(GOOD)) == [f"environment {name}: no such setting, but {meant} is"]


def test_all_faults_at_once(write: Any) -> None:
    """Two faults, two lines."""
    text = GOOD.replace('"127.0.0.1:0"', '"x"').replace('mount = "/api/web/beta"', 'mount = "beta"')
    assert len(refused(write(text))) == 2


def test_faults_of_the_environment_name_the_variable(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who set it by variable must not search the file."""
    monkeypatch.setenv("GATEWAY_WALLET__CONNECTIONS", "canary")
    lines = refused(write(GOOD))
    assert lines[0].startswith("environment GATEWAY_WALLET__CONNECTIONS: ")
    assert "canary" not in lines[0]


def test_broken_json_in_the_environment(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable's field, not its content."""
    monkeypatch.setenv("GATEWAY_PROVIDERS", '{"canary')
    assert refused(write(GOOD)) == ["environment GATEWAY_PROVIDERS: not JSON"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, or not text."""
    assert refused(tmp_path / "gateway.toml") == ["gateway.toml: No such file or directory"]
    (tmp_path / "gateway.toml").write_bytes(b"\xff")
    assert refused(tmp_path / "gateway.toml") == ["gateway.toml: not UTF-8"]


def test_no_providers_is_a_fault(write: Any) -> None:
    """A gateway for nobody is a mistake."""
    lines = refused(write(GOOD.partition("[providers.acme]")[0]))
    assert lines == ["gateway.toml: providers: Field required"]


@pytest.mark.parametrize(("text", "address"), [("[::1]:8080", ("::1", 8080)), ("localhost:0", ("localhost", 0))])
def test_listen_addresses(text: str, address: tuple[str, int]) -> None:
    """IPv6 in brackets, names, any free port."""
    assert parse_listen(text) == address


def test_the_repr_holds_no_more_than_references(write: Any) -> None:
    """Settings never hold a secret."""
    assert isinstance(load(write(GOOD)), Settings)
    assert "Reference" in repr(load(write(GOOD)))


def test_even_the_raw_fault_shows_no_value() -> None:
    """Whoever prints the validator's own error must not print a secret put in the wrong place."""
    with pytest.raises(ValidationError) as told:
        Settings.model_validate({"wallet": {"url": "http://x", "connections": "canary"}, "jurnal": "canary"})
    assert "canary" not in str(told.value)


def test_how_old_a_hold_grows_is_told_to_the_journal(write: Any) -> None:
    """A day unless the file says otherwise; no time at all is refused."""
    assert policy_of(load(write(GOOD))).hold_s == 86_400.0
    assert policy_of(load(write(GOOD.replace("[journal]", "[journal]\nhold_hours = 72")))).hold_s == 259_200.0
    with pytest.raises(SettingsRefused):
        load(write(GOOD.replace("[journal]", "[journal]\nhold_hours = 0")))


def test_several_processes_on_one_port(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not unless it is said, and then with a journal that is theirs together; a variable says it as well."""
    shared = GOOD.replace('durability = "off"', 'url = "postgresql://db/gateway"')
    assert load(write(shared)).public.reuse_port is False
    monkeypatch.setenv("GATEWAY_PUBLIC__REUSE_PORT", "true")
    monkeypatch.setenv("GATEWAY_ADMIN__LISTEN", "127.0.0.1:9101")
    settings = load(write(shared))
    assert (settings.public.reuse_port, settings.admin.listen) == (True, "127.0.0.1:9101")
    forgetful = shared.replace("[journal]", '[journal]\ndurability = "off"')
    for text in (GOOD, forgetful, GOOD.replace('durability = "off"', 'url = "sqlite:j.db"')):
        assert [line for line in refused(write(text)) if "postgresql://host/database" in line]


def test_a_stop_takes_less_than_fifteen_seconds() -> None:
    """As the settings are by themselves, and as they are shipped; managers kill after thirty."""
    shipped = load(Path(__file__).parents[2] / "deploy" / "gateway.toml").drain
    for drain in (Drain(), shipped):
        assert drain.accept_grace + drain.timeout < 15
