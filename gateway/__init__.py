"""One wallet, every provider's dialect: a translating proxy for money callbacks.

Game aggregators, cashiers and payment processors call one operator's wallet, each in a dialect of its own. A callback
comes in, its signature is checked, it becomes one canonical call, the wallet is asked, and the reply goes back in the
provider's own words, inside its deadline. "We do not know" is an outcome of its own: it is never said as a decline.

The floors, each importing only what lies below it:

    cli        what people type: serve, demo, check, test, explain, describe, send, new, ...
    edge       sockets, clocks, secrets, settings; `app.py` joins everything
    sandbox    a wallet with real books behind the canonical API, which can be told to fail
    exchange   the story of a callback, told without I/O: it yields what it wants done
    journal    what must be remembered of every money operation: pure transitions, on memory, SQLite or PostgreSQL
    dialect    a mapping table becomes a Dialect, proved complete and safe, working in both directions
    wire       bytes and values: strict JSON, exact money, signatures in pairs
    canon      our words: operations, outcomes, calls, replies, money

Where to start reading: `canon/outcomes.py` for what can happen, a table in `mappings/`, `exchange/callback.py` for the
story, `journal/states.py` for what is remembered, `edge/app.py` for how it is put together. `gateway demo` plays all of
it on this machine.
"""

__version__ = "0.1.0"
