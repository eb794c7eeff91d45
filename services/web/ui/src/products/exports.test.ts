import { expect, test } from "vitest";

import { changesAddress, exportAddress } from "./exports";
import { readFilters } from "./filters";

const now = Date.UTC(2026, 3, 20, 12);

test.each([
  ["", "/export/products.csv"],
  ["?sort=-price", "/export/products.csv"],
  ["?q=cr%C3%A8me&source=shop&min=1.5&max=0", "/export/products.csv?query=cr%C3%A8me&source=shop&min_price_micros=1500000&max_price_micros=0"],
  ["?since=24h", "/export/products.csv?changed_since=2026-04-19T12%3A00%3A00.000Z"],
  ["?as-of=2026-04-20T01:00", "/export/products.csv?as_of=2026-04-19T23%3A00%3A00.000Z"],
])("what %j shows is %s", (search, want) => {
  expect(exportAddress("products", "csv", readFilters(search), now)).toBe(want);
});

test("changes are those of what is shown, or of a product", () => {
  expect(exportAddress("changes", "parquet", readFilters("?q=oat"), now)).toBe("/export/changes.parquet?query=oat");
  expect(changesAddress("jsonl", "9e47474e")).toBe("/export/changes.jsonl?product_id=9e47474e");
});
