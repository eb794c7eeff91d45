import { useEffect, useRef, useState } from "preact/hooks";

import { fetches } from "../api/clients";
import { repeat } from "../api/repeat";
import { isComparable } from "../diff/comparable";
import { Copyable } from "../elements/copy";
import { Dialog } from "../elements/dialog";
import { DiffIcon, FetchesIcon, PlusIcon } from "../elements/icons";
import { Ago } from "../elements/moment";
import { Failure, Notice } from "../elements/notice";
import { useTitle } from "../elements/title";
import { formatCount } from "../format/count";
import { formatDuration, milliseconds } from "../format/time";
import type { Fetch } from "../gen/atlant/v1/fetch_pb";
import { navigate, query } from "../router/location";
import { listKeys } from "../shell/listkeys";
import { FetchForm } from "./form";
import { listName } from "./listname";
import { PickBar, PickBox, Picks } from "./pick";
import { isUnderWay, StateBadge } from "./states";

const pageSize = 50;
const every = 4_000; // milliseconds
const everyMoving = 1_000;

/** Fetches, the newest first; what is under way moves on by itself. */
export function FetchesPage() {
  const values = new URLSearchParams(query.value);
  const source = values.get("source") ?? "";
  const picks = new Picks(values);
  const { list, failure, more, loadMore, retry } = useFetches(source);
  useTitle("Fetches");
  useEffect(() => listKeys(".fetch-row a"), []);
  return (
    <>
      <header class="page-head">
        <h1>Fetches</h1>
        {source && (
          <a class="tag" href="/fetches" aria-label={`Only of ${source}: show all`}>
            {source} ✕
          </a>
        )}
        <div class="actions">
          {list?.some(isComparable) && (
            <a class="button" href="/fetches/diff">
              <DiffIcon />
              Compare
            </a>
          )}
          <a class="button primary" href="/fetches?new">
            <PlusIcon />
            Fetch a list
          </a>
        </div>
      </header>
      {failure !== undefined && !list && <Failure error={failure} onRetry={retry} />}
      {list?.length === 0 && (
        <Notice title="Nothing was fetched yet" icon={<FetchesIcon />}>
          <p>A fetch brings the prices of a list into Atlant.</p>
          <a class="button" href="/fetches?new">
            Fetch a list
          </a>
        </Notice>
      )}
      {list && list.length > 0 && <FetchTable list={list} picks={picks} />}
      {more && (
        <button type="button" class="button more-button" onClick={loadMore}>
          Show older ones
        </button>
      )}
      {list && <PickBar picks={picks} list={list} />}
      {values.has("new") && <NewFetch values={values} />}
    </>
  );
}

function NewFetch({ values }: { values: URLSearchParams }) {
  const [source, url, currency] = ["source", "url", "currency"].map((name) => values.get(name) ?? "");
  const elsewhere = window.location.origin === "http://127.0.0.1:8080" ? "" : ` --addr ${window.location.origin}`;
  return (
    <Dialog title="Fetch a list" onClose={() => navigate("/fetches", { replace: true })}>
      <FetchForm autoFocus url={url} source={source} currency={currency} />
      <div class="dialog-note">
        <p>A file on your machine? Browsers cannot stream one to Atlant; its command can:</p>
        <Copyable label="Copy the command" text={`atlant fetch --wait prices.csv${elsewhere}`} />
      </div>
    </Dialog>
  );
}

function FetchTable({ list, picks }: { list: readonly Fetch[]; picks: Picks }) {
  return (
    <div class="table fetches" role="table" aria-label="Fetches">
      <div role="rowgroup" class="table-head">
        <div role="row" class="row">
          <div role="columnheader">
            <span class="unseen">Compare</span>
          </div>
          <div role="columnheader">List</div>
          <div role="columnheader">State</div>
          <div role="columnheader" class="number">
            Rows
          </div>
          <div role="columnheader" class="number">
            Rejects
          </div>
          <div role="columnheader" class="number">
            Took
          </div>
          <div role="columnheader" class="asked">
            Asked for
          </div>
        </div>
      </div>
      <div role="rowgroup">
        {list.map((fetch) => (
          <FetchRow key={fetch.id} fetch={fetch} picks={picks} />
        ))}
      </div>
    </div>
  );
}

function FetchRow({ fetch, picks }: { fetch: Fetch; picks: Picks }) {
  const took = fetch.startedAt && fetch.endedAt ? formatDuration(milliseconds(fetch.endedAt) - milliseconds(fetch.startedAt)) : "";
  const known = fetch.rowsRead > 0n;
  return (
    <div role="row" class={picks.has(fetch.id) ? "row fetch-row picked" : "row fetch-row"}>
      <div role="cell" class="pick-cell">
        <PickBox fetch={fetch} picks={picks} />
      </div>
      <div role="cell" class="what">
        <a href={`/fetches/${fetch.id}`}>{listName(fetch.url)}</a>
        <span class="tag">{fetch.source}</span>
      </div>
      <div role="cell" class="state-cell">
        <StateBadge state={fetch.state} />
      </div>
      <div role="cell" class="number rows">
        {known && formatCount(fetch.rowsRead)}
        {known && <span class="word"> rows</span>}
      </div>
      <div role="cell" class={fetch.rejected > 0n ? "number rejects some" : "number rejects"}>
        {known && formatCount(fetch.rejected)}
        {known && <span class="word"> rejects</span>}
      </div>
      <div role="cell" class="number took">
        {took}
      </div>
      <div role="cell" class="asked">
        <Ago time={fetch.requestedAt} />
      </div>
    </div>
  );
}

function useFetches(source: string) {
  const [list, setList] = useState<readonly Fetch[] | undefined>(undefined);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [attempt, setAttempt] = useState(0);
  const known = useRef(new Map<string, Fetch>());
  const older = useRef<string | undefined>(undefined); // token of the next page behind all that are known
  const [more, setMore] = useState(false);

  const take = (page: readonly Fetch[]) => {
    page.forEach((fetch) => known.current.set(fetch.id, fetch));
    // Ids are UUIDs of version 7: their order is that of the requests.
    setList([...known.current.values()].sort((a, b) => (a.id < b.id ? 1 : -1)));
  };
  const load = async (pageToken: string, signal?: AbortSignal) => {
    const page = await fetches.listFetches({ source, pageSize, pageToken }, { signal });
    take(page.fetches);
    if (pageToken !== "" || older.current === undefined) {
      older.current = page.nextPageToken;
      setMore(page.nextPageToken !== "");
    }
    setFailure(undefined);
  };

  useEffect(() => {
    const calls = new AbortController();
    known.current.clear();
    older.current = undefined;
    const isMoving = () => [...known.current.values()].some(({ state }) => isUnderWay(state));
    void repeat(calls.signal, () => load("", calls.signal), setFailure, () => (isMoving() ? everyMoving : every));
    return () => calls.abort();
  }, [source, attempt]);

  return {
    list,
    failure,
    more,
    loadMore: () => void load(older.current ?? "").catch(setFailure),
    retry: () => setAttempt(attempt + 1),
  };
}
