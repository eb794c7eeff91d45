import { signal } from "@preact/signals";

import { products } from "../api/clients";
import { isCalledOff } from "../api/failure";
import type { DiffFetchesResponse } from "../gen/atlant/v1/product_pb";
import { DifferenceKind } from "../gen/atlant/v1/product_pb";
import type { Found } from "./differences";
import { foundOf } from "./differences";

/** So many differences are kept, to be looked at; the others are counted. */
export const mostKept = 20_000;

const pace = 250; // milliseconds between two looks at what has come

/** How many differences there are; same is known at the end. */
export interface Counts {
  changed: bigint;
  added: bigint;
  missing: bigint;
  same?: bigint;
}

/** What differs between two fetches, while it comes in. */
export class Comparison {
  readonly found = signal<readonly Found[]>([]);
  readonly counts = signal<Counts>({ changed: 0n, added: 0n, missing: 0n });
  readonly failure = signal<unknown>(undefined);
  readonly complete = signal(false);

  private readonly kept: Found[] = [];
  private readonly counted: Counts = { changed: 0n, added: 0n, missing: 0n };
  private looked = 0;

  /** Compares until all is there, or the signal aborts. */
  async run(a: string, b: string, signal: AbortSignal): Promise<void> {
    try {
      for await (const response of products.diffFetches({ a, b }, { signal })) {
        this.take(response);
      }
      this.complete.value = true;
    } catch (error) {
      if (!isCalledOff(error, signal)) {
        this.failure.value = error;
      }
    }
  }

  private take({ differences, summary }: DiffFetchesResponse): void {
    for (const difference of differences) {
      if (this.kept.length < mostKept) {
        this.kept.push(foundOf(difference));
      }
      switch (difference.kind) {
        case DifferenceKind.CHANGED:
          this.counted.changed++;
          break;
        case DifferenceKind.ADDED:
          this.counted.added++;
          break;
        case DifferenceKind.MISSING:
          this.counted.missing++;
      }
    }
    if (summary || Date.now() - this.looked > pace) {
      this.looked = Date.now();
      this.counts.value = summary ?? { ...this.counted };
      this.found.value = [...this.kept];
    }
  }
}
