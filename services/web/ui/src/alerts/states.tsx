import type { Look } from "../elements/badge";
import { Badge } from "../elements/badge";
import type { Alert } from "../gen/atlant/v1/alert_pb";
import { DeliveryState } from "../gen/atlant/v1/alert_pb";

const looks: Record<DeliveryState, Look> = {
  [DeliveryState.UNSPECIFIED]: { name: "Unknown", kind: "" },
  [DeliveryState.RETRYING]: { name: "Retrying", kind: "warn" },
  [DeliveryState.DELIVERED]: { name: "Delivered", kind: "good" },
  [DeliveryState.GIVEN_UP]: { name: "Given up", kind: "bad" },
};

export function DeliveryBadge({ state }: { state: DeliveryState }) {
  return <Badge {...(looks[state] ?? looks[DeliveryState.UNSPECIFIED])} />;
}

/** Whether an alert fires; one that the server paused is in need of somebody. */
export function AlertBadge({ alert }: { alert: Alert }) {
  if (!alert.paused) {
    return <Badge name="On" kind="good" />;
  }
  return <Badge name="Paused" kind={alert.pausedReason ? "bad" : ""} />;
}
