-- The views as version 2 made them.

-- The first column of every sort index; a number, because it is in each of their entries.
CREATE TABLE sources (
  source INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE
) STRICT;

-- Written only when something changes, because an update pays for the indexes of indexes.sql. The position of the last write is
-- (price_changed_at, written_fetch), or (first_observed_at, written_fetch) while price_changes is 0.
CREATE TABLE products (
  product           INTEGER PRIMARY KEY, -- in the order of arrival, so that what arrives together lies together
  id                BLOB    NOT NULL,
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

-- The products by the words of their names. It has those up to name_words_end, and follows the others: see wordindexer.go. The words
-- come folded and split, with one space between two, which is where this tokenizer splits them, and nowhere else.
CREATE VIRTUAL TABLE name_words USING fts5 (words, content = '', detail = none, columnsize = 0, tokenize = 'ascii');

CREATE TABLE name_words_end (product INTEGER NOT NULL) STRICT;

INSERT INTO name_words_end VALUES (0);

CREATE TABLE changes (
  product           INTEGER NOT NULL,
  observed_at       INTEGER NOT NULL,
  fetch             BLOB    NOT NULL,
  number            INTEGER NOT NULL, -- among the product's changes, counted from 1
  price             INTEGER NOT NULL,
  currency          TEXT    NOT NULL,
  previous_price    INTEGER NOT NULL,
  previous_currency TEXT    NOT NULL,
  previous_since    INTEGER NOT NULL, -- when the previous price began
  line              INTEGER NOT NULL,
  shard             INTEGER NOT NULL, -- this and sequence: of the message of the log
  sequence          INTEGER NOT NULL,
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
PRAGMA user_version = 2;
