"""A sample as a function writes what its tree says: every name there or not, first, last, alone or nested."""

import itertools
from typing import Any

import pytest

from gateway.wire.jsontext import read_json, scalar_text, write_json
from gateway.wire.templates import Sample, Slot, look

SAMPLES = [
    '{"a": "$a?", "b": $b?, "c": "$c?"}',
    '{"a": "$a", "b": $b?, "c": "$c?"}',
    '{"x": 1, "a": "$a?", "y": {"b": $b?, "z": {"c": "$c?"}}}',
    '{"x": {"a": "$a?"}, "y": [$b?, "$c", {"a": "$a?"}], "z": {}}',
    '{"y": ["$a?", $b?, "$c?"], "a": "$a?"}',
    '{"$$a": "$$b", "a": "$a?", "b": "it\'s \\"$a\\"", "c": ["$c?", []]}',
]
GIVEN: dict[str, tuple[Any, ...]] = {
    "a": (None, "", 'q"\\\u2028é'),
    "b": (None, "1.50", True, ["x"]),
    "c": (None, "12", 7),
}


def due(node: Any, values: dict[str, Any]) -> bytes | None:
    """The bytes of a node of the tree, by a walk; None for one that is left out."""
    if isinstance(node, bytes):
        return node
    if isinstance(node, Slot):
        value = values.get(node.name)
        if value is None or (node.bare and isinstance(value, str)):
            return value and value.encode()
        return write_json(value if node.bare or isinstance(value, list) else scalar_text(value))
    brackets, members = node
    kept = [key + found for key, child in members if (found := due(child, values)) is not None]
    return brackets[0].encode() + b",".join(kept) + brackets[1].encode()


@pytest.mark.parametrize("text", SAMPLES)
def test_every_choice_of_names(text: str) -> None:
    """With each name's values, present and absent, in all combinations."""
    sample = Sample(text)
    for chosen in itertools.product(*GIVEN.values()):
        values = dict(zip(GIVEN, chosen, strict=True))
        if any(values[slot.name] is None and not slot.optional for slot in sample.slots):
            with pytest.raises(KeyError):
                sample.write(values)
            continue
        written = sample.write(values)
        assert written == due(sample._root, values)
        body = read_json(written)
        for slot in sample.slots:
            if all(isinstance(key, str) for key in slot.keys):
                assert (look(body, slot.keys) is None) is (values[slot.name] is None)
