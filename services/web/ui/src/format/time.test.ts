import { expect, test } from "vitest";

import { formatDuration, milliseconds, relative } from "./time";

const at = Date.UTC(2026, 3, 20, 12);
const second = 1_000;

test.each([
  [0, "just now"],
  [-9 * second, "just now"],
  [-10 * second, "10 seconds ago"],
  [-59 * second, "59 seconds ago"],
  [-60 * second, "1 minute ago"],
  [-3_599 * second, "59 minutes ago"],
  [-3_600 * second, "1 hour ago"],
  [-86_400 * second, "1 day ago"],
  [-40 * 86_400 * second, "1 month ago"],
  [-400 * 86_400 * second, "1 year ago"],
  [7_200 * second, "in 2 hours"],
])("%d ms from now is %s", (span, want) => {
  expect(relative(at + span, at, "en")).toBe(want);
});

test.each([
  [-3, "0 ms"],
  [240, "240 ms"],
  [3_210, "3.2 s"],
  [250_000, "4 min 10 s"],
  [7_500_000, "2 h 5 min"],
])("%d ms take %s", (span, want) => {
  expect(formatDuration(span)).toBe(want);
});

test("a timestamp is cut to milliseconds", () => {
  expect(milliseconds({ seconds: 1n, nanos: 999_999_999 } as never)).toBe(1_999);
});
