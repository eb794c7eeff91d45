import { products } from "../api/clients";
import type { Change } from "../gen/atlant/v1/product_pb";
import type { History } from "./steps";

const pageSize = 1_000;
const atMost = 10_000;

/** Loads the newest 10,000 changes of a product; hands on what there is after each page. */
export async function loadHistory(productId: string, signal: AbortSignal, onPage: (history: History) => void): Promise<void> {
  const changes: Change[] = [];
  let pageToken = "";
  do {
    const page = await products.listChanges({ productId, pageSize, pageToken }, { signal });
    changes.push(...page.changes);
    pageToken = page.nextPageToken;
    onPage({ changes: [...changes], more: pageToken !== "" });
  } while (pageToken !== "" && changes.length < atMost);
}
