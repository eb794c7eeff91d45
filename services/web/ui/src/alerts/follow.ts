import { Code } from "@connectrpc/connect";
import { useEffect, useRef, useState } from "preact/hooks";

import { alerts } from "../api/clients";
import { hasCode } from "../api/failure";
import { repeat } from "../api/repeat";
import type { Alert, Delivery } from "../gen/atlant/v1/alert_pb";
import { DeliveryState } from "../gen/atlant/v1/alert_pb";
import { merge } from "./deliverylist";

const every = 3_000; // milliseconds
const everyRetrying = 1_000;

/** Looks again and again, until it turns out that the caller may not: alerts take the scope admin, and asking on does not give it. */
function follow(calls: AbortController, look: () => Promise<void>, onFailure: (error: unknown) => void, wait = () => every): void {
  const fail = (error: unknown) => {
    onFailure(error);
    if (hasCode(error, Code.PermissionDenied)) {
      calls.abort();
    }
  };
  void repeat(calls.signal, look, fail, wait);
}

const alertsPerPage = 100;

/** So many pages of alerts, in the order of their names; what others change shows by itself. */
export function useAlerts() {
  const [found, setFound] = useState<{ list: readonly Alert[]; more: boolean } | undefined>(undefined);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [pages, setPages] = useState(1);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const calls = new AbortController();
    const look = async () => {
      setFound(await loadAlerts(pages, calls.signal));
      setFailure(undefined);
    };
    follow(calls, look, setFailure);
    return () => calls.abort();
  }, [pages, round]);
  return { list: found?.list, more: found?.more === true, failure, loadMore: () => setPages(pages + 1), reload: () => setRound((n) => n + 1) };
}

async function loadAlerts(pages: number, signal: AbortSignal) {
  const list: Alert[] = [];
  let pageToken = "";
  for (let i = 0; i < pages && (i === 0 || pageToken); i++) {
    const page = await alerts.listAlerts({ pageSize: alertsPerPage, pageToken }, { signal });
    list.push(...page.alerts);
    pageToken = page.nextPageToken;
  }
  return { list, more: pageToken !== "" };
}

const latest = 100;

/** The last delivery of each alert, by its name; null where nothing was posted, undefined until that is known. */
export function useLastDeliveries(list: readonly Alert[] | undefined): ReadonlyMap<string, Delivery | null> {
  const [found, setFound] = useState<ReadonlyMap<string, Delivery | null>>(new Map());
  const names = list?.map(({ name }) => name).join(" ") ?? ""; // names hold no blanks
  useEffect(() => {
    if (!names) {
      return;
    }
    const calls = new AbortController();
    const { signal } = calls;
    const known = new Map(found);
    const look = async () => {
      const { deliveries } = await alerts.listDeliveries({ pageSize: latest }, { signal });
      [...deliveries].reverse().forEach((delivery) => known.set(delivery.alert, delivery)); // the last attempt counts
      setFound(new Map(known));
      // Those of which nothing is among the latest ones are asked for by themselves, once.
      for (const alert of names.split(" ").filter((name) => !known.has(name))) {
        const { deliveries: own } = await alerts.listDeliveries({ alert, pageSize: 1 }, { signal });
        known.set(alert, own[0] ?? null);
        setFound(new Map(known));
      }
    };
    follow(calls, look, () => undefined); // the list says what cannot be reached
    return () => calls.abort();
  }, [names]);
  return found;
}

/** An alert as it is now. */
export function useAlert(name: string) {
  const [alert, setAlert] = useState<Alert | undefined>(undefined);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const calls = new AbortController();
    const look = async () => {
      const answer = await alerts.getAlert({ name }, { signal: calls.signal });
      setAlert(answer.alert);
      setFailure(undefined);
    };
    follow(calls, look, setFailure);
    return () => calls.abort();
  }, [name, round]);
  return { alert, failure, reload: () => setRound((n) => n + 1) };
}

const deliveriesPerPage = 50;

/** Deliveries of an alert, the last attempt first; what is posted meanwhile shows by itself. */
export function useDeliveries(alert: string) {
  const [list, setList] = useState<readonly Delivery[] | undefined>(undefined);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [round, setRound] = useState(0);
  const known = useRef<readonly Delivery[]>([]);
  const older = useRef<string | undefined>(undefined); // token of the next page behind all that are known
  const load = async (pageToken: string, signal?: AbortSignal) => {
    const page = await alerts.listDeliveries({ alert, pageSize: deliveriesPerPage, pageToken }, { signal });
    known.current = merge(known.current, page.deliveries);
    if (pageToken || older.current === undefined) {
      older.current = page.nextPageToken;
    }
    setList(known.current);
    setFailure(undefined);
  };
  useEffect(() => {
    const calls = new AbortController();
    const isRetrying = () => known.current.some(({ state }) => state === DeliveryState.RETRYING);
    follow(calls, () => load("", calls.signal), setFailure, () => (isRetrying() ? everyRetrying : every));
    return () => calls.abort();
  }, [alert, round]);
  return {
    list,
    failure,
    more: Boolean(older.current),
    loadMore: () => void load(older.current ?? "").catch(setFailure),
    reload: () => setRound((n) => n + 1),
  };
}
