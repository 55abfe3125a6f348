-- readable from 1
--
-- A step that has been released is never edited. Columns of `rows` are those of gateway/journal/columns.py; a test
-- compares them. Times: due, since, created, updated and clock.seconds on the journal's clock; wall, started, seen,
-- stopped in unix seconds. Keys are ordered by their bytes, whatever the database's locale: locks are taken in that
-- order, here and by the program.

CREATE TABLE rows (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL,
    "transaction" TEXT COLLATE "C" NOT NULL,
    operation TEXT,
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    call TEXT,
    player TEXT COLLATE "C",
    round TEXT COLLATE "C",
    chain TEXT COLLATE "C" NOT NULL,
    span DOUBLE PRECISION NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    reply TEXT,
    told TEXT,
    telling TEXT,
    answers BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    holder TEXT COLLATE "C",
    flight TEXT,
    undo BIGINT NOT NULL,
    undo_by TEXT NOT NULL,
    undo_sent BIGINT NOT NULL,
    undos BIGINT NOT NULL,
    proved BIGINT NOT NULL,
    settled_by TEXT,
    parked TEXT,
    step TEXT,
    due DOUBLE PRECISION NOT NULL,
    tries BIGINT NOT NULL,
    since DOUBLE PRECISION NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL,
    wall DOUBLE PRECISION NOT NULL,
    version BIGINT NOT NULL
);

-- What is due, and of each chain what keeps younger rows waiting: small indexes, of rows at work only.
CREATE INDEX rows_due ON rows (due, key) WHERE step IS NOT NULL AND parked IS NULL AND holder IS NULL;
CREATE INDEX rows_working ON rows (coalesce(nullif(chain, ''), key), created, key)
    WHERE parked IS NULL AND (step IN ('deliver', 'reverse') OR holder IS NOT NULL);
CREATE INDEX rows_held ON rows (holder) WHERE holder IS NOT NULL;
CREATE INDEX rows_parked ON rows (wall) WHERE parked IS NOT NULL;
CREATE INDEX rows_of_round ON rows (account, round, player) WHERE round IS NOT NULL;
CREATE INDEX rows_of_transaction ON rows ("transaction");
CREATE INDEX rows_of_chain ON rows (chain) WHERE round IS NULL AND chain <> key;
CREATE INDEX rows_closed ON rows (wall)
    WHERE step IS NULL AND parked IS NULL AND holder IS NULL AND undo = 0 AND state NOT IN ('claimed', 'unknown');

CREATE TABLE notes (
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    key TEXT COLLATE "C" NOT NULL,
    wall DOUBLE PRECISION NOT NULL,
    what TEXT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (key, number)
);

CREATE TABLE sessions (
    account TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    facts JSONB NOT NULL,
    wall DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX sessions_by_age ON sessions (wall);

-- What is left of a row that was pruned: SHA-256 of its key, and the last word on it.
CREATE TABLE pruned (
    hash BYTEA NOT NULL PRIMARY KEY,
    outcome TEXT NOT NULL,
    wall DOUBLE PRECISION NOT NULL
);
CREATE INDEX pruned_by_age ON pruned (wall);

-- Every instance that serves, or served. counter goes up while it does; dead: others have given its work to the rest,
-- or it said that it stops. epoch and batch: which of its connections may write, and what that has written; seconds:
-- the journal's clock by then, so that the clock never starts again before what is written.
CREATE TABLE instances (
    instance TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    counter BIGINT NOT NULL DEFAULT 0,
    epoch BIGINT NOT NULL DEFAULT 0,
    batch BIGINT NOT NULL DEFAULT 0,
    dead BOOLEAN NOT NULL DEFAULT FALSE,
    seconds DOUBLE PRECISION NOT NULL DEFAULT 0.0,
    wall DOUBLE PRECISION NOT NULL
) WITH (fillfactor = 10);

-- Stretches of service without a gap. stopped: NULL while serving, and after a stop that was not clean.
CREATE TABLE lives (
    instance TEXT COLLATE "C" NOT NULL,
    started DOUBLE PRECISION NOT NULL,
    seen DOUBLE PRECISION NOT NULL,
    stopped DOUBLE PRECISION,
    PRIMARY KEY (instance, started)
);

-- Seconds of service so far: the journal's clock, which all instances share.
CREATE TABLE clock (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    seconds DOUBLE PRECISION NOT NULL
) WITH (fillfactor = 10);
INSERT INTO clock (one, seconds) VALUES (1, 0.0);

-- How many rows stand in each `state`, have each `step` armed, or are `parked`; written with the rows, by each instance
-- for itself, so that none waits for another. What the dead counted stands under no name.
CREATE TABLE tally (
    instance TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (instance, kind, name)
) WITH (fillfactor = 10);

CREATE TABLE audit (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wall DOUBLE PRECISION NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    key TEXT NOT NULL,
    reason TEXT NOT NULL
);

-- Write one batch, all of it or nothing. Raises P0001 where the instance may not write any more, 40001 where a row is
-- not as it was read.
--
-- Of `changed_rows` everything is written that may change; of `moved_rows`, most rows, only where they stand, and a reply
-- where there is a new one. `keys` are all rows that exist already and were read for what is written, in order, `versions` how they were read.
-- Locks never wait in a circle: first our own line of `instances`, which nobody locks who holds anything; then rows
-- that exist, in the order of their keys; then rows that do not, in the same order, where one waits only for others who
-- insert; then sessions in the order of theirs. Who came with locks of another order (`patient` false) never waits.
CREATE FUNCTION journal_write_1(
    me TEXT, my_epoch BIGINT, my_batch BIGINT, patient BOOLEAN, keys TEXT[], versions BIGINT[],
    new_rows JSON, new_count BIGINT, changed_rows JSON, moved_rows JSON, new_notes JSON, new_facts JSON,
    new_audit JSON, counts JSON, at DOUBLE PRECISION, now DOUBLE PRECISION
) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    found_versions BIGINT[];
    inserted BIGINT;
BEGIN
    UPDATE instances SET batch = my_batch, seconds = now WHERE instance = me AND epoch = my_epoch AND NOT dead;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this instance may not write any more' USING ERRCODE = 'P0001';
    END IF;
    IF cardinality(keys) > 0 THEN
        IF patient THEN
            found_versions := ARRAY(
                SELECT r.version FROM rows AS r WHERE r.key = ANY (keys) ORDER BY r.key FOR NO KEY UPDATE);
        ELSE
            found_versions := ARRAY(
                SELECT r.version FROM rows AS r WHERE r.key = ANY (keys) ORDER BY r.key FOR NO KEY UPDATE NOWAIT);
        END IF;
        IF found_versions IS DISTINCT FROM versions THEN
            RAISE EXCEPTION 'a row was changed meanwhile' USING ERRCODE = '40001';
        END IF;
    END IF;
    IF new_rows IS NOT NULL THEN
        INSERT INTO rows (key, account, "transaction", operation, name, fingerprint, call, player, round, chain, span,
            state, outcome, reply, told, telling, answers, sent, holder, flight, undo, undo_by, undo_sent, undos,
            proved, settled_by, parked, step, due, tries, since, created, updated, wall, version)
        SELECT n.key, n.account, n."transaction", n.operation, n.name, n.fingerprint, n.call, n.player, n.round,
            n.chain, n.span, n.state, n.outcome, n.reply, n.told, n.telling, n.answers, n.sent, n.holder, n.flight,
            n.undo, n.undo_by, n.undo_sent, n.undos, n.proved, n.settled_by, n.parked, n.step, n.due, n.tries,
            n.since, n.created, n.updated, n.wall, n.version
        FROM json_to_recordset(new_rows) AS n(key TEXT, account TEXT, "transaction" TEXT, operation TEXT, name TEXT,
            fingerprint TEXT, call TEXT, player TEXT, round TEXT, chain TEXT, span DOUBLE PRECISION, state TEXT,
            outcome TEXT, reply TEXT, told TEXT, telling TEXT, answers BIGINT, sent BIGINT, holder TEXT, flight TEXT,
            undo BIGINT, undo_by TEXT, undo_sent BIGINT, undos BIGINT, proved BIGINT, settled_by TEXT, parked TEXT,
            step TEXT, due DOUBLE PRECISION, tries BIGINT, since DOUBLE PRECISION, created DOUBLE PRECISION,
            updated DOUBLE PRECISION, wall DOUBLE PRECISION, version BIGINT)
        ORDER BY n.key COLLATE "C"
        ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS inserted = ROW_COUNT;
        IF inserted <> new_count THEN
            RAISE EXCEPTION 'a row was written by somebody else first' USING ERRCODE = '40001';
        END IF;
    END IF;
    IF changed_rows IS NOT NULL THEN
        UPDATE rows AS r SET operation = n.operation, name = n.name, fingerprint = n.fingerprint, call = n.call,
            player = n.player, round = n.round, chain = n.chain, span = n.span, state = n.state, outcome = n.outcome,
            reply = n.reply, told = n.told, telling = n.telling, answers = n.answers, sent = n.sent,
            holder = n.holder, flight = n.flight, undo = n.undo, undo_by = n.undo_by, undo_sent = n.undo_sent,
            undos = n.undos, proved = n.proved, settled_by = n.settled_by, parked = n.parked, step = n.step,
            due = n.due, tries = n.tries, since = n.since, updated = n.updated, wall = n.wall, version = n.version
        FROM json_to_recordset(changed_rows) AS n(key TEXT, operation TEXT, name TEXT, fingerprint TEXT, call TEXT,
            player TEXT, round TEXT, chain TEXT, span DOUBLE PRECISION, state TEXT, outcome TEXT, reply TEXT,
            told TEXT, telling TEXT, answers BIGINT, sent BIGINT, holder TEXT, flight TEXT, undo BIGINT, undo_by TEXT,
            undo_sent BIGINT, undos BIGINT, proved BIGINT, settled_by TEXT, parked TEXT, step TEXT,
            due DOUBLE PRECISION, tries BIGINT, since DOUBLE PRECISION, updated DOUBLE PRECISION,
            wall DOUBLE PRECISION, version BIGINT)
        WHERE r.key = n.key;
    END IF;
    IF moved_rows IS NOT NULL THEN
        UPDATE rows AS r SET state = n.state, outcome = n.outcome, reply = coalesce(n.reply, r.reply), told = n.told,
            telling = n.telling, answers = n.answers, sent = n.sent, holder = n.holder, flight = n.flight,
            undo = n.undo, undo_by = n.undo_by, undo_sent = n.undo_sent, undos = n.undos, proved = n.proved,
            settled_by = n.settled_by, parked = n.parked, step = n.step, due = n.due, tries = n.tries,
            since = n.since, updated = n.updated, wall = n.wall, version = n.version
        FROM json_to_recordset(moved_rows) AS n(key TEXT, state TEXT, outcome TEXT, reply TEXT, told TEXT,
            telling TEXT, answers BIGINT, sent BIGINT, holder TEXT, flight TEXT, undo BIGINT, undo_by TEXT,
            undo_sent BIGINT, undos BIGINT, proved BIGINT, settled_by TEXT, parked TEXT, step TEXT,
            due DOUBLE PRECISION, tries BIGINT, since DOUBLE PRECISION, updated DOUBLE PRECISION,
            wall DOUBLE PRECISION, version BIGINT)
        WHERE r.key = n.key;
    END IF;
    IF new_notes IS NOT NULL THEN
        INSERT INTO notes (key, wall, what, facts)
        SELECT n.key, n.wall, n.what, n.facts
        FROM json_to_recordset(new_notes) AS n(key TEXT, wall DOUBLE PRECISION, what TEXT, facts TEXT);
    END IF;
    IF new_facts IS NOT NULL THEN
        INSERT INTO sessions AS s (account, id, facts, wall)
        SELECT n.account, n.id, n.facts, at
        FROM json_to_recordset(new_facts) AS n(account TEXT, id TEXT, facts JSONB)
        ORDER BY n.account COLLATE "C", n.id COLLATE "C"
        ON CONFLICT (account, id) DO UPDATE SET facts = s.facts || excluded.facts, wall = excluded.wall;
    END IF;
    IF new_audit IS NOT NULL THEN
        INSERT INTO audit (wall, who, action, key, reason)
        SELECT at, n.who, n.action, n.key, n.reason
        FROM json_to_recordset(new_audit) AS n(who TEXT, action TEXT, key TEXT, reason TEXT);
    END IF;
    IF counts IS NOT NULL THEN
        INSERT INTO tally AS t (instance, kind, name, count)
        SELECT me, n.kind, n.name, n.count
        FROM json_to_recordset(counts) AS n(kind TEXT, name TEXT, count BIGINT)
        ON CONFLICT (instance, kind, name) DO UPDATE SET count = t.count + excluded.count;
    END IF;
END $$;

-- One heartbeat: our counter, until when this stretch of service lasts, and the common clock, which it gives. Raises
-- P0001 where others hold us for dead.
CREATE FUNCTION journal_beat_1(me TEXT, estimate DOUBLE PRECISION, born DOUBLE PRECISION, at DOUBLE PRECISION)
RETURNS DOUBLE PRECISION LANGUAGE plpgsql AS $$
DECLARE
    common DOUBLE PRECISION;
BEGIN
    UPDATE instances SET counter = counter + 1, wall = at WHERE instance = me AND NOT dead;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this instance is held for dead' USING ERRCODE = 'P0001';
    END IF;
    UPDATE lives AS l SET stopped = l.seen WHERE l.instance = me AND l.started <> born AND l.stopped IS NULL;
    INSERT INTO lives AS l (instance, started, seen) VALUES (me, born, at)
        ON CONFLICT (instance, started) DO UPDATE SET seen = greatest(l.seen, excluded.seen);
    UPDATE clock SET seconds = greatest(seconds, estimate) RETURNING seconds INTO common;
    RETURN common;
END $$;
