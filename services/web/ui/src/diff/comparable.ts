import { milliseconds } from "../format/time";
import type { Fetch } from "../gen/atlant/v1/fetch_pb";
import { FetchState } from "../gen/atlant/v1/fetch_pb";

/** Whether there are prices of a fetch to compare: its own, or those of the fetch that it found unchanged. */
export const isComparable = ({ state }: Fetch): boolean => state === FetchState.COMPLETED || state === FetchState.NOT_MODIFIED;

/** The time that the prices of a fetch are of, in milliseconds. */
export const timeOf = ({ observedAt, requestedAt }: Fetch): number => {
  const time = observedAt ?? requestedAt;
  return time ? milliseconds(time) : 0;
};

/** The fetch that one most often wants to compare a fetch with: the one before of the same list, or else of the same source. */
export function fetchBefore(fetch: Fetch, among: readonly Fetch[]): Fetch | undefined {
  const before = among
    .filter((other) => other.id !== fetch.id && other.source === fetch.source && isComparable(other) && timeOf(other) <= timeOf(fetch))
    .sort((x, y) => timeOf(y) - timeOf(x));
  return before.find(({ url }) => url === fetch.url) ?? before[0];
}
