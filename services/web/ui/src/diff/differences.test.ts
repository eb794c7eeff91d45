import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";

import { DifferenceKind, DifferenceSchema } from "../gen/atlant/v1/product_pb";
import { arrange, foundOf } from "./differences";
import type { Show, Sort } from "./view";

const eur = (amountMicros: bigint) => ({ amountMicros, currencyCode: "EUR" });

const all = [
  { name: "Crème", kind: DifferenceKind.CHANGED, priceA: eur(100n), priceB: eur(110n) },
  { name: "Milk", kind: DifferenceKind.CHANGED, priceA: eur(100n), priceB: eur(50n) },
  { name: "Oats", kind: DifferenceKind.ADDED, priceB: eur(1n) },
  { name: "Bread", kind: DifferenceKind.MISSING, priceA: eur(1n) },
  { name: "Air", kind: DifferenceKind.CHANGED, priceA: eur(0n), priceB: eur(1n) }, // no percentage
].map((init) => foundOf(create(DifferenceSchema, init)));

test.each<[Show, string, Sort, string[]]>([
  ["all", "", "name", ["Air", "Bread", "Crème", "Milk", "Oats"]],
  ["all", "", "-name", ["Oats", "Milk", "Crème", "Bread", "Air"]],
  ["all", "", "move", ["Milk", "Crème", "Air", "Bread", "Oats"]],
  ["all", "", "-move", ["Crème", "Milk", "Air", "Bread", "Oats"]],
  ["changed", "", "name", ["Air", "Crème", "Milk"]],
  ["added", "", "name", ["Oats"]],
  ["missing", "", "name", ["Bread"]],
  ["all", " CREM ", "name", ["Crème"]],
  ["all", "e r", "name", ["Bread", "Crème"]],
  ["added", "milk", "name", []],
])("%s, %j, by %s", (show, query, sort, want) => {
  const before = [...all];
  expect(arrange(all, show, query, sort).map(({ difference }) => difference.name)).toEqual(want);
  expect(all).toEqual(before);
});
