"""What an answer of a provider means, at the console: the row, and for each documented message its cause and action."""

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from gateway.canon.requests import Ask
from gateway.cli import run
from tests.asked.stage import table

ADVICE = {key: texts for key, texts in table("payfield").forms[Ask.CREATE_PAYOUT].advice.items() if "HTTP" not in key}


def test_every_message_of_the_page_is_there() -> None:
    """Fourteen messages, of which the page writes some in one line."""
    assert len(ADVICE) == 15


@pytest.mark.parametrize("message", ADVICE)
def test_cause_and_action(message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`gateway explain` prints them, whatever the status."""
    answer = tmp_path / "answer.json"
    answer.write_text(f'{{"message": "{message}", "code": "validation_error"}}')
    assert run(["explain", "payfield", str(answer), "--request", "create_payout", "--http", "422"]) == 1
    out = capsys.readouterr().out
    cause, action = ADVICE[message]
    assert f"\ncause      {cause}\naction     {action}\n" in out
    assert "mappings/payfield.outbound.toml:" in out


def test_an_answer_that_is_piped_in(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """- is stdin here, too."""
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b'{"message": "Insufficient balance: 5.00"}')))
    assert run(["explain", "payfield", "-", "--request", "create_payout", "--http", "422"]) == 1
    assert "\nresult     insufficient_funds: " in capsys.readouterr().out


def test_what_is_no_request(capsys: pytest.CaptureFixture[str]) -> None:
    """Misuse, with what was probably meant."""
    assert run(["explain", "payfield", "--request", "create_payot"]) == 2
    assert 'did you mean "create_payout"?' in capsys.readouterr().err
    assert run(["explain", "scorpio", "--request", "create_payout"]) == 2
    assert "it asks nothing" in capsys.readouterr().err
