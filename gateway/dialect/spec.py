"""The shape of a mapping table, for pydantic and, as JSON Schema, for editors (`mappings/schema.json`).

Shape only: which keys exist and what kind of value each takes. Every key is optional here, because a variant or an
option is a patch of the same shape; what a whole table needs is the compiler's to say, and so are names of fields,
outcomes and operations (it knows what was meant). Left is ours, right is theirs.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from gateway.canon.calls import CALL_FIELDS
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.canon.payments import PaymentState


def _words(*words: str, **described: str) -> Any:
    """A text key of which editors know the list; the compiler checks it, with a better complaint."""
    options = [{"const": word} for word in words] + [
        {"const": word, "description": text} for word, text in described.items()
    ]
    return Annotated[str, WithJsonSchema({"type": "string", "anyOf": options})]


def _exactly(flag: bool) -> Any:
    """The one flag that may stand here."""

    def checked(value: bool) -> bool:
        if value is not flag:
            raise ValueError(f"{str(flag).lower()}, or nothing")
        return value

    schema = WithJsonSchema({"const": flag, "type": "boolean"})
    return Annotated[bool, Field(strict=True), AfterValidator(checked), schema]


if TYPE_CHECKING:
    FieldName = str
    OutcomeName = str
    OperationName = str
    PaymentStateName = str
else:
    FieldName = _words(*CALL_FIELDS)
    OutcomeName = _words(**{str(o): f"{o.sentence}. moved: {o.moved.value}; lasting: {o.lasting}" for o in Outcome})
    OperationName = _words(*Operation)
    PaymentStateName = _words(*PaymentState)
if TYPE_CHECKING:
    Yes = Literal[True]
    No = Literal[False]
else:  # a Literal would take 1 and 0 for them
    Yes, No = _exactly(True), _exactly(False)
MemoryKey = Literal["session", "reference", "round", "player", "transaction"]
Scalar = Annotated[bool, Field(strict=True)] | Annotated[int, Field(strict=True)] | Annotated[str, Field(strict=True)]
Milliseconds = Annotated[int, Field(strict=True, gt=0)]
Seconds = Annotated[int, Field(strict=True, ge=0)]
Status = Annotated[int, Field(strict=True, ge=200, le=599)]


class Section(BaseModel):
    """What all sections share: an unknown key is refused, and no complaint repeats a value."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class WireAnswerTable(Section):
    """One thing that can be said, spelled out."""

    code: Scalar | None = Field(None, description="The word or number as it stands in the answer; its type counts.")
    text: str | None = Field(None, description="What `$message` is for this answer.")
    http: Status | None = Field(None, description="HTTP status; without a code: that status, empty body.")
    no_answer: Yes | None = Field(None, description="Close the connection without an answer.")
    message_starts: str | None = Field(None, description="Heard only: refines a row of the same certainty.")


WireAnswer = Scalar | WireAnswerTable


class TimeForm(Section):
    """How times are spelled."""

    form: str = Field("iso", description='"iso", "unix_s", "unix_ms" or a pattern such as "dd-MM-yyyy HH:mm:ss".')
    zone: str = Field("UTC", description="Zone of a pattern's times.")


class MoneyForm(Section):
    """How amounts are spelled."""

    form: Literal["number", "integer", "text"] | None = Field(None, description="JSON number, integer or text.")
    unit: Literal["major", "minor"] | Annotated[int, Field(strict=True, gt=0)] | None = Field(
        None, description="One of theirs: a major unit, a minor unit (by exponent), or n to the major unit."
    )
    decimals: int | None = Field(None, ge=0, le=18, description="Digits written; default: the currency's.")
    inexact: Literal["refuse", "truncate"] | None = Field(None, description="For balances only.")
    lenient: bool | None = Field(None, description="A number sent as text is read too.")
    signed: bool | None = Field(None, description="Negative amounts are read as what they are.")


class MoneyTable(MoneyForm):
    """`[money]`: the table's form, and another one for single fields."""

    fields: dict[FieldName, MoneyForm] | None = None


class FieldTable(MoneyForm):
    """A field whose spelling differs from the table's."""

    at: str | list[str] = Field(description="A place, or several of which the first present wins.")
    form: str | None = Field(None, description="Money: number, integer, text. Time: iso, unix_s, unix_ms, a pattern.")  # type: ignore[assignment]
    zone: str | None = None


class SignatureTable(Section):
    """A recipe, direction-free: the receiver checks it, the sender makes it."""

    recipe: str | None = Field(None, description="A named recipe; this section is laid over its keys.")
    like: Literal["request.signature"] | None = Field(None, description="Borrow another section's recipe.")
    scheme: Literal["hmac", "hash", "rsa", "token", "none"] | None = None
    digest: Literal["md5", "sha1", "sha256", "sha384", "sha512"] | None = None
    encoding: Literal["hex", "HEX", "base64"] | None = None
    padding: Literal["pkcs1v15", "pss"] | None = None
    at: str | None = Field(None, description="Where the signature stands.")
    prefix: str | None = None
    over: list[str | dict[str, Any]] | None = Field(None, description="What is signed, part after part.")
    secret: str | None = Field(None, description="Name of the secret in the provider's settings.")
    secret_form: Literal["text", "whsec"] | None = None
    keys: dict[Literal["check", "make"], str] | None = Field(None, description="Names of the RSA keys.")
    fresh: dict[str, Any] | None = Field(None, description="A signed timestamp and its window.")
    nonce: str | None = Field(None, description="A place for an id that is new in every message.")
    list_: str | None = Field(None, alias="list", description="Separator, where several signatures may stand.")
    vectors: list[dict[str, Any]] | None = Field(None, description="Published examples; they must verify.")


class AnswerForm(Section):
    """What an answer looks like: their own JSON sample with $names."""

    http: Status | Annotated[list[Status], Field(min_length=1)] | Literal["$code"] | None = None
    headers: dict[str, str] | None = None
    body: str | None = Field(None, description="Their sample; `$name` where a value goes, `$name?` where it may lack.")


class AnswersTable(AnswerForm):
    """The shape of all answers, refined for done, refused, or one outcome."""

    model_config = ConfigDict(extra="allow", strict=True, hide_input_in_errors=True)
    __pydantic_extra__: dict[str, AnswerForm] = Field(init=False)
    done: AnswerForm | None = None
    refused: AnswerForm | None = None
    signature: SignatureTable | None = None


Codes = dict[OutcomeName, WireAnswer]
SaidAs = dict[OutcomeName, list[OutcomeName]]
HeardAs = dict[OutcomeName, list[WireAnswer]]


class EffectSet(Section):
    """What the provider does after each answer; `"*"` is every other code."""

    done: list[WireAnswer] | None = Field(None, description="Believes that it applied.")
    final: list[WireAnswer] | None = Field(None, description="Believes that it did not, and sends nothing.")
    retries: list[WireAnswer] | None = Field(None, description="Sends the same id again.")
    rolls_back: list[WireAnswer] | None = Field(None, description="Sends a rollback.")
    silent: list[WireAnswer] | None = Field(None, description="Assumes failure, and sends nothing.")
    because: str | None = Field(None, description="Why a lasting no is said with a word that is repeated.")


class EffectsTable(EffectSet):
    """`[effects]` for every operation, `[effects.<operation>]` for one."""

    model_config = ConfigDict(extra="allow", strict=True, hide_input_in_errors=True)
    __pydantic_extra__: dict[str, EffectSet] = Field(init=False)


class RequestTable(Section):
    """`[request]`: what all operations share."""

    method: str | None = None
    path: str | None = None
    body: Literal["json", "form", "none"] | None = None
    when: dict[str, Scalar | Annotated[list[Scalar], Field(min_length=1)]] | None = Field(
        None, description="Place = literal, or a list of which one must hold."
    )
    set: dict[FieldName, Scalar] | None = Field(None, description="Given to the call, whatever the message says.")
    fields: dict[FieldName, str | list[str] | FieldTable | No] | None = None
    values: dict[FieldName, dict[str, Scalar]] | None = Field(None, description="Closed sets: ours = theirs.")
    fill: dict[str, Scalar | list[Any] | dict[str, Any]] | None = Field(None, description="Written, never read.")
    derive: dict[FieldName, Scalar] | None = Field(None, description='Literal or formula such as "{reference}#win".')
    recall: dict[FieldName, MemoryKey] | None = Field(None, description="Taken from what we remember by this key.")
    integers: list[FieldName] | None = Field(None, description="Text fields written as JSON integers.")
    signature: SignatureTable | None = None


class OperationTable(RequestTable):
    """`[operations.<name>]`: laid over `[request]`."""

    operation: OperationName | None = Field(None, description="The canonical operation, for a variant.")
    targets: list[OperationName] | None = Field(None, min_length=1, description="Rollbacks: what may be undone.")
    zero: Literal["refused", "allowed", "when free"] | None = None
    reverse_unknown: bool | None = Field(None, description="Our own reversal is durable before a doubt is answered.")
    codes: Codes | None = None
    said_as: SaidAs | None = None
    heard_as: HeardAs | None = None
    answers: AnswersTable | None = None
    may_say: list[Scalar] | None = Field(None, description="The vendor's own list of codes for this operation.")


class UnreadTable(Section):
    """`[unread]`: answers to messages whose operation is not known."""

    codes: Codes | None = None
    said_as: SaidAs | None = None


class PaymentsTable(Section):
    """`[payments]`: the states that webhooks report; what may follow what is ours to say."""

    states: dict[PaymentStateName, Annotated[str, Field(strict=True, min_length=1)]] | None = Field(
        None, description="Ours = theirs."
    )
    order_by: FieldName | None = Field(None, description="The time that tells the older of two changes.")
    unlisted: Literal["unknown"] | None = Field(None, description="A state not listed is neither success nor failure.")


class WalletTable(Section):
    """`[wallet]`: on the wallet side only."""

    not_processed: list[Status] | None = Field(None, description="HTTP statuses that by contract are a definite no.")


class OptionTable(Section):
    """A switch for a point on which the vendor's documents disagree."""

    why: str = Field(description="What disagrees with what.")
    default: str
    choices: dict[str, dict[str, Any]] = Field(description="Each choice is a patch of this table.")


class Table(Section):
    """A mapping table, or a patch of one."""

    dialect: str | None = Field(None, description="The file's own name without .toml.")
    title: str | None = None
    source: list[str] | None = Field(None, description="Documents that the rows were written from.")
    gaps: list[str] | None = Field(None, description="What the documents do not say, and how the table reads it.")
    extends: str | None = Field(None, description="The table over which this one is laid.")
    without: list[str] | None = Field(None, description="Keys that are dropped before this patch is laid over.")
    deadline_ms: dict[str, Milliseconds] | None = Field(None, description="When the provider stops listening.")
    retry_span_s: dict[str, Seconds] | None = Field(None, description="How long it keeps repeating; 0: one try.")
    scope: list[Literal["player", "operation", "round"]] | None = Field(None, description="An id is unique within.")
    replay_balance: dict[str, Literal["stored", "fresh"]] | None = Field(
        None, description="The balance that a repeat of an applied operation hears: the one told then, or now's."
    )
    fingerprint: dict[str, Annotated[list[FieldName], Field(min_length=1)]] | None = Field(
        None, description="Fields that make the same id another call."
    )
    session_checked: list[OperationName] | None = Field(
        None, description="The operations that a dead session stops; it never stops a credit or a reversal."
    )
    request: RequestTable | None = None
    operations: dict[str, OperationTable] | None = None
    money: MoneyTable | None = None
    time: TimeForm | None = None
    answers: AnswersTable | None = None
    missing: dict[str, list[Scalar]] | None = Field(None, description="Sources for a demanded field, in order.")
    codes: Codes | Literal["ours"] | None = None
    said_as: SaidAs | None = None
    heard_as: HeardAs | None = None
    unread: UnreadTable | None = None
    may_say: list[Scalar] | None = Field(None, description="The vendor's own list of codes.")
    effects: EffectsTable | None = None
    wallet: WalletTable | None = None
    payments: PaymentsTable | None = None
    options: dict[str, OptionTable] | None = None


def json_schema() -> dict[str, Any]:
    """The schema that editors complete and check by."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A mapping table of the gateway",
        **Table.model_json_schema(),
    }
