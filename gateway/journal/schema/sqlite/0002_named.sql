-- readable from 1
--
-- For `gateway find`: what names a row that belongs to no round. Small: a row's own chain is not in it.

CREATE INDEX rows_named ON rows (chain) WHERE round IS NULL AND chain <> key;
