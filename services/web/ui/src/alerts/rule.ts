import type { MessageInitShape } from "@bufbuild/protobuf";

import { textOf } from "../elements/fieldtext";
import { parseMicros } from "../format/money";
import { parseBasisPoints } from "../format/percent";
import type { Alert, AlertConditionSchema, AlertSchema } from "../gen/atlant/v1/alert_pb";
import type { Kind } from "./condition";

/** Which products an alert is about: one, those that match, or all. */
export type Scope = "product" | "match" | "all";

export function scopeOf(alert: Alert): Scope {
  if (alert.productId) {
    return "product";
  }
  return alert.query || alert.source ? "match" : "all";
}

/** What is wrong with which field, by the field's name in the API; "" is what is wrong with none of them. */
export type Failures = Record<string, string>;

export interface Choices {
  scope: Scope;
  productId: string;
  kind: Kind;
}

/** Reads the form of an alert: the choices, and what was typed. What no alert can be is in failures. */
export function readRule({ scope, productId, kind }: Choices, values: FormData): { alert: MessageInitShape<typeof AlertSchema>; failures: Failures } {
  const failures: Failures = {};
  const alert = {
    name: textOf(values, "name"),
    productId: scope === "product" ? productId : "",
    query: scope === "match" ? textOf(values, "query") : "",
    source: scope === "match" ? textOf(values, "source") : "",
    condition: { condition: readCondition(kind, values, failures) },
    webhookUrl: textOf(values, "webhook_url"),
  };
  if (scope === "product" && !productId) {
    failures.product_id = "Choose a product";
  }
  if (scope === "match" && !alert.query && !alert.source) {
    failures.query = "Give words, or a source";
  }
  return { alert, failures };
}

type Condition = NonNullable<MessageInitShape<typeof AlertConditionSchema>["condition"]>;

function readCondition(kind: Kind, values: FormData, failures: Failures): Condition {
  switch (kind) {
    case "any":
    case "up":
    case "down":
      return { case: kind, value: { atLeastBasisPoints: readOptional(values, "at_least_basis_points", parseBasisPoints, 0, percentage, failures) } };
    case "below":
    case "above":
      return {
        case: kind,
        value: {
          amountMicros: read(values, "amount_micros", parseMicros, 0n, amount, failures),
          currencyCode: textOf(values, "currency_code").toUpperCase(),
          hysteresisMicros: readOptional(values, "hysteresis_micros", parseMicros, 0n, amount, failures),
        },
      };
  }
}

const amount = "An amount like 9.99: at most 12 digits, and 6 decimals";
const percentage = "A percentage like 5 or 2.5: at most 100000, with 2 decimals at most";

function read<T>(values: FormData, name: string, parse: (text: string) => T | undefined, none: T, wanted: string, failures: Failures): T {
  const value = parse(textOf(values, name));
  if (value === undefined) {
    failures[name] = wanted;
  }
  return value ?? none;
}

function readOptional<T>(values: FormData, name: string, parse: (text: string) => T | undefined, none: T, wanted: string, failures: Failures): T {
  return textOf(values, name) ? read(values, name, parse, none, wanted, failures) : none;
}

const longestName = 64;

/** A name for an alert about something: letters, digits and hyphens, without accents; empty if nothing of it can be written so. */
export function suggestName(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, longestName)
    .replace(/-$/, "");
}
