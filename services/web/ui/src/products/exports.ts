import { timestampDate } from "@bufbuild/protobuf/wkt";

import type { Filters } from "./filters";
import { requestOf } from "./filters";

/** What a file has a row of. */
export type Rows = "products" | "changes";

export const formats = [
  { extension: "csv", name: "CSV" },
  { extension: "jsonl", name: "JSON Lines" },
  { extension: "parquet", name: "Parquet" },
] as const;

export type Extension = (typeof formats)[number]["extension"];

/** Where the server has the file of what filters show. Times count back from now, in milliseconds. */
export function exportAddress(rows: Rows, extension: Extension, filters: Filters, now: number): string {
  const request = requestOf(filters, now);
  return addressOf(rows, extension, {
    query: request.query,
    source: request.source,
    min_price_micros: request.minPriceMicros?.toString(),
    max_price_micros: request.maxPriceMicros?.toString(),
    changed_since: request.changedSince && timestampDate(request.changedSince).toISOString(),
    as_of: request.asOf && timestampDate(request.asOf).toISOString(),
  });
}

/** Where the server has the file of a product's price changes. */
export const changesAddress = (extension: Extension, productId: string): string =>
  addressOf("changes", extension, { product_id: productId });

function addressOf(rows: Rows, extension: Extension, parameters: Record<string, string | undefined>): string {
  const set = Object.entries(parameters).filter((parameter): parameter is [string, string] => Boolean(parameter[1]));
  const text = new URLSearchParams(set).toString();
  return `/export/${rows}.${extension}${text && `?${text}`}`;
}
