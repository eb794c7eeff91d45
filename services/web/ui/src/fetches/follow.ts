import { Code } from "@connectrpc/connect";
import { useEffect, useState } from "preact/hooks";

import { fetches } from "../api/clients";
import { hasCode, isCalledOff } from "../api/failure";
import { backOff, pause } from "../api/retry";
import type { Fetch } from "../gen/atlant/v1/fetch_pb";
import { FetchState } from "../gen/atlant/v1/fetch_pb";
import { refreshLists } from "../products/lists";
import { isUnderWay } from "./states";

/** A fetch as it is now, for as long as the component is there; again follows it anew, after it was queued once more. */
export function useFetch(id: string): { fetch?: Fetch; failure: unknown; again: () => void } {
  const [fetch, setFetch] = useState<Fetch | undefined>(undefined);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const calls = new AbortController();
    follow(id, calls.signal, setFetch, setFailure).catch((error: unknown) => isCalledOff(error, calls.signal) || setFailure(error));
    return () => calls.abort();
  }, [id, round]);
  return { fetch, failure, again: () => setRound(round + 1) };
}

const patience = 20; // how often, a second apart, one asks whether the views show a fetch

async function follow(id: string, signal: AbortSignal, onFetch: (fetch: Fetch) => void, onFailure: (error: unknown) => void): Promise<void> {
  let wasUnderWay = false;
  let last: Fetch | undefined;
  for (let failures = 0; !signal.aborted && (!last || isUnderWay(last.state)); ) {
    try {
      for await (const { fetch } of fetches.watchFetch({ id }, { signal })) {
        failures = 0;
        last = fetch;
        wasUnderWay ||= fetch !== undefined && isUnderWay(fetch.state);
        if (fetch) {
          onFetch(fetch);
          onFailure(undefined);
        }
      }
    } catch (error) {
      if (isCalledOff(error, signal)) {
        return;
      }
      if (!last || hasCode(error, Code.NotFound, Code.InvalidArgument)) {
        onFailure(error);
      }
      if (hasCode(error, Code.NotFound, Code.InvalidArgument)) {
        return;
      }
      await pause(backOff(++failures), signal);
    }
  }
  if (last?.state !== FetchState.COMPLETED) {
    return;
  }
  if (wasUnderWay) {
    refreshLists(last.position);
  }
  for (let i = 0; i < patience && wasUnderWay && !last.visibleAt && !signal.aborted; i++) {
    await pause(1_000, signal);
    last = (await fetches.getFetch({ id }, { signal })).fetch ?? last;
    onFetch(last);
  }
}
