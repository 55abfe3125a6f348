"""The sandbox wallet: a real double-entry ledger behind the canonical API, honest unless told to misbehave.

It keeps the four `promises` (idempotent, tombstones, status, references) but for those that are withdrawn; `moods` are
faults on demand, on real sockets, so that every failure can be seen. For developers and tests: balances are play money.
"""
