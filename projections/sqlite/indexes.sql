-- What lists of products need. A rebuild makes these last: an insert pays for each of them.
-- One index per sort, each ending in the id: a page at any depth is one range of one index.
CREATE INDEX IF NOT EXISTS products_by_name              ON products (source, name, id);
CREATE INDEX IF NOT EXISTS products_by_price             ON products (source, price, id);
CREATE INDEX IF NOT EXISTS products_by_price_changes     ON products (source, price_changes, id);
CREATE INDEX IF NOT EXISTS products_by_price_changed_at  ON products (source, price_changed_at, id);
CREATE INDEX IF NOT EXISTS products_by_first_observed_at ON products (source, first_observed_at, id);
