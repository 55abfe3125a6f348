"""The journal in PostgreSQL, for several processes or machines at once; needs the extra `postgres`.

`store.Postgres` is its door. What one batch reads and writes is in `loading` and `writing`, the connection with its
errors in `link`, who serves and the common clock in `serving`, leases and reaping in `outbox`.
"""
