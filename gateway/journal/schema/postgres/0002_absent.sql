-- readable from 1

-- Hold that none of `absent` comes to be before we have written; `guarded` are those, and the new rows that were decided
-- by their absence. Of two such writings that look for each other's rows, the second waits for the first, and finds its
-- row. Raises 40001 where a row is there already, 55P03 where who may not wait (`patient` false) would have to.
--
-- These locks come before all others, so that nobody waits for one who holds anything else. They are of numbers, each
-- of which many keys share: a batch then takes a thousand of the server's locks, never one for each of its keys.
CREATE FUNCTION journal_absent_1(guarded TEXT[], absent TEXT[], patient BOOLEAN) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    number INTEGER;
BEGIN
    FOR number IN SELECT DISTINCT hashtext(g.key) & 1023 AS n FROM unnest(guarded) AS g(key) ORDER BY n LOOP
        IF patient THEN
            PERFORM pg_advisory_xact_lock(1785689458, number);  -- "jour", as a number
        ELSIF NOT pg_try_advisory_xact_lock(1785689458, number) THEN
            RAISE EXCEPTION 'somebody else is looking for the same rows' USING ERRCODE = '55P03';
        END IF;
    END LOOP;
    PERFORM FROM rows AS r WHERE r.key = ANY (absent);
    IF FOUND THEN
        RAISE EXCEPTION 'a row has come to be meanwhile' USING ERRCODE = '40001';
    END IF;
END $$;
