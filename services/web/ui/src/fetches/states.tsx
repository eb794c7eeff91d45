import type { Look } from "../elements/badge";
import { Badge } from "../elements/badge";
import { FetchState, RejectReason } from "../gen/atlant/v1/fetch_pb";

const looks: Record<FetchState, Look> = {
  [FetchState.UNSPECIFIED]: { name: "Unknown", kind: "" },
  [FetchState.QUEUED]: { name: "Queued", kind: "busy" },
  [FetchState.RUNNING]: { name: "Running", kind: "busy" },
  [FetchState.COMPLETED]: { name: "Completed", kind: "good" },
  [FetchState.FAILED]: { name: "Failed", kind: "bad" },
  [FetchState.CANCELLED]: { name: "Cancelled", kind: "" },
  [FetchState.NOT_MODIFIED]: { name: "Unchanged", kind: "" },
  [FetchState.HELD]: { name: "Held", kind: "warn" },
  [FetchState.DISCARDED]: { name: "Discarded", kind: "" },
};

export function StateBadge({ state }: { state: FetchState }) {
  return <Badge {...(looks[state] ?? looks[FetchState.UNSPECIFIED])} />;
}

/** Whether anything of it is still to come. */
export const isUnderWay = (state: FetchState): boolean => state === FetchState.QUEUED || state === FetchState.RUNNING;

export const rejectReasons: Record<RejectReason, string> = {
  [RejectReason.UNSPECIFIED]: "Unknown",
  [RejectReason.COLUMN_COUNT]: "Columns",
  [RejectReason.NAME_MISSING]: "No name",
  [RejectReason.NAME_TOO_LONG]: "Long name",
  [RejectReason.PRICE_MISSING]: "No price",
  [RejectReason.PRICE_NOT_A_NUMBER]: "Not a number",
  [RejectReason.PRICE_NEGATIVE]: "Negative",
  [RejectReason.PRICE_TOO_LARGE]: "Too large",
  [RejectReason.PRICE_TOO_PRECISE]: "Too precise",
  [RejectReason.PRICE_AMBIGUOUS]: "Ambiguous",
  [RejectReason.CONTROL_CHARACTER]: "Control character",
  [RejectReason.ENCODING]: "Encoding",
  [RejectReason.QUOTE]: "Quotes",
  [RejectReason.ROW_TOO_LONG]: "Long row",
  [RejectReason.CUT_OFF]: "Cut off",
  [RejectReason.CURRENCY]: "Currency",
  [RejectReason.DATE]: "Date",
};
