"""Two complaints about a table, and the files they stand in."""

from gateway.dialect.problems import Problem, suggest
from gateway.dialect.source import Source

TABLE = "\n" * 27 + '[errors.rollback]\nx = 0\n\n1 = { outcome = "INSUFICIENT_FUNDS", http = 200 }\n'
ACME = Source("mappings/acme.toml", TABLE)
OTHER = Source("mappings/aaa.toml", 'a = "日本\t" # \tx\n')

UNKNOWN_OUTCOME = Problem(
    "GW104",
    ACME,
    ("errors", "rollback", "1", "outcome"),
    'unknown outcome "INSUFICIENT_FUNDS"',
    "every outcome and its meaning: gateway describe outcomes",
    hint=suggest("INSUFICIENT_FUNDS", ["ok", "insufficient_funds"]) or "",
)
NO_ANSWER = Problem("GW201", ACME, ("errors", "rollback", "busy"), "no answer", "add a row", warning=True)
