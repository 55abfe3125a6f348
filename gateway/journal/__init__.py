"""What must be remembered of every money operation, so that none is lost and none is done twice.

`states.py` says what a row is, `wishes.py` what may be asked. The transitions (`claiming`, `recording`, `leasing`, with
`arming` for what follows) are pure and the same on every store; a store only reads, runs them, and writes.
"""
