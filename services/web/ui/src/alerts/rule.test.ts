import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";

import { AlertSchema } from "../gen/atlant/v1/alert_pb";
import type { Choices } from "./rule";
import { readRule, scopeOf, suggestName } from "./rule";

const product = "9e47474e-5a0d-5a42-8a43-6a3f0a5d6c11";
const choices: Choices = { scope: "match", productId: product, kind: "any" };

function typed(fields: Record<string, string>): FormData {
  const values = new FormData();
  Object.entries({ name: "a", query: "tea", ...fields }).forEach(([name, text]) => values.append(name, text));
  return values;
}

test("what was typed becomes an alert", () => {
  const read = (some: Partial<Choices>, fields: Record<string, string>) => {
    const { alert, failures } = readRule({ ...choices, ...some }, typed(fields));
    expect(failures).toEqual({});
    return create(AlertSchema, alert);
  };
  const matching = read({}, { name: " cheap-tea ", source: "shop", webhook_url: "https://hooks.example/in?token=t " });
  expect(matching).toMatchObject({ name: "cheap-tea", query: "tea", source: "shop", productId: "", webhookUrl: "https://hooks.example/in?token=t" });
  expect(matching.condition?.condition).toMatchObject({ case: "any", value: { atLeastBasisPoints: 0 } });

  const one = read({ scope: "product", kind: "down" }, { at_least_basis_points: "2,5 %" });
  expect(one).toMatchObject({ productId: product, query: "", source: "" });
  expect(one.condition?.condition).toMatchObject({ case: "down", value: { atLeastBasisPoints: 250 } });

  const all = read({ scope: "all", kind: "below" }, { amount_micros: "9.99", currency_code: "eur", hysteresis_micros: "0,5" });
  expect(all).toMatchObject({ productId: "", query: "", source: "" });
  expect(all.condition?.condition).toMatchObject({ case: "below", value: { amountMicros: 9_990_000n, currencyCode: "EUR", hysteresisMicros: 500_000n } });
  expect(read({ kind: "above" }, { amount_micros: "0" }).condition?.condition).toMatchObject({ case: "above", value: { amountMicros: 0n, hysteresisMicros: 0n } });
});

test("what cannot be an alert is said at its field, all of it", () => {
  const faults = (some: Partial<Choices>, fields: Record<string, string>) => Object.keys(readRule({ ...choices, ...some }, typed(fields)).failures).sort();
  expect(faults({ scope: "product", productId: "" }, { at_least_basis_points: "much" })).toEqual(["at_least_basis_points", "product_id"]);
  expect(faults({ kind: "below" }, { query: " ", hysteresis_micros: "-1" })).toEqual(["amount_micros", "hysteresis_micros", "query"]);
  expect(faults({ kind: "above" }, { query: "", source: "shop", amount_micros: "1.234,50" })).toEqual(["amount_micros"]);
});

test.each([
  [{ productId: product }, "product"],
  [{ query: "tea" }, "match"],
  [{ source: "shop" }, "match"],
  [{}, "all"],
])("%o is about %s", (alert, scope) => {
  expect(scopeOf(create(AlertSchema, alert))).toBe(scope);
});

test.each([
  ["Espresso Beans 1 kg", "espresso-beans-1-kg"],
  ["  Crème brûlée (2×) ", "creme-brulee-2"],
  ["-.-", ""],
  ["緑茶", ""],
  [`${"a".repeat(63)} b`, "a".repeat(63)],
  ["a".repeat(100), "a".repeat(64)],
])("an alert about %j may be named %j", (text, name) => {
  expect(suggestName(text)).toBe(name);
});
