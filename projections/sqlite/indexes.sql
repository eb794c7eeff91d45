-- What lists of products, and the feed of changes, need. A rebuild makes these last: an insert pays for each of them.
-- One index per sort, each ending in the id: a page at any depth is one range of one index.
CREATE INDEX IF NOT EXISTS products_by_name              ON products (source, name, id);
CREATE INDEX IF NOT EXISTS products_by_price             ON products (source, price, id);
CREATE INDEX IF NOT EXISTS products_by_changes           ON products (source, price_changes, id) WHERE price_changes <> 0;
CREATE INDEX IF NOT EXISTS products_by_price_changed_at  ON products (source, price_changed_at, id);
CREATE INDEX IF NOT EXISTS products_by_first_observed_at ON products (source, first_observed_at, id);
-- Those that never changed are in the index above under 0 and in the order of their ids, as they would be in the one on the
-- number of changes: so that is without them, and a new product has one entry less.

-- Changes in the order of the log.
CREATE INDEX IF NOT EXISTS changes_by_place ON changes (shard, sequence);
