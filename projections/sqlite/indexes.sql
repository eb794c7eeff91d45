-- What lists of products, and the feed of changes, need. A rebuild makes these last: an insert pays for each of them.
-- One index per sort: a page at any depth is one range of one index. Names are unique within a source, and that the indexes
-- say so lets ranges of several sources be merged by value, name and id, without a sort.
CREATE UNIQUE INDEX IF NOT EXISTS products_by_name              ON products (source, name);
CREATE UNIQUE INDEX IF NOT EXISTS products_by_price             ON products (source, price, name);
CREATE UNIQUE INDEX IF NOT EXISTS products_by_changes           ON products (source, price_changes, name) WHERE price_changes <> 0;
CREATE UNIQUE INDEX IF NOT EXISTS products_by_price_changed_at  ON products (source, price_changed_at, name);
CREATE UNIQUE INDEX IF NOT EXISTS products_by_first_observed_at ON products (source, first_observed_at, name);
-- Those that never changed are in the one on the time of the change, under 0 and in the order of their names, as they would be
-- in the one on the number of changes: so that is without them, and a new product has one entry less.

-- Changes in the order of the log.
CREATE INDEX IF NOT EXISTS changes_by_place ON changes (shard, sequence);
