import { signal } from "@preact/signals";

import { products } from "../api/clients";
import { isCalledOff } from "../api/failure";
import type { Product, WatchResponse } from "../gen/atlant/v1/product_pb";
import { remember } from "../product/known";
import type { Filters } from "./filters";
import { requestOf } from "./filters";

const pageSize = 200;

/** A product in the list; moved is when, in milliseconds, and which way its price last moved while it was looked at. */
export interface Row {
  product: Product;
  moved?: { at: number; up: boolean };
}

/** A walk through the products that match filters: pages are appended as they are asked for, and rows change in place. */
export class ProductList {
  readonly rows = signal<readonly Row[]>([]);
  readonly loading = signal(false);
  readonly failure = signal<unknown>(undefined);
  /** No more pages. */
  readonly complete = signal(false);
  /** The first page is there. */
  readonly begun = signal(false);
  /** Of the products that match; undefined until it is known, which it is of the past only at the end. */
  readonly total = signal<{ count: bigint; estimated: boolean } | undefined>(undefined);
  /** Changes that came in since the first page was read. */
  readonly changesSeen = signal(0);
  /** How far the views were when the first page was read, or when they were last watched. */
  position = "";

  private pageToken = "";
  private readonly request: ReturnType<typeof requestOf>;
  private readonly places = new Map<string, number>();
  private readonly calls = new AbortController();

  constructor(
    readonly filters: Filters,
    private readonly waitFor: string,
  ) {
    this.request = requestOf(filters, Date.now());
  }

  /** Loads the next page, unless that is under way or there is none. */
  async loadMore(): Promise<void> {
    if (this.loading.peek() || this.complete.peek()) {
      return;
    }
    this.loading.value = true;
    try {
      const known = this.rows.peek().length;
      do {
        await this.loadPage();
      } while (this.rows.peek().length === known && !this.complete.peek()); // pages of the past may be empty
    } catch (error) {
      if (!isCalledOff(error, this.calls.signal)) {
        this.failure.value = error;
      }
    } finally {
      this.loading.value = false;
    }
  }

  private async loadPage(): Promise<void> {
    const first = this.pageToken === "";
    const ofThePast = this.filters.asOf !== "";
    const page = await products.list(
      { ...this.request, pageSize, pageToken: this.pageToken, position: first ? this.waitFor : "", total: first && !ofThePast },
      { signal: this.calls.signal },
    );
    this.failure.value = undefined;
    this.append(page.products, ofThePast);
    this.pageToken = page.nextPageToken;
    this.complete.value = page.nextPageToken === "";
    if (first) {
      this.position = page.position;
    }
    if (first && !ofThePast) {
      this.total.value = { count: page.totalSize, estimated: page.totalEstimated };
    } else if (ofThePast && this.complete.peek()) {
      this.total.value = { count: BigInt(this.rows.peek().length), estimated: false };
    }
    this.begun.value = true;
  }

  /** Shows changes in the rows that they are of; the next watch begins behind them. */
  apply({ changes, position }: WatchResponse): void {
    this.position = position || this.position;
    this.changesSeen.value += changes.length;
    let rows: Row[] | undefined;
    const at = Date.now();
    for (const { change, product } of changes) {
      const place = product && this.places.get(product.id);
      if (!product || place === undefined) {
        continue;
      }
      rows ??= [...this.rows.peek()];
      remember(product);
      const up = (change?.price?.amountMicros ?? 0n) >= (change?.previousPrice?.amountMicros ?? 0n);
      rows[place] = { product, moved: { at, up } };
    }
    if (rows) {
      this.rows.value = rows;
    }
  }

  /** Calls off what is under way. */
  close(): void {
    this.calls.abort();
  }

  private append(products: readonly Product[], ofThePast: boolean): void {
    const rows = [...this.rows.peek()];
    for (const product of products) {
      if (!ofThePast) {
        remember(product);
      }
      this.places.set(product.id, rows.length);
      rows.push({ product });
    }
    this.rows.value = rows;
  }
}
