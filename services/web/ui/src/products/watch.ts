import { Code } from "@connectrpc/connect";
import { signal } from "@preact/signals";

import { products } from "../api/clients";
import { hasCode } from "../api/failure";
import { backOff, pause } from "../api/retry";
import type { WatchResponse } from "../gen/atlant/v1/product_pb";

/** Whether changes are coming in. */
export const live = signal(false);

interface Wanted {
  source: string;
  query: string;
  minPriceMicros?: bigint;
  maxPriceMicros?: bigint;
  productIds?: string[];
}

/**
 * Hands on changes as they become visible, behind a position, until the signal aborts. A stream that breaks off is gone on
 * with behind the last position that came; a server that cannot watch is left alone. A page that nobody looks at holds no
 * stream: browsers allow six connections to a server, over all their tabs.
 */
export async function watchChanges(
  wanted: Wanted,
  position: string,
  signal: AbortSignal,
  onAnswer: (answer: WatchResponse) => void,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    await untilVisible(signal);
    const stream = new AbortController();
    const stop = () => stream.abort();
    const hidden = () => document.hidden && stream.abort();
    signal.addEventListener("abort", stop);
    document.addEventListener("visibilitychange", hidden);
    try {
      for await (const answer of products.watch({ ...wanted, position }, { signal: stream.signal })) {
        failures = 0;
        position = answer.position || position;
        live.value = true;
        if (!signal.aborted) {
          onAnswer(answer);
        }
      }
    } catch (error) {
      if (!stream.signal.aborted && hasCode(error, Code.Unimplemented, Code.NotFound, Code.InvalidArgument)) {
        return; // asking again would not help
      }
    } finally {
      live.value = false;
      signal.removeEventListener("abort", stop);
      document.removeEventListener("visibilitychange", hidden);
    }
    if (!stream.signal.aborted) {
      await pause(backOff(++failures), signal);
    }
  }
}

function untilVisible(signal: AbortSignal): Promise<void> {
  if (!document.hidden || signal.aborted) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const check = () => {
      if (!document.hidden || signal.aborted) {
        document.removeEventListener("visibilitychange", check);
        signal.removeEventListener("abort", check);
        resolve();
      }
    };
    document.addEventListener("visibilitychange", check);
    signal.addEventListener("abort", check);
  });
}
