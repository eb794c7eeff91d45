import { milliseconds } from "../format/time";
import type { Delivery } from "../gen/atlant/v1/alert_pb";

/** Deliveries and a page of them as they are by now: each once, the last attempt first. */
export function merge(before: readonly Delivery[], page: readonly Delivery[]): readonly Delivery[] {
  const all = new Map(before.map((delivery) => [delivery.id, delivery]));
  for (const delivery of page) {
    const known = all.get(delivery.id);
    if (!known || attemptedAt(delivery) >= attemptedAt(known)) {
      all.set(delivery.id, delivery); // a page that took long may be the older one
    }
  }
  return [...all.values()].sort((a, b) => attemptedAt(b) - attemptedAt(a) || (a.id < b.id ? 1 : -1));
}

/** In milliseconds. Something that was given up before it was posted was never attempted: what counts is when it fired. */
const attemptedAt = ({ attemptedAt, firedAt }: Delivery): number => {
  const time = attemptedAt ?? firedAt;
  return time ? milliseconds(time) : 0;
};
