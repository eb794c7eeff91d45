import { milliseconds } from "../format/time";
import type { Change, Product } from "../gen/atlant/v1/product_pb";

/** A product's changes, the newest first; more says that there are older ones than these. */
export interface History {
  changes: readonly Change[];
  more: boolean;
}

/** A history with changes that came in later, whichever of them it has already. */
export function mergeChanges(history: History, later: readonly Change[]): History {
  const known = new Set(history.changes.map(keyOf));
  const added = later.filter((change) => !known.has(keyOf(change)));
  if (added.length === 0) {
    return history;
  }
  const changes = [...added, ...history.changes].sort((a, b) => timeOf(b) - timeOf(a));
  return { ...history, changes };
}

export const keyOf = (change: Change): string => `${change.fetchId}/${change.observedAt?.seconds}.${change.observedAt?.nanos}`;

const timeOf = (change: Change): number => (change.observedAt ? milliseconds(change.observedAt) : 0);

/** A price from a time on, in milliseconds. */
export interface Point {
  time: number;
  micros: bigint;
}

/** The steps of a price in the currency that the product has now, oldest first; the last one is when it was last seen. */
export function stepsOf(product: Product, history: History): Point[] {
  const currency = product.price?.currencyCode;
  const oldest = history.changes.at(-1);
  const steps: Point[] = [];
  const add = (time: number, price = product.price) => {
    if (price?.currencyCode === currency && price) {
      steps.push({ time, micros: price.amountMicros });
    }
  };
  if (product.firstObservedAt && !history.more) {
    add(milliseconds(product.firstObservedAt), oldest ? oldest.previousPrice : product.price);
  }
  for (let i = history.changes.length - 1; i >= 0; i--) {
    const change = history.changes[i]!;
    add(timeOf(change), change.price);
  }
  if (product.observedAt) {
    const last = milliseconds(product.observedAt);
    if (last > (steps.at(-1)?.time ?? 0)) {
      add(last);
    }
  }
  return steps;
}
