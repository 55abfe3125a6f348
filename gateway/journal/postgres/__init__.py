"""The journal in PostgreSQL, for several processes or machines at once; needs the extra `postgres`.

`store` is for the gateway, `desk` for people. Inside: `link` is a connection with what its errors mean, `loading` and
`writing` what one batch reads and writes, `playing` performs it between the two; `entries` wait, `transacting` takes
them one batch after the other, `working` goes on after a connection broke; `serving` knows who is alive and what time
it is, `outbox` what is due, `pruning` what is too old, `reader` asks without changing anything.
"""
