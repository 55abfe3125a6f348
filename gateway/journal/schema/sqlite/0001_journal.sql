-- readable from 1
--
-- A step that has been released is never edited. Columns of `rows` are those of gateway/journal/columns.py; a test
-- compares them. Times: due, since, created, updated and clock.seconds on the journal's clock; wall, started, seen,
-- stopped in unix seconds.

CREATE TABLE rows (
    key TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    "transaction" TEXT NOT NULL,
    operation TEXT,
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    call TEXT,
    player TEXT,
    round TEXT,
    chain TEXT NOT NULL,
    span REAL NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    reply TEXT,
    told TEXT,
    telling TEXT,
    answers INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    holder TEXT,
    flight TEXT,
    undo INTEGER NOT NULL,
    undo_by TEXT NOT NULL,
    undo_sent INTEGER NOT NULL,
    undos INTEGER NOT NULL,
    proved INTEGER NOT NULL,
    settled_by TEXT,
    parked TEXT,
    step TEXT,
    due REAL NOT NULL,
    tries INTEGER NOT NULL,
    since REAL NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    wall REAL NOT NULL,
    version INTEGER NOT NULL
) STRICT;

-- What is due, and of each chain what keeps younger rows waiting: small indexes, of rows at work only.
CREATE INDEX rows_due ON rows (due, key) WHERE step IS NOT NULL AND parked IS NULL AND holder IS NULL;
CREATE INDEX rows_working ON rows (coalesce(nullif(chain, ''), key), created, key)
    WHERE parked IS NULL AND (step IN ('deliver', 'reverse') OR holder IS NOT NULL);
CREATE INDEX rows_held ON rows (holder) WHERE holder IS NOT NULL;
CREATE INDEX rows_parked ON rows (wall) WHERE parked IS NOT NULL;
CREATE INDEX rows_of_round ON rows (account, round, player) WHERE round IS NOT NULL;
CREATE INDEX rows_of_transaction ON rows ("transaction");

-- How many rows stand in each `state`, have each `step` armed, or are `parked`; written with the rows.
CREATE TABLE tally (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    wall REAL NOT NULL,
    what TEXT NOT NULL,
    facts TEXT NOT NULL
) STRICT;
CREATE INDEX notes_of_key ON notes (key);

CREATE TABLE sessions (
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    facts TEXT NOT NULL,
    wall REAL NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_age ON sessions (wall);

-- What is left of a row that was pruned: SHA-256 of its key, and the last word on it.
CREATE TABLE pruned (
    hash BLOB NOT NULL PRIMARY KEY,
    outcome TEXT NOT NULL,
    wall REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pruned_by_age ON pruned (wall);

-- Stretches of service without a gap. stopped: NULL while serving, and after a stop that was not clean.
CREATE TABLE lives (
    instance TEXT NOT NULL,
    started REAL NOT NULL,
    seen REAL NOT NULL,
    stopped REAL,
    PRIMARY KEY (instance, started)
) STRICT, WITHOUT ROWID;

-- Seconds of service so far: the journal's clock.
CREATE TABLE clock (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    seconds REAL NOT NULL
) STRICT;
INSERT INTO clock (one, seconds) VALUES (1, 0.0);

CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    wall REAL NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    key TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
