import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";

import { ChangeSchema, ProductSchema } from "../gen/atlant/v1/product_pb";
import { mergeChanges, stepsOf } from "./steps";

const change = (time: number, from: bigint, to: bigint, currencyCode = "EUR") =>
  create(ChangeSchema, {
    observedAt: timestampFromMs(time),
    fetchId: `fetch ${time}`,
    previousPrice: { amountMicros: from, currencyCode },
    price: { amountMicros: to, currencyCode },
  });

const product = create(ProductSchema, {
  price: { amountMicros: 7n, currencyCode: "EUR" },
  firstObservedAt: timestampFromMs(1_000),
  observedAt: timestampFromMs(9_000),
});

test("steps go from when the product was first seen to when it was last seen", () => {
  const history = { changes: [change(5_000, 6n, 7n), change(3_000, 5n, 6n)], more: false };
  expect(stepsOf(product, history)).toEqual([
    { time: 1_000, micros: 5n },
    { time: 3_000, micros: 6n },
    { time: 5_000, micros: 7n },
    { time: 9_000, micros: 7n },
  ]);
});

test("a product that never changed has a flat line", () => {
  expect(stepsOf(product, { changes: [], more: false })).toEqual([
    { time: 1_000, micros: 7n },
    { time: 9_000, micros: 7n },
  ]);
});

test("what came before the changes that are there is not known", () => {
  expect(stepsOf(product, { changes: [change(5_000, 6n, 7n)], more: true })).toEqual([
    { time: 5_000, micros: 7n },
    { time: 9_000, micros: 7n },
  ]);
});

test("prices in another currency are no steps", () => {
  const history = { changes: [change(5_000, 6n, 7n), change(3_000, 5n, 6n, "USD")], more: false };
  expect(stepsOf(product, history).map(({ micros }) => micros)).toEqual([7n, 7n]);
});

test("changes that come in later are merged once, the newest first", () => {
  const history = { changes: [change(3_000, 5n, 6n)], more: false };
  const later = [change(3_000, 5n, 6n), change(5_000, 6n, 7n)];
  const merged = mergeChanges(history, later);
  expect(merged.changes.map(({ fetchId }) => fetchId)).toEqual(["fetch 5000", "fetch 3000"]);
  expect(mergeChanges(merged, later)).toBe(merged);
});
