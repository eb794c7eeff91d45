import { expect, test } from "vitest";

import { SortBy } from "../gen/atlant/v1/product_pb";
import { narrows, readFilters, requestOf, withoutFilters, writeFilters } from "./filters";

const now = Date.UTC(2026, 3, 20, 12);

test.each([
  "",
  "?q=oat+milk",
  "?q=cr%C3%A8me&source=shop&min=1.5&max=20&since=7d&sort=-changes",
  "?since=2026-04-01&sort=changed",
  "?as-of=2026-04-01T12%3A30&sort=-price",
  "?sort=-name",
])("%s stays as it is", (search) => {
  expect(writeFilters(readFilters(search))).toBe(search);
});

test.each([
  ["?sort=nonsense", ""],
  ["?sort=-constructor", ""],
  ["?min=lots&max=-1", ""],
  ["?since=yesterday", ""],
  ["?since=2026-13-41", ""],
  ["?as-of=never", ""],
  ["?as-of=2026-04-01T12:30&sort=-changes&since=7d", "?as-of=2026-04-01T12%3A30"], // the past knows neither
  ["?transport=grpc-web", ""],
])("of %s is taken %s", (search, want) => {
  expect(writeFilters(readFilters(search))).toBe(want);
});

test("a request says what the filters say", () => {
  const request = requestOf(readFilters("?q=+oat+&source=shop&min=1.5&max=2&since=24h&sort=-price"), now);
  expect(request).toEqual({
    query: "oat",
    source: "shop",
    minPriceMicros: 1_500_000n,
    maxPriceMicros: 2_000_000n,
    changedSince: expect.objectContaining({ seconds: BigInt(now / 1_000 - 86_400) }),
    asOf: undefined,
    sortBy: SortBy.PRICE,
    descending: true,
  });
});

test("days and moments are in local time", () => {
  expect(requestOf(readFilters("?since=2026-04-20"), now).changedSince?.seconds).toBe(BigInt(Date.UTC(2026, 3, 19, 22) / 1_000));
  expect(requestOf(readFilters("?as-of=2026-04-20T01:00"), now).asOf?.seconds).toBe(BigInt(Date.UTC(2026, 3, 19, 23) / 1_000));
});

test("an order narrows nothing", () => {
  expect(narrows(readFilters("?sort=-price"))).toBe(false);
  expect(narrows(readFilters("?min=0"))).toBe(true);
  expect(writeFilters(withoutFilters(readFilters("?q=a&min=1&since=1h&sort=-price")))).toBe("?sort=-price");
});
