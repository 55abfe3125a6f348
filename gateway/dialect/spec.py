"""The shape of a mapping table, for pydantic and, as JSON Schema, for editors (`mappings/schema.json`).

Shape only: which keys exist and what kind of value each takes. Every key is optional here, because a variant or an
option is a patch of the same shape; what a whole table needs is the compiler's to say, and so are names of fields,
outcomes and operations (it knows what was meant). Left is ours, right is theirs.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.dialect.spec_words import (
    AmountName,
    AskField,
    AskName,
    FieldName,
    No,
    OperationName,
    OutcomeName,
    PaymentStateName,
    ResultName,
    Yes,
)

MemoryKey = Literal["session", "reference", "round", "player", "transaction"]
Scalar = Annotated[bool, Field(strict=True)] | Annotated[int, Field(strict=True)] | Annotated[str, Field(strict=True)]
Milliseconds = Annotated[int, Field(strict=True, gt=0)]
Seconds = Annotated[int, Field(strict=True, ge=0)]
Status = Annotated[int, Field(strict=True, ge=200, le=999)]  # some say 603 where HTTP ends at 599


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
    minus: Literal["refused", "ignored"] | None = Field(
        None, description='"ignored": a minus that only marks a debit is read past, and never written.'
    )


class MoneyTable(MoneyForm):
    """`[money]`: the table's form, and another one for single fields."""

    fields: dict[AmountName, MoneyForm] | None = None


class IdForm(Section):
    """How one id is spelled where their alphabet is narrower than ours."""

    form: Literal["alphanumeric"] | None = Field(None, description="ASCII letters and digits; others are coded.")
    longest: int | None = Field(None, ge=16, le=255, description="Characters that have room.")
    before: Annotated[str, Field(min_length=1)] | None = Field(None, description="What they write before ours.")
    after: Annotated[str, Field(min_length=1)] | None = Field(None, description="What they write after ours.")


class FieldTable(MoneyForm):
    """A field whose spelling differs from the table's."""

    at: str | list[str] = Field(description="A place, or several of which the first present wins.")
    form: str | None = Field(None, description="Money: number, integer, text. Time: iso, unix_s, unix_ms, a pattern.")  # type: ignore[assignment]
    zone: str | None = None
    parts: Annotated[list[str], Field(min_length=2)] | None = Field(
        None, description="Of a debit's amount: places whose sum it must be, where all of them but `?` ones stand."
    )
    plus: Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="Further places whose amounts are added to it; `?`: counts as nothing where it is absent."
    )
    exponent: str | None = Field(None, description="Where it says how many decimals the amount has; it is an integer.")
    net: str | None = Field(
        None,
        description="Of a win_amount: where it stands less the bet_amount, with a sign; that decides.",
    )


class SignatureTable(Section):
    """A recipe, direction-free: the receiver checks it, the sender makes it."""

    recipe: str | None = Field(None, description="A named recipe; this section is laid over its keys.")
    like: Literal["request.signature"] | None = Field(None, description="Borrow another section's recipe.")
    scheme: Literal["hmac", "hash", "rsa", "token", "basic", "decryption", "none"] | None = None
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


class Presence(Section):
    """`when`: whether a place has a value at all, where no literal tells messages apart."""

    present: bool = Field(description="Must there be a value (true), or none (false)?")


When = Scalar | Presence


class DigestTable(Section):
    """An id for a message that may come without one."""

    digest_of: list[str | dict[str, Any]] = Field(min_length=1, description="Parts, as in a signature's `over`.")
    within_s: Annotated[int, Field(strict=True, gt=0)] = Field(
        description="For so long after it was first seen the same is a repeat; later it is another movement."
    )


class BodyStep(Section):
    """One step of a body in an envelope: a field is taken out, or a cipher is opened."""

    take: str | None = Field(None, description="The field of the form or the object before it that holds the rest.")
    cipher: Literal["aes-128-cbc", "aes-256-gcm"] | None = None
    key: str | None = Field(None, description="Name of the secret in the provider's settings.")
    iv: str | None = Field(None, description="Name of the secret that is the iv of every message (CBC).")
    filler: list[str] | None = Field(None, description='CBC: "pkcs7", or "space", "zero"; the first is written.')
    parts: list[str] | None = Field(None, description='GCM: the order of "iv", "data" and "tag" (the default: so).')
    apart: Literal["base64"] | None = Field(None, description="GCM: each part is coded by itself.")


class RequestTable(Section):
    """`[request]`: what all operations share."""

    method: str | None = None
    path: str | None = None
    body: Literal["json", "form", "xml", "none"] | list[str | BodyStep] | None = Field(
        None, description="What it is read as; or the steps to what is inside, left to right as they are read."
    )
    vectors: list[dict[str, Any]] | None = Field(None, description="Sealed bodies and what is inside; they must open.")
    when: dict[str, When | Annotated[list[When], Field(min_length=1)]] | None = Field(
        None, description="Place = literal or { present = ... }, or a list of which one must hold."
    )
    set: dict[FieldName, Scalar] | None = Field(None, description="Given to the call, whatever the message says.")
    fields: dict[FieldName, str | list[str] | FieldTable | No] | None = None
    values: dict[FieldName, dict[str, Scalar]] | None = Field(
        None, description="Closed sets: ours = theirs; of a flag, true = and false =."
    )
    fill: dict[str, Scalar | list[Any] | dict[str, Any]] | None = Field(None, description="Written, never read.")
    known: list[str] | None = Field(None, description="Places that the documents list: neither written nor read.")
    derive: dict[FieldName, Scalar | DigestTable] | None = Field(
        None, description='Literal, formula such as "{reference}#win", or a digest of the message.'
    )
    absent: list[str] | None = Field(None, description='Texts that stand for no value, such as "null" in a form.')
    recall: dict[FieldName, MemoryKey] | None = Field(None, description="Taken from what we remember by this key.")
    integers: list[FieldName] | None = Field(
        None, description="Text fields written as JSON integers; a key that is none, by a digest."
    )
    signature: SignatureTable | None = None


class OperationTable(RequestTable):
    """`[operations.<name>]`: laid over `[request]`."""

    operation: OperationName | None = Field(None, description="The canonical operation, for a variant.")
    targets: list[OperationName] | None = Field(None, min_length=1, description="Rollbacks: what may be undone.")
    zero: Literal["refused", "allowed", "when free"] | None = None
    reverse_unknown: bool | None = Field(None, description="Our own reversal is durable before a doubt is answered.")
    suppressed: bool | None = Field(None, description="A free bet: the wallet is asked for the balance, not for it.")
    unsupported: Yes | None = Field(None, description="Known, and answered as unsupported; nothing of it is read.")
    park_without: list[FieldName] | None = Field(
        None, min_length=1, description="Amounts without which it is written down for a human, and asked for again."
    )
    codes: Codes | None = None
    said_as: SaidAs | None = None
    heard_as: HeardAs | None = None
    answers: AnswersTable | None = None
    may_say: list[Scalar] | None = Field(None, description="The vendor's own list of codes for this operation.")


class CurrencyTable(Section):
    """A currency by their name, of which one is many of ours."""

    code: str = Field(description="Theirs.")
    worth: int | None = Field(None, description="How many of ours are one of theirs: a power of ten.")


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


class BatchTable(Section):
    """`[batch]`: one message holds several transactions, and its answer those to each."""

    each: str | None = Field(None, description='Where the list of items stands; "body": the body is the list.')
    most: Annotated[int, Field(strict=True, ge=1, le=256)] | None = Field(None, description="Items that are taken.")
    after_failure: Literal["go_on", "stop"] | None = Field(None, description="Is what follows a failed item tried?")
    answer: str | None = Field(None, description="Their sample around $items; default: the bare list of them.")


class WalletTable(Section):
    """`[wallet]`: on the wallet side only."""

    not_processed: list[Status] | None = Field(None, description="HTTP statuses that by contract are a definite no.")
    instead: dict[Literal["bet_win", "end_round", "adjust"], list[Literal["bet", "win"]]] | None = Field(
        None, description="What is sent in place of an operation that the table lacks; []: it is refused."
    )


class AskAnswers(AnswerForm):
    """What the provider answers to requests of ours: a success, and a refusal."""

    done: AnswerForm | None = None
    refused: AnswerForm | None = None


class Absent(Section):
    """What "not found" proves of a payment that was asked about."""

    proof_after_s: Seconds = Field(description="Seconds after the last try before it proves that there is none.")


class AskShared(Section):
    """What all requests of ours share, and each may say for itself."""

    url: str | None = Field(None, description="A named URL of the provider's settings; default: api.")
    body: Literal["json", "form", "none"] | None = None
    headers: dict[str, str] | None = Field(None, description='Literals, "{secret.name}" or "{setting.name}".')
    fields: dict[AskField, str | list[str] | FieldTable | No] | None = None
    values: dict[AskField, dict[str, Scalar]] | None = Field(None, description="Closed sets: ours = theirs.")
    fill: dict[str, Scalar | list[Any] | dict[str, Any]] | None = Field(None, description="Written beside the fields.")
    integers: list[AskField] | None = Field(None, description="Text fields written as JSON integers.")
    signature: SignatureTable | None = None
    answers: AskAnswers | None = None
    codes: dict[ResultName, WireAnswer] | None = None
    heard_as: dict[ResultName, list[WireAnswer]] | None = None


class AskTable(AskShared):
    """`[outbound.requests.<name>]`: one request of ours, laid over what all share."""

    method: str | None = Field(None, description="Default: POST.")
    path: str | None = Field(None, description="After the named URL; {name} is filled in by a field at path.name.")
    resolve: AskName | None = Field(None, description="What is asked when nobody knows whether it was done.")
    repeat: Literal["same reference"] | None = Field(None, description="The same reference is safe to send again.")
    absent: Absent | None = None


class OutboundTable(AskShared):
    """`[outbound]`: what we ask of the provider. A code space of its own; nothing of the callbacks' holds here."""

    source: list[str] | None = Field(None, description="Documents that these rows were written from.")
    gaps: list[str] | None = Field(None, description="What they do not say, and how the rows read it.")
    deadline_ms: dict[str, Milliseconds] | None = Field(None, description="How long an answer is waited for.")
    advice: dict[str, Annotated[list[str], Field(min_length=2, max_length=2)]] | None = Field(
        None, description='Their message, or how it begins, or "HTTP 401" = [its cause, what to do].'
    )
    requests: dict[AskName, AskTable] | None = None


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
    currencies: dict[str, str | CurrencyTable] | None = Field(None, description="Ours = theirs; others pass as named.")
    ids: dict[FieldName, IdForm] | None = Field(None, description="Ids that must fit their alphabet, wherever said.")
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
    batch: BatchTable | None = None
    outbound: OutboundTable | None = None
    payments: PaymentsTable | None = None
    options: dict[str, OptionTable] | None = None


def json_schema() -> dict[str, Any]:
    """The schema that editors complete and check by."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A mapping table of the gateway",
        **Table.model_json_schema(),
    }
