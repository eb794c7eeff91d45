import { Code, ConnectError } from "@connectrpc/connect";

import { hasCode } from "../api/failure";
import { HistoryIcon } from "../elements/icons";
import { Notice } from "../elements/notice";
import { formatMinute } from "../format/time";
import { navigate } from "../router/location";
import type { Filters } from "./filters";
import { timeOfThePast, writeFilters } from "./filters";

/** Says that the table shows the past, and what that means. */
export function PastNotice({ filters }: { filters: Filters }) {
  const time = timeOfThePast(filters);
  if (time === undefined) {
    return null;
  }
  return (
    <div class="past" role="note">
      <HistoryIcon />
      <p>
        <strong>Prices as of {formatMinute(time)}.</strong>{" "}
        {time > Date.now()
          ? "That is still to come: these are the prices now."
          : "Nothing of later is in here, and nothing moves. The past can be sorted by name and by price."}
      </p>
      <a class="button small" href={"/" + writeFilters({ ...filters, asOf: "" })}>
        Back to now
      </a>
    </div>
  );
}

/** Whether too much has changed since a time to sort by the prices of then. */
export function isTooMuchChanged(failure: unknown): boolean {
  return hasCode(failure, Code.InvalidArgument) && ConnectError.from(failure).rawMessage.startsWith("as_of:");
}

export function TooMuchChanged({ filters }: { filters: Filters }) {
  return (
    <div role="alert">
      <Notice title="Too much has changed since to sort by price" icon={<HistoryIcon />}>
        <p>The past is sorted by price as long as no more than 20,000 products have changed since. By name it always is.</p>
        <button type="button" class="button" onClick={() => navigate("/" + writeFilters({ ...filters, sort: "name", descending: false }))}>
          Sort by name
        </button>
      </Notice>
    </div>
  );
}
