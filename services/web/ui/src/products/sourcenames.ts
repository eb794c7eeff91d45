import { signal } from "@preact/signals";

import { fetches, sources } from "../api/clients";

/** Names of sources that there are products of: those that are kept, and those of the last fetches. */
export const sourceNames = {
  known: signal<readonly string[]>([]),

  async load(): Promise<void> {
    const [kept, fetched] = await Promise.allSettled([
      sources.listSources({ pageSize: 1000 }),
      fetches.listFetches({ pageSize: 200 }),
    ]);
    const names = new Set(this.known.peek());
    if (kept.status === "fulfilled") {
      kept.value.sources.forEach((source) => names.add(source.name));
    }
    if (fetched.status === "fulfilled") {
      fetched.value.fetches.forEach((fetch) => names.add(fetch.source));
    }
    this.known.value = [...names];
  },
};
