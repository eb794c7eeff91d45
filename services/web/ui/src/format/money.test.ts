import { expect, test } from "vitest";

import type { Price } from "../gen/atlant/v1/price_pb";
import { decimalText, formatDifference, formatPermille, formatPrice, movedPermille, parseMicros } from "./money";

const price = (amountMicros: bigint, currencyCode = ""): Price => ({ amountMicros, currencyCode }) as Price;

test.each([
  [0n, "0"],
  [1n, "0.000001"],
  [12_500_000n, "12.5"],
  [-12_500_000n, "-12.5"],
  [999_999_999_999_999_999n, "999999999999.999999"],
])("decimalText(%d) is %s", (amount, want) => {
  expect(decimalText(amount)).toBe(want);
});

test("what is written is read back exactly", () => {
  for (let amount = 1n; amount < 10n ** 18n; amount = amount * 7n + 3n) {
    expect(parseMicros(decimalText(amount))).toBe(amount);
  }
});

test.each([
  [price(12_500_000n, "EUR"), "€12.50"],
  [price(12_345_678n, "EUR"), "€12.345678"],
  [price(1_500_000_000n, "JPY"), "¥1,500"],
  [price(1_500_500_000n, "JPY"), "¥1,500.5"],
  [price(999_999_999_999_999_999n, "USD"), "$999,999,999,999.999999"], // no float holds it
  [price(1_990_000n), "1.99"],
  [price(1_000_000n), "1.00"],
  [price(1_990_000n, "no code"), "1.99 no code"],
])("formatPrice(%o) is %s", (given, want) => {
  expect(formatPrice(given, "en-US")).toBe(want);
});

test("formatPrice follows the language", () => {
  expect(formatPrice(price(1_234_560_000n, "EUR"), "de-DE")).toBe("1.234,56\u00a0€");
});

test("formatPrice of nothing is nothing", () => {
  expect(formatPrice(undefined)).toBe("");
});

test("formatDifference has a sign", () => {
  expect(formatDifference(price(5_950_000n, "EUR"), price(6_250_000n, "EUR"), "en-US")).toBe("+€0.30");
  expect(formatDifference(price(6_250_000n, "EUR"), price(5_950_000n, "EUR"), "en-US")).toBe("−€0.30");
});

test.each([
  [100n, 105n, 50n],
  [100n, 95n, -50n],
  [2_000n, 2_001n, 1n], // half a permille, away from zero
  [2_000n, 1_999n, -1n],
  [3n, 3n, 0n],
  [0n, 5n, undefined],
])("movedPermille(%d, %d) is %d", (from, to, want) => {
  expect(movedPermille(price(from), price(to))).toBe(want);
});

test("prices in two currencies have not moved", () => {
  expect(movedPermille(price(1n, "EUR"), price(2n, "USD"))).toBeUndefined();
});

test("formatPermille leaves the sign out", () => {
  expect(formatPermille(-53n, "en-US")).toBe("5.3\u202f%");
  expect(formatPermille(12_345n, "en-US")).toBe("1,234.5\u202f%");
});

test.each([
  ["12", 12_000_000n],
  ["12,50", 12_500_000n],
  [" 1'000.5 ", 1_000_500_000n],
  ["0.000001", 1n],
  ["", undefined],
  ["-1", undefined],
  ["1e3", undefined],
  ["1.2345678", undefined],
  ["1234567890123", undefined],
])("parseMicros(%s) is %d", (text, want) => {
  expect(parseMicros(text)).toBe(want);
});
