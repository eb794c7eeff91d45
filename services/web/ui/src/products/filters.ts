import { timestampFromMs } from "@bufbuild/protobuf/wkt";

import { decimalText, parseMicros } from "../format/money";
import { SortBy } from "../gen/atlant/v1/product_pb";

/** What of the products is shown, and in which order: the part of a ListRequest that the URL holds. */
export interface Filters {
  query: string;
  source: string;
  minPrice?: bigint;
  maxPrice?: bigint;
  /** One of sinceSpans, or a date like 2026-04-20; empty: whenever. */
  since: string;
  /** A moment like 2026-04-20T13:00, in local time; empty: now. */
  asOf: string;
  sort: Sort;
  descending: boolean;
}

export type Sort = "name" | "price" | "changes" | "changed" | "first-seen";

export const sortBy: Record<Sort, SortBy> = {
  name: SortBy.NAME,
  price: SortBy.PRICE,
  changes: SortBy.PRICE_CHANGES,
  changed: SortBy.PRICE_CHANGED_AT,
  "first-seen": SortBy.FIRST_OBSERVED_AT,
};

/** What one most often wants to see first when one sorts by it. */
export const descendingFirst: Record<Sort, boolean> = {
  name: false,
  price: false,
  changes: true,
  changed: true,
  "first-seen": true,
};

/** The sorts that there are of the past. */
export const sortsOfThePast: readonly Sort[] = ["name", "price"];

/** How far back, in milliseconds. */
export const sinceSpans: Record<string, number> = {
  "1h": 3_600_000,
  "24h": 86_400_000,
  "7d": 7 * 86_400_000,
  "30d": 30 * 86_400_000,
};

export function readFilters(search: string): Filters {
  const values = new URLSearchParams(search);
  const sort = values.get("sort") ?? "name";
  const name = sort.replace(/^-/, "");
  const asOf = moment(values.get("as-of") ?? "") === undefined ? "" : values.get("as-of")!;
  const known = Object.hasOwn(sortBy, name) && (!asOf || sortsOfThePast.includes(name as Sort));
  const since = values.get("since") ?? "";
  return {
    query: values.get("q") ?? "",
    source: values.get("source") ?? "",
    minPrice: parseMicros(values.get("min") ?? ""),
    maxPrice: parseMicros(values.get("max") ?? ""),
    since: asOf || sinceMoment(since, 0) === undefined ? "" : since,
    asOf,
    sort: known ? (name as Sort) : "name",
    descending: known && sort.startsWith("-"),
  };
}

/** The query of the URL for filters, with its question mark; empty if there are none. Equal filters give equal texts. */
export function writeFilters(filters: Filters): string {
  const values = new URLSearchParams();
  const set = (key: string, value: string) => value && values.set(key, value);
  set("q", filters.query);
  set("source", filters.source);
  set("min", filters.minPrice === undefined ? "" : decimalText(filters.minPrice));
  set("max", filters.maxPrice === undefined ? "" : decimalText(filters.maxPrice));
  set("since", filters.since);
  set("as-of", filters.asOf);
  const sort = (filters.descending ? "-" : "") + filters.sort;
  set("sort", sort === "name" ? "" : sort);
  const text = values.toString();
  return text && `?${text}`;
}

/** The fields of a ListRequest that stay the same from page to page. Times count back from now, in milliseconds. */
export function requestOf(filters: Filters, now: number) {
  const since = sinceMoment(filters.since, now);
  const asOf = moment(filters.asOf);
  return {
    query: filters.query.trim(),
    source: filters.source,
    minPriceMicros: filters.minPrice,
    maxPriceMicros: filters.maxPrice,
    changedSince: since === undefined ? undefined : timestampFromMs(since),
    asOf: asOf === undefined ? undefined : timestampFromMs(asOf),
    sortBy: sortBy[filters.sort],
    descending: filters.descending,
  };
}

/** The moment of the past that is shown, in milliseconds; undefined: the present is. */
export const timeOfThePast = (filters: Filters): number | undefined => moment(filters.asOf);

/** Whether anything but the order is asked for. */
export function narrows(filters: Filters): boolean {
  return Boolean(
    filters.query.trim() ||
      filters.source ||
      filters.minPrice !== undefined ||
      filters.maxPrice !== undefined ||
      filters.since ||
      filters.asOf,
  );
}

/** The same order, of all products. */
export function withoutFilters(filters: Filters): Filters {
  return { ...filters, query: "", source: "", minPrice: undefined, maxPrice: undefined, since: "", asOf: "" };
}

function sinceMoment(since: string, now: number): number | undefined {
  if (Object.hasOwn(sinceSpans, since)) {
    return now - sinceSpans[since]!;
  }
  return /^\d{4}-\d\d-\d\d$/.test(since) ? moment(`${since}T00:00`) : undefined;
}

function moment(local: string): number | undefined {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(local) ? new Date(local).getTime() : NaN;
  return Number.isNaN(time) ? undefined : time;
}
