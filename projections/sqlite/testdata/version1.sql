-- The views as version 1 made them.

-- The first column of every sort index; a number, because it is in each of their entries.
CREATE TABLE sources (
  source INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE
) STRICT;

-- Written only when something changes, because an update pays for the indexes of indexes.sql. The position of the last write is
-- (price_changed_at, written_fetch), or (first_observed_at, written_fetch) while price_changes is 0.
CREATE TABLE products (
  product           INTEGER PRIMARY KEY, -- in the order of arrival, so that what arrives together lies together
  id                BLOB    NOT NULL UNIQUE,
  source            INTEGER NOT NULL,
  name              TEXT    NOT NULL,
  price             INTEGER NOT NULL, -- micros
  currency          TEXT    NOT NULL,
  previous_price    INTEGER NOT NULL,
  previous_currency TEXT    NOT NULL,
  price_changes     INTEGER NOT NULL,
  first_observed_at INTEGER NOT NULL, -- this and all other times: microseconds since the Unix epoch
  price_changed_at  INTEGER NOT NULL, -- 0 while price_changes is 0
  written_fetch     BLOB    NOT NULL
) STRICT;

-- Written by every observation, hence no index but the key.
CREATE TABLE sightings (
  product     INTEGER PRIMARY KEY,
  observed_at INTEGER NOT NULL,
  fetch       BLOB    NOT NULL
) STRICT;

CREATE TABLE changes (
  product           INTEGER NOT NULL,
  observed_at       INTEGER NOT NULL,
  fetch             BLOB    NOT NULL,
  price             INTEGER NOT NULL,
  currency          TEXT    NOT NULL,
  previous_price    INTEGER NOT NULL,
  previous_currency TEXT    NOT NULL,
  line              INTEGER NOT NULL,
  PRIMARY KEY (product, observed_at, fetch)
) STRICT, WITHOUT ROWID;

CREATE TABLE fetches (
  id           BLOB    NOT NULL PRIMARY KEY,
  source       TEXT    NOT NULL,
  requested_at INTEGER NOT NULL,
  sequence     INTEGER NOT NULL,
  rejects      INTEGER NOT NULL,
  doc          BLOB    NOT NULL -- atlant.v1.Fetch
) STRICT;

CREATE INDEX fetches_by_request        ON fetches (requested_at, id);
CREATE INDEX fetches_by_source_request ON fetches (source, requested_at, id);

CREATE TABLE rejects (
  fetch BLOB    NOT NULL,
  idx   INTEGER NOT NULL,
  doc   BLOB    NOT NULL, -- atlant.v1.Reject
  PRIMARY KEY (fetch, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
  stream       TEXT    NOT NULL PRIMARY KEY,
  sequence     INTEGER NOT NULL,
  logged_at    INTEGER NOT NULL, -- of the message at sequence; nanoseconds since the Unix epoch, as the log has it
  late         INTEGER NOT NULL,
  projected_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA application_id = 1096043604; -- "ATLT"
PRAGMA user_version = 1;

INSERT INTO sources VALUES (1, 'a');
INSERT INTO products VALUES (1, x'0102030405060708090a0b0c0d0e0f10', 1, 'x', 2, 'EUR', 1, 'EUR', 1, 3, 4, zeroblob(16));
INSERT INTO sightings VALUES (1, 4, zeroblob(16));
INSERT INTO changes VALUES (1, 4, zeroblob(16), 2, 'EUR', 1, 'EUR', 7);
INSERT INTO checkpoints VALUES ('PRICES_00', 9, 1, 0, 1);
