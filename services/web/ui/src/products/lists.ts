import { signal } from "@preact/signals";

import type { Filters } from "./filters";
import { readFilters, writeFilters } from "./filters";
import { ProductList } from "./productlist";

// The last few lists are kept, so that going back shows the one that was left, where it was left.

const atMost = 5;
const kept = new Map<string, ProductList>();

/** Counts how often lists were thrown away. */
export const refreshed = signal(0);

let waitFor = "";

/** The list for filters, with its first page there or under way. */
export function listFor(filters: Filters): ProductList {
  const key = writeFilters(filters);
  const list = kept.get(key) ?? new ProductList(readFilters(key), waitFor);
  kept.delete(key);
  kept.set(key, list);
  for (const [other, old] of kept) {
    if (kept.size <= atMost) {
      break;
    }
    old.close();
    kept.delete(other);
  }
  if (list.rows.peek().length === 0 && list.failure.peek() === undefined) {
    void list.loadMore();
  }
  return list;
}

/** Throws the lists away; new ones hold at least what was written at a position (Fetch.position). */
export function refreshLists(position = ""): void {
  waitFor = position || waitFor;
  for (const list of kept.values()) {
    list.close();
  }
  kept.clear();
  refreshed.value++;
}
