import { capital } from "../format/capital";
import { formatPrice } from "../format/money";
import { formatBasisPoints } from "../format/percent";
import type { AlertCondition, PriceMove, PriceThreshold } from "../gen/atlant/v1/alert_pb";

/** The kinds of conditions that the API has. */
export type Kind = NonNullable<AlertCondition["condition"]["case"]>;

/** What a price does that fires an alert of each kind. */
export const kindNames: Record<Kind, string> = {
  any: "rises or falls",
  down: "falls",
  up: "rises",
  below: "falls below",
  above: "rises above",
};

/** True of kinds that are about a threshold; the others are about a move. */
export const isCrossing = (kind: Kind): boolean => kind === "below" || kind === "above";

/** When an alert fires: what its price does, and what else is to be said of that. */
export function conditionText(condition: AlertCondition | undefined, locale?: string): { what: string; more: string } {
  const is = condition?.condition;
  switch (is?.case) {
    case "any":
    case "up":
    case "down":
      return { what: capital(kindNames[is.case]), more: moveText(is.value, locale) };
    case "below":
    case "above":
      return { what: `${capital(kindNames[is.case])} ${thresholdText(is.value, locale)}`, more: againText(is.value, locale) };
    default:
      return { what: "A newer version knows when", more: "" };
  }
}

function moveText({ atLeastBasisPoints }: PriceMove, locale?: string): string {
  return atLeastBasisPoints > 0 ? `by ${formatBasisPoints(atLeastBasisPoints, locale)} or more` : "";
}

const thresholdText = ({ amountMicros, currencyCode }: PriceThreshold, locale?: string): string =>
  formatPrice({ amountMicros, currencyCode }, locale);

function againText({ hysteresisMicros, currencyCode }: PriceThreshold, locale?: string): string {
  return hysteresisMicros > 0n ? `again once back by ${formatPrice({ amountMicros: hysteresisMicros, currencyCode }, locale)}` : "";
}
