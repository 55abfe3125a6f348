"""`gateway schema`: what editors check by, and what a wallet must serve."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.canon.outcomes import CAN_OCCUR, Outcome
from gateway.dialect.shelf import Shelf
from gateway.dialect.spec import json_schema
from tests.cli.conftest import Gateway


def test_the_schema_of_tables(gateway: Gateway, root: Path) -> None:
    """Byte for byte what `mappings/schema.json` holds where that is written."""
    out = gateway("schema").out
    assert json.loads(out) == json_schema()
    written = root / "mappings" / "schema.json"
    if written.exists():
        assert written.read_text("utf-8") == out


@pytest.fixture
def api(gateway: Gateway) -> dict[str, Any]:
    return dict(json.loads(gateway("schema", "--wallet").out))


def test_every_operation_is_a_path(api: dict[str, Any]) -> None:
    """The wallet's API has what its table has, and its statuses of a definite no."""
    wallet = Shelf().dialect("canonical")
    assert api["openapi"] == "3.1.0"
    assert set(api["paths"]) == {form.path for form in wallet.variants.values()}
    for path in api["paths"].values():
        assert {"200", "401", "429", "503"} == set(path["post"]["responses"])


def test_outcomes_of_each_operation(api: dict[str, Any]) -> None:
    """What an answer may say is what CAN_OCCUR allows, done and refused apart."""
    for form in Shelf().dialect("canonical").variants.values():
        answers = api["paths"][form.path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]["oneOf"]
        assert [each["title"] for each in answers] == ["done", "refused"]
        words = [word for each in answers for word in each["properties"]["outcome"]["enum"]]
        assert sorted(words) == sorted(map(str, CAN_OCCUR[form.operation]))
    assert {each["const"] for each in api["components"]["schemas"]["Outcome"]["oneOf"]} == set(map(str, Outcome))


def test_fields_and_headers_of_a_bet(api: dict[str, Any]) -> None:
    """Places, kinds and what must be there come from the table; an echoed id is due in every answer."""
    bet = api["paths"]["/bet"]["post"]
    assert {each["name"] for each in bet["parameters"]} == {
        "Idempotency-Key", "webhook-signature", "webhook-timestamp", "webhook-id",
    }  # fmt: skip
    body = bet["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["transaction", "amount"]
    assert body["properties"]["amount"]["type"] == "string"
    assert body["properties"]["round_end"]["type"] == "boolean"
    for answer in bet["responses"]["200"]["content"]["application/json"]["schema"]["oneOf"]:
        assert answer["required"] == ["outcome", "call"]


def test_lists_are_lists(api: dict[str, Any]) -> None:
    """Several ids are an array."""
    rollback = api["paths"]["/rollback"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert rollback["properties"]["references"]["type"] == "array"
