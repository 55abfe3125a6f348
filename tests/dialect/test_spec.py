"""The shape of tables: strict kinds, and a JSON Schema for editors that is current."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.canon.calls import CALL_FIELDS
from gateway.canon.outcomes import Outcome
from gateway.dialect.spec import Table, json_schema


def test_the_schema_beside_the_tables_is_current(root: Path) -> None:
    """`mappings/schema.json` is what `gateway schema` prints: editors check by the language as it is."""
    assert (root / "mappings" / "schema.json").read_text("utf-8") == json.dumps(json_schema(), indent=1) + "\n"


def test_the_schema_knows_our_words() -> None:
    """Outcomes with what they mean for the money, and every field, stand in it for completion."""
    text = json.dumps(json_schema())
    assert all(f'"{outcome}"' in text for outcome in Outcome)
    assert all(f'"{name}"' in text for name in CALL_FIELDS)
    assert "moved: unknown; lasting: False" in text


@pytest.mark.parametrize(
    "table",
    [
        {"answers": {"http": True}},
        {"answers": {"http": "200"}},
        {"answers": {"http": 1000}},
        {"answers": {"http": []}},
        {"money": {"decimals": "2"}},
        {"money": {"unit": True}},
        {"wallet": {"not_processed": ["401"]}},
        {"deadline_ms": {"default": 0}},
        {"operations": {"bet": {"when": {"body.a": []}}}},
        {"operations": {"bet": {"targets": []}}},
        {"retry_span_s": {"default": "60"}},
        {"retry_span_s": {"default": -1}},
        {"replay_balance": {"default": "old"}},
        {"replay_balance": "fresh"},
        {"fingerprint": {"bet": []}},
        {"fingerprint": {"bet": "amount"}},
        {"session_checked": "bet"},
        {"operations": {"bet": {"reverse_unknown": 1}}},
        {"codes": {"ok": 1.5}},
        {"codes": {"ok": {"no_answer": 1}}},
        {"codes": {"ok": {"no_answer": False}}},
        {"request": {"fields": {"game": 0}}},
        {"request": {"fields": {"game": True}}},
    ],
)
def test_a_value_of_another_kind_is_never_taken_for_the_right_one(table: dict[str, Any]) -> None:
    """No text for a number, no flag for a status, no empty list where one of several must hold."""
    with pytest.raises(ValidationError):
        Table.model_validate(table)
