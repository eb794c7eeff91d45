import { useEffect, useState } from "preact/hooks";

import { fetches } from "../api/clients";
import { isCalledOff } from "../api/failure";
import type { Fetch } from "../gen/atlant/v1/fetch_pb";
import { isComparable, timeOf } from "./comparable";

/** The fetches that can be chosen from: the last ones that can be compared, and those that were chosen. */
export function useComparable(chosen: readonly string[]): { list?: readonly Fetch[]; failure: unknown; retry: () => void } {
  const [list, setList] = useState<readonly Fetch[] | undefined>(undefined);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [attempt, setAttempt] = useState(0);
  const key = chosen.filter(Boolean).join();
  useEffect(() => {
    const calls = new AbortController();
    const { signal } = calls;
    const load = async () => {
      const ids = key.split(",").filter(Boolean);
      const named = await Promise.all(ids.map((id) => fetches.getFetch({ id }, { signal })));
      const own = named.flatMap(({ fetch }) => fetch ?? []);
      const sources = new Set(own.map(({ source }) => source));
      const pages = await Promise.all(["", ...sources].map((source) => fetches.listFetches({ source, pageSize: 200 }, { signal })));
      const all = [...own, ...pages.flatMap((page) => page.fetches.filter(isComparable))];
      const byId = new Map(all.map((fetch) => [fetch.id, fetch]));
      setList([...byId.values()].sort((x, y) => timeOf(y) - timeOf(x) || (x.id < y.id ? 1 : -1)));
      setFailure(undefined);
    };
    load().catch((error: unknown) => isCalledOff(error, signal) || setFailure(error));
    return () => calls.abort();
  }, [key, attempt]);
  return { list, failure, retry: () => setAttempt(attempt + 1) };
}
