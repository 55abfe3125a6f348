"""A batch: one message that holds a list of transactions, and one answer that holds theirs.

Each item is a callback of its own, told as if it had come alone; only its bytes stand inside a larger message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.canon.calls import Shape
from gateway.dialect.answerform import NAMES, AnswerForm
from gateway.dialect.wireanswer import WireAnswer
from gateway.wire.jsontext import read_json, write_json
from gateway.wire.message import Garbled, Response
from gateway.wire.opened import Opened
from gateway.wire.templates import look

#: What may stand in the answer to a batch.
BATCH_NAMES: dict[str, Shape] = {**NAMES, "items": Shape.BAG}


@dataclass(frozen=True)
class Batch:
    """*each*: the steps to the list, none where the body is the list; *most*: items that are taken.

    *stops*: what follows an item that failed is not tried. *form*: the answer around the items'; None: their bare list.
    """

    each: tuple[str, ...]
    most: int
    stops: bool
    form: AnswerForm | None

    def split(self, opened: Opened) -> list[Opened]:
        """The message once for each of its items, in order. Garbled for a message without a list, or with too long."""
        count = len(opened.items)
        if count > self.most:
            raise Garbled(f"more than {self.most} items")
        return [opened.at(number) for number in range(count)]

    def write(
        self, items: Sequence[bytes], own: bytes, answer: WireAnswer, facts: Mapping[str, Any], message: str
    ) -> bytes:  # fmt: skip
        """The whole answer. *answer*, *facts* and *message* are of the item that speaks for all; *own*: its bytes.

        Without items nothing of the batch was read: the list is empty, or, where there is only the list, *own* is all.
        """
        values = [read_json(each) for each in items]
        if self.form is None:
            return write_json(values) if values else own
        return self.form.write(answer, {**facts, "items": values}, message)[1]

    def only(self, response: Response) -> Response:
        """The answer to the one item that was sent, as if it had come alone. Garbled where it is not just that one."""
        found: Any = read_json(response.body)
        if self.form is not None:
            slot = self.form.slot("items")
            found = look(found, slot.keys) if slot else None
        if not isinstance(found, list) or len(found) != 1:
            raise Garbled("the answer does not hold one item")
        return Response(response.status, response.headers, write_json(found[0]))
