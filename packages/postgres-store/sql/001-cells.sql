-- What @exactly-once/postgres-store keeps: each record, pause, reservation, counter and mark is one row.
-- Run it once, as the owner of the database, with whatever tool you migrate with. To use another schema,
-- replace the name here and give it to postgresStore as `schema`.

CREATE SCHEMA IF NOT EXISTS exactly_once;

-- Names are compared byte by byte ("C"): unequal names stay unequal, and are in one order everywhere.
CREATE TABLE exactly_once.cells (
  name text COLLATE "C" PRIMARY KEY,
  -- A random id that came with the last write. A write names the one it replaces.
  revision text NOT NULL,
  value text NOT NULL,
  -- Milliseconds since the epoch: what may need an operator's attention, and what may be deleted.
  attention_at bigint,
  expires_at bigint
) WITH (
  -- Each row is rewritten some four times within seconds, then rests until it is deleted.
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.05
);

CREATE INDEX cells_attention ON exactly_once.cells (attention_at, name) WHERE attention_at IS NOT NULL;
CREATE INDEX cells_expiry ON exactly_once.cells (expires_at) WHERE expires_at IS NOT NULL;

-- The format of this table; the store asks for it at start.
COMMENT ON TABLE exactly_once.cells IS 'exactly-once cells 1';

-- The service's role needs no more than this:
--   GRANT USAGE ON SCHEMA exactly_once TO the_service;
--   GRANT SELECT, INSERT, UPDATE, DELETE ON exactly_once.cells TO the_service;
