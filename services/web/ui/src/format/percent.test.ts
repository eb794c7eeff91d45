import { expect, test } from "vitest";

import { basisPointsText, formatBasisPoints, parseBasisPoints } from "./percent";

test.each([
  ["5", 500],
  ["2.5", 250],
  [" 2,05 % ", 205],
  ["0", 0],
  ["100000", 10_000_000],
  ["100000.01", undefined],
  ["2.505", undefined],
  ["-1", undefined],
  ["", undefined],
  ["%", undefined],
  ["five", undefined],
])("%j is read as %j", (text, points) => {
  expect(parseBasisPoints(text)).toBe(points);
});

test.each([
  [250, "2.5", "2.5\u202f%"],
  [5, "0.05", "0.05\u202f%"],
  [10_000_000, "100000", "100,000\u202f%"],
])("%i is written as %j, and as %j to be read", (points, text, shown) => {
  expect(basisPointsText(points)).toBe(text);
  expect(parseBasisPoints(text)).toBe(points);
  expect(formatBasisPoints(points, "en")).toBe(shown);
});
