import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";

import { fieldFailures } from "./fieldfailures";

const fields = ["name", "webhook_url", "hysteresis_micros"];
const refused = (text: string, code = Code.InvalidArgument) => fieldFailures(new ConnectError(text, code), fields);

test.each([
  ["alert.webhook_url: must begin with http:// or https://", { webhook_url: "Must begin with http:// or https://" }],
  ["alert.condition.above.hysteresis_micros: is greater than amount_micros: never", { hysteresis_micros: "Is greater than amount_micros: never" }],
  ["validation error: alert.name: does not match `^[a-z]$`", { name: "Does not match `^[a-z]$`" }],
  ["validation errors:\n - alert.name: is bad\n - alert.webhook_url: is long\n - alert.name: is worse", { name: "Is bad\nIs worse", webhook_url: "Is long" }],
  ["alert.revision: must be 0", { "": "Alert.revision: must be 0" }],
  ["validation errors:\n - alert.condition: value is required\n - alert.name: is bad", { "": "Alert.condition: value is required", name: "Is bad" }],
  ["the request is too large", { "": "The request is too large" }],
])("%j is said at its fields", (text, want) => {
  expect(refused(text)).toEqual(want);
});

test("what is not about fields is said as it is", () => {
  expect(refused("alert.name: this needs the scope admin", Code.PermissionDenied)).toEqual({ "": "Alert.name: this needs the scope admin" });
});
