import { expect, test } from "vitest";

import { amountLabels } from "./axes";

test.each([
  [[6, 7], 1, "EUR", ["€6", "€7"]],
  [[6.5, 7], 0.5, "EUR", ["€6.50", "€7.00"]],
  [[0.001, 0.002], 0.001, "EUR", ["€0.001", "€0.002"]],
  [[1_000, 2_000], 1_000, "", ["1,000", "2,000"]],
  [[1, 2], 1, "no code", ["1", "2"]],
])("amounts %j, %d apart, in %s are %j", (splits, step, currency, want) => {
  expect(amountLabels(splits, step, currency)).toEqual(want);
});
