"""The first sight of what stands in no row: one count, one line, one proposal; the second changes a number."""

import io

import orjson

from gateway.dialect.drift import Drift, Side, Sighting
from gateway.edge.drift import MOST, DriftWatch
from gateway.edge.logs import Log
from gateway.edge.metrics import DRIFTS, WALLET, Metrics

FIELD = Sighting(Side.CALLBACK, Drift.FIELD, "bet", "body.vip", "flag", False)
CODE = Sighting(Side.WALLET, Drift.CODE, "bet", "NO_LUCK", "", "NO_LUCK", 200)


class Stage:
    """A watch over two providers and the wallet."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()
        self.metrics = Metrics({"acme": {"bet"}, "marbles": {"bet"}})
        self.watch = DriftWatch({"acme": "evenbet", "marbles": "155io"}, "canonical", self.metrics, self._log())

    def _log(self) -> Log:
        return Log(self.stream, "json")

    @property
    def lines(self) -> list[dict[str, object]]:
        return [orjson.loads(line) for line in self.stream.getvalue().splitlines()]

    def count(self, provider: str, side: str, kind: str) -> float | None:
        labels = {"provider": provider, "side": side, "kind": kind}
        return self.metrics.registry.get_sample_value("gateway_drift_total", labels)


def test_the_first_sight_is_counted_and_told_once() -> None:
    """Of each provider by itself; the second sight is only a number in the list."""
    stage = Stage()
    for _ in range(3):
        stage.watch.saw("acme", [FIELD])
    stage.watch.saw("marbles", [FIELD])
    assert (stage.count("acme", "callback", "field"), stage.count("marbles", "callback", "field")) == (1, 1)
    assert [(line["event"], line["provider"], line["name"]) for line in stage.lines] == [
        ("drift", "acme", "body.vip"), ("drift", "marbles", "body.vip"),
    ]  # fmt: skip
    assert stage.lines[0]["row"] == 'known = ["body.vip"]  # flag, not read'
    assert [(one["provider"], one["times"], one["under"]) for one in stage.watch.listed()] == [
        ("acme", 3, "operations.bet"), ("marbles", 1, "operations.bet"),
    ]  # fmt: skip


def test_what_the_wallet_says_is_the_wallets() -> None:
    """Whoever's callback it was that asked."""
    stage = Stage()
    stage.watch.saw("acme", [CODE])
    stage.watch.saw("marbles", [CODE])
    (one,) = stage.watch.listed()
    assert (one["provider"], one["dialect"], one["times"]) == (WALLET, "canonical", 2)
    assert stage.count(WALLET, "wallet", "code") == 1


def test_memory_is_bounded() -> None:
    """So many of one party; then one line that it is full, and no more; others are not held back."""
    stage = Stage()
    for number in range(MOST + 50):
        stage.watch.saw("acme", [Sighting(Side.CALLBACK, Drift.FIELD, "bet", f"body.x{number}", "flag", False)])
    assert len(stage.watch.listed()) == MOST
    assert [line["event"] for line in stage.lines][-2:] == ["drift", "drift full"]
    assert stage.count("acme", "callback", "field") == MOST
    stage.watch.saw("marbles", [FIELD])
    assert stage.count("marbles", "callback", "field") == 1


def test_every_series_is_there_from_the_start() -> None:
    """One of each side and kind that can be; labels are words of ours."""
    stage = Stage()
    for side, kinds in DRIFTS.items():
        for kind in kinds:
            assert stage.count(WALLET if side is Side.WALLET else "acme", side, kind) == 0
