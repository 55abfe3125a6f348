"""The closed lists of a table's words as pydantic types: editors know each word, the compiler complains better."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from gateway.canon.calls import AMOUNTS, CALL_FIELDS
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.canon.payments import PaymentState
from gateway.canon.requests import ASK_FIELDS, Ask, Result


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
    AmountName = str
    OutcomeName = str
    OperationName = str
    AskField = str
    AskName = str
    ResultName = str
    PaymentStateName = str
else:
    FieldName = _words(*CALL_FIELDS)
    AmountName = _words(*sorted(AMOUNTS), "balance")
    OutcomeName = _words(**{str(o): f"{o.sentence}. moved: {o.moved.value}; lasting: {o.lasting}" for o in Outcome})
    OperationName = _words(*Operation)
    AskField = _words(*ASK_FIELDS)
    AskName = _words(**{str(each): each.sentence for each in Ask})
    ResultName = _words(**{str(each): f"{each.sentence}. done: {each.done.value}" for each in Result})
    PaymentStateName = _words(*PaymentState)
if TYPE_CHECKING:
    Yes = Literal[True]
    No = Literal[False]
else:  # a Literal would take 1 and 0 for them
    Yes, No = _exactly(True), _exactly(False)
