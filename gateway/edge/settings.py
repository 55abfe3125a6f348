"""The settings: a TOML file for structure, `GATEWAY_*` variables over it, secrets by reference only.

Every fault is collected and told as one readable line that names the place and the rule, never a value.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from gateway.dialect.source import Source
from gateway.edge.addresses import POSTGRES, JournalUrl, Listen, Mount, Url
from gateway.edge.secrets import Reference
from gateway.edge.settings_faults import NEST, PREFIX, lines, strange_variables
from gateway.edge.slots import FEWEST
from gateway.edge.surface import MOST_CONNECTIONS, ClientTls, Connections, Hosts, Networks, Proxies, ServerTls

Promise = Literal["idempotent", "tombstones", "status", "references"]
Scalar = bool | int | str
Origin = Literal["file", "env", "default"]


class SettingsRefused(Exception):
    """The settings cannot be used; *lines* say why, one fault each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _references(given: Any) -> Any:
    listed = [given] if isinstance(given, Mapping) else given
    if not isinstance(listed, list) or not listed or not all(isinstance(one, Mapping | Reference) for one in listed):
        raise ValueError('a secret is a list of references: [{ file = "..." }] or [{ env = "..." }]')
    return listed


References = Annotated[list[Reference], BeforeValidator(_references)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9](?:_?[a-z0-9-])*$", max_length=64)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Public(_Part):
    """Provider callbacks: `{listen}{mount}/...`.

    *reuse_port*: other gateways of this machine listen on the same address (SO_REUSEPORT), here and on the internal
    listener; the kernel gives each new connection to one of them. They need one journal, in PostgreSQL, and each an
    admin listener of its own. *proxies*: addresses and networks of the proxies in front, whose X-Forwarded-For is
    believed; *connections*: how many one client may have. *tls*: a certificate and its key; nothing but TLS is spoken
    then.
    """

    listen: Listen = "0.0.0.0:8080"
    reuse_port: bool = False
    proxies: Proxies = []
    connections: Connections = MOST_CONNECTIONS
    tls: ServerTls | None = None


class AdminPart(_Part):
    """`/healthz`, `/readyz`, `/metrics`. Beyond loopback a token is due for everything but the first two.

    *hosts*: names, beside addresses and localhost, by which changes may be asked for.
    """

    listen: Listen = "127.0.0.1:8081"
    secrets: dict[Literal["token"], References] = {}
    hosts: Hosts = []


class ProbesPart(_Part):
    """`/healthz`, `/readyz`, `/metrics`, and nothing else, for who probes and scrapes from another machine."""

    listen: Listen = "0.0.0.0:8083"


class InternalPart(_Part):
    """`POST /requests/{provider}/{name}`: the operator's platform asks providers, with one of the tokens."""

    listen: Listen = "127.0.0.1:8082"
    secrets: dict[Literal["token"], References]


class Wallet(_Part):
    """The one wallet: its dialect, where it is, and what it promises.

    *options* choose among the table's own switches; *settings* fill what it writes as `{setting.x}`; *tables* is a
    folder with further mappings, relative to the settings file.

    *connections* are calls at one time, a tenth of them for recovery and a fifth for wins and reversals; *queue* calls
    more may wait for one, the least important being refused first. One provider takes *share* of either, or its equal
    part where that is more. To a call that is refused here nothing has happened. *accept_manual_resolution*: a wallet
    that promises too little leaves doubts that only a human can end (gateway outbox list). *tls*: how we prove
    ourselves to an https:// wallet, and whom we believe there.
    """

    dialect: str = "canonical"
    url: Url
    secrets: dict[str, References] = {}
    options: dict[str, Scalar] = {}
    settings: dict[str, Scalar] = {}
    tables: Path | None = None
    promises: list[Promise] = []
    accept_manual_resolution: bool = False
    connections: int = Field(default=100, ge=FEWEST, le=10_000)
    queue: int = Field(default=200, ge=0, le=10_000)
    share: float = Field(default=0.25, gt=0, le=1)
    tls: ClientTls | None = None


class Journal(_Part):
    """What is remembered, and how well.

    "strict": durable before anything is sent or said; *url* is `sqlite:///absolute/path`, `sqlite:path` (relative to
    this file) for one process, or `postgresql://...` for several (secrets.password, or what libpq reads). "off": in
    memory, for a wallet that keeps all four promises. *quarantine*: seconds in which a call in doubt may still land at
    the wallet. *closed_days* after a row was closed it is pruned to a hash. *hold_hours*: how old a withdrawal's hold,
    or a stake's, grows before it stands before a human; it is never released for its age.
    """

    url: JournalUrl | None = None
    secrets: dict[Literal["password"], References] = {}
    durability: Literal["off", "strict"] = "strict"
    quarantine: float = Field(default=60.0, ge=1, le=3600)
    closed_days: int = Field(default=90, ge=1, le=3650)
    hold_hours: float = Field(default=24.0, gt=0, le=8760)


class ProviderPart(_Part):
    """One provider. *journal_id* and *mount* follow the provider's name unless given; *settings* fill what a table
    lists under `[missing]` and `[outbound]`; *urls*: where it is asked, by the names in its `[outbound]`; *tables* is a
    folder with further mappings, relative to the settings file. *allow*: addresses and networks from which it calls;
    who calls from elsewhere is told nothing. None are all.
    """

    dialect: str
    allow: Networks = []
    journal_id: Name = ""
    mount: Mount = ""
    secrets: dict[str, References] = {}
    options: dict[str, Scalar] = {}
    settings: dict[str, Scalar] = {}
    urls: dict[str, Url] = {}
    tables: Path | None = None


class Drain(_Part):
    """Seconds: how long callbacks are still taken after a signal, and how long those at work may last then.

    Together they bound a stop; 14 as they are.
    """

    accept_grace: float = Field(default=4.0, ge=0, le=600)
    timeout: float = Field(default=10.0, ge=0, le=600)


class Otel(_Part):
    """Spans, sent as OTLP over HTTP in JSON to `{endpoint}/v1/traces`; needs the extra "otel".

    *ratio*: the part of all traces that is recorded; *delay*: seconds for which spans are gathered.
    """

    endpoint: Url
    service: str = "gateway"
    ratio: float = Field(default=1.0, ge=0, le=1)
    delay: float = Field(default=5.0, gt=0, le=60)


class Settings(BaseSettings):
    """Everything `gateway serve` is told. Made by `load`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=NEST, extra="forbid", hide_input_in_errors=True
    )

    public: Public = Public()
    admin: AdminPart = AdminPart()
    probes: ProbesPart | None = None
    internal: InternalPart | None = None
    wallet: Wallet
    journal: Journal = Journal()
    providers: dict[Name, ProviderPart] = Field(min_length=1)
    drain: Drain = Drain()
    otel: Otel | None = None

    _folder: Path = PrivateAttr(default=Path())
    _file: dict[str, Any] = PrivateAttr(default_factory=dict)
    _env: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where relative paths of the file begin: the file's own folder."""
        return self._folder

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @model_validator(mode="after")
    def _agree(self) -> Self:
        self._journal_fits()
        if self.wallet.tls is not None and not self.wallet.url.startswith("https://"):
            raise ValueError("wallet.tls: the wallet's URL is not https://, so none of this would be used")
        for field in ("journal_id", "mount"):
            taken: dict[str, str] = {}
            for name, provider in self.providers.items():
                value = getattr(provider, field) or (name if field == "journal_id" else f"/{name}")
                setattr(provider, field, value)
                if value in taken:
                    raise ValueError(f"providers.{name}.{field}: the same as that of providers.{taken[value]}")
                taken[value] = name
        return self

    def _journal_fits(self) -> None:
        promises = set(self.wallet.promises)
        missing = [promise for promise in get_args(Promise) if promise not in promises]
        if self.journal.durability == "off" and missing:
            raise ValueError(
                f'journal.durability: "off" needs all four promises of the wallet; missing: {", ".join(missing)}'
            )
        if self.journal.durability == "strict" and self.journal.url is None:
            raise ValueError(
                'journal.url: a durable journal needs a place, such as "sqlite:///var/lib/gateway/journal.db"'
                ' (or durability = "off", for a wallet that keeps all four promises)'
            )
        if self.public.reuse_port and not self._journal_is_shared():
            raise ValueError(
                "public.reuse_port: several processes on one port need one journal, and each would have its own: say"
                ' journal.url = "postgresql://host/database" with durability = "strict", or serve from one process'
            )
        resolves = "status" in promises or {"idempotent", "references"} <= promises
        if not resolves and not self.wallet.accept_manual_resolution:
            raise ValueError(
                "wallet.promises: without status, and without idempotent together with references, what a silent wallet"
                " leaves in doubt is parked for a human; say wallet.accept_manual_resolution = true"
            )

    def _journal_is_shared(self) -> bool:
        url = self.journal.url or ""
        return self.journal.durability == "strict" and url.startswith(POSTGRES)


def load(path: Path) -> Settings:
    """Read the settings file and the environment over it. Raises SettingsRefused with every fault found."""
    try:
        text = path.read_text(encoding="utf-8")
        file = tomllib.loads(text)
    except OSError as fault:
        raise SettingsRefused([f"{path.name}: {fault.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsRefused([f"{path.name}: not UTF-8"]) from None
    except tomllib.TOMLDecodeError as fault:
        place = re.search(r"\(at [^()]*\)$", str(fault))
        raise SettingsRefused([f"{path.name}: not TOML {place[0] if place else ''}".rstrip()]) from None
    except RecursionError:
        raise SettingsRefused([f"{path.name}: nested too deeply"]) from None
    if strange := list(strange_variables(Settings)):
        raise SettingsRefused(strange)
    try:
        env = EnvSettingsSource(Settings)()
        settings = Settings(**file)
    except SettingsError as fault:
        field = re.search(r'field "(\w+)"', str(fault))
        name = f"{PREFIX}{field[1].upper()}" if field else f"{PREFIX}*"
        raise SettingsRefused([f"environment {name}: not JSON"]) from None
    except ValidationError as fault:
        raise SettingsRefused(list(lines(fault, Settings, Source(path.name, text), env))) from None
    settings._folder, settings._file, settings._env = path.parent, file, env
    return settings


@dataclass(frozen=True, slots=True)
class Shown:
    """An effective value and where it came from."""

    value: Any
    origin: Origin


def show(settings: Settings) -> dict[str, Shown]:
    """`config show`: every leaf by its dotted name; secrets as the references they are."""
    return dict(_leaves("", settings, settings._file, settings._env))


def _leaves(name: str, value: Any, file: Any, env: Any) -> Iterator[tuple[str, Shown]]:
    below: Mapping[str, Any] | None = None
    if isinstance(value, BaseModel) and not isinstance(value, Reference):
        below = {field: getattr(value, field) for field in type(value).model_fields}
    elif isinstance(value, Mapping):
        below = value
    if below is None:
        origin: Origin = "env" if env is not None else "file" if file is not None else "default"
        yield name, Shown(_plain(value), origin)
        return
    for key, inner in below.items():
        of_file = file.get(key) if isinstance(file, Mapping) else None
        of_env = env.get(key) if isinstance(env, Mapping) else None
        yield from _leaves(f"{name}.{key}" if name else key, inner, of_file, of_env)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Reference | Path) else value
