"""The examples beside a table, `<dialect>.examples.toml`: conversations that document it, prove it, and are played.

`[[example]]`: a raw call, the canonical call it becomes, a canonical reply, the raw answer and its effect.
`[[said]]`: outcomes that an operation says alike. `[[heard]]`: an answer read back. `[[failure]]`: what follows when
the transport fails. `[[contract]]`: what the journal goes by. An example with a source is pasted from the provider's
documents, and no tool rewrites it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gateway.canon.calls import CALL_FIELDS, REPLY_FIELDS, Shape
from gateway.canon.money import exact
from gateway.dialect.problems import Refused
from gateway.dialect.shapes import shape_complaints
from gateway.dialect.source import Source

EffectWord = Literal["done", "final", "retries", "rolls_back", "silent"]
Effect = Annotated[list[EffectWord], BeforeValidator(lambda value: value)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Example(_Part):
    """One conversation. Headers hold no signature: the runner signs, unless they bring one of their own."""

    name: str
    source: str | None = None
    operation: str
    options: dict[str, str] = {}
    method: str | None = Field(None, description="Default: the operation's.")
    path: str | None = Field(None, description="Default: the operation's.")
    query: str = ""
    headers: dict[str, str] = {}
    body: str = ""
    forged: bool = Field(False, description="The signature is broken on purpose.")
    memory: dict[str, dict[str, dict[str, Any]]] = Field({}, description="kind.id = facts, beside the file's own.")
    call: dict[str, Any] | None = Field(None, description="The canonical call it becomes.")
    refused: str | None = Field(None, description="Instead of a call: the outcome with which it is refused.")
    reply: dict[str, Any] | None = Field(None, description="outcome, and what the wallet tells with it.")
    http: int = 200
    answer: str | None = None
    no_answer: bool = False
    effect: Effect | dict[str, Effect]


class Said(_Part):
    """Outcomes said alike by one operation or several ("unread": before any is known), from the file's `[facts]`."""

    operations: list[str]
    outcomes: list[str]
    options: dict[str, str] = {}
    http: int = 200
    answer: str | None = None
    no_answer: bool = False
    effect: Effect | dict[str, Effect]


class HeardAnswer(_Part):
    """An answer of a wallet that speaks this dialect, and what it means."""

    operations: list[str]
    options: dict[str, str] = {}
    http: int = 200
    answer: str
    outcome: str


class Failure(_Part):
    """What the provider does when the transport fails, by operation."""

    answers: list[dict[Literal["http", "no_answer"], int | bool]]
    options: dict[str, str] = {}
    effect: dict[str, Effect]


class Contract(_Part):
    """What the journal goes by for one operation or several; what is stated must be so, and nothing else is asked."""

    operations: list[str]
    options: dict[str, str] = {}
    replay_balance: Literal["stored", "fresh"] = Field("stored", description="The balance that a repeat hears.")
    fingerprint: list[str] = Field(
        [], description="The fields that make the same id another call; their order is free."
    )
    session_checked: bool = Field(False, description="Does a dead session stop it?")
    targets: list[str] = Field([], description="What it may undo.")
    reverse_unknown: bool = Field(False, description="Do we reverse it before a doubt is answered?")
    suppressed: bool = Field(False, description="Is it kept from the wallet, and answered with the balance?")
    unsupported: bool = Field(False, description="Is it known, and not served?")
    park_without: list[str] = Field([], description="The amounts without which it is parked.")
    within_s: int = Field(0, description="For so many seconds the same message without an id is a repeat.")


class ExamplesFile(_Part):
    """The whole file."""

    secrets: dict[str, str] = Field({}, description="Made up for these examples; never anybody's.")
    settings: dict[str, Any] = {}
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    memory: dict[str, dict[str, dict[str, Any]]] = {}
    facts: dict[str, Any] = Field({}, description="What [[said]] answers are filled with.")
    example: list[Example] = []
    said: list[Said] = []
    heard: list[HeardAnswer] = []
    failure: list[Failure] = []
    contract: list[Contract] = []


def read_examples(source: Source) -> ExamplesFile:
    """Parse a file of examples. Raises Refused with GW101, GW102 where its shape is wrong."""
    try:
        return ExamplesFile.model_validate(source.data)
    except ValidationError:
        raise Refused(shape_complaints(ExamplesFile, source, source.data)) from None


def canonical(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of a TOML file in our types: amounts exact, ids as tuples, times aware. Raises Fault, ValueError."""
    found: dict[str, Any] = {}
    for name, value in facts.items():
        shape = CALL_FIELDS.get(name) or REPLY_FIELDS.get(name)
        if shape is Shape.AMOUNT:
            found[name] = exact(str(value))
        elif shape is Shape.TEXTS:
            found[name] = tuple(value) if isinstance(value, list) else (value,)
        elif shape is Shape.TIME and isinstance(value, str):
            found[name] = datetime.fromisoformat(value)
        elif shape is Shape.TEXT and not isinstance(value, str):
            raise ValueError(f"{name} is not a text")
        else:
            found[name] = value
    return found


def toml_value(value: Any) -> str:
    """A fact as it is written in an examples file."""
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(f'"{each}"' for each in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(each)}" for key, each in value.items()) + " }"
    return f'"{value.isoformat()}"' if hasattr(value, "isoformat") else f'"{value}"'


def toml_facts(facts: Mapping[str, Any]) -> str:
    """Facts as an inline table."""
    return toml_value(dict(facts))
