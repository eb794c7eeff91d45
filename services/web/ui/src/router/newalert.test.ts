import { expect, test } from "vitest";

import { newAlertFrom } from "./newalert";

test.each([
  ["/products/9e47474e", "/alerts?new&product=9e47474e"],
  ["/", "/alerts?new"],
  ["/products", "/alerts?new"],
  ["/fetches/01a2", "/alerts?new"],
  ["/alerts/cheap-coffee", "/alerts?new"],
])("from %s an alert is added at %s", (path, want) => {
  expect(newAlertFrom(path)).toBe(want);
});
