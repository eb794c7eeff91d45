import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";

import { AlertConditionSchema } from "../gen/atlant/v1/alert_pb";
import { conditionText } from "./condition";

type Condition = MessageInitShape<typeof AlertConditionSchema>["condition"];

test.each<[Condition, string, string]>([
  [{ case: "any", value: {} }, "Rises or falls", ""],
  [{ case: "up", value: { atLeastBasisPoints: 1_000_000 } }, "Rises", "by 10,000\u202f% or more"],
  [{ case: "down", value: { atLeastBasisPoints: 5 } }, "Falls", "by 0.05\u202f% or more"],
  [{ case: "below", value: { amountMicros: 9_990_000n, currencyCode: "EUR", hysteresisMicros: 500_000n } }, "Falls below €9.99", "again once back by €0.50"],
  [{ case: "above", value: { amountMicros: 20_000_000n } }, "Rises above 20.00", ""],
  [undefined, "A newer version knows when", ""],
])("%o in words", (condition, what, more) => {
  expect(conditionText(create(AlertConditionSchema, { condition }), "en")).toEqual({ what, more });
});
