import { Code } from "@connectrpc/connect";
import { useEffect, useState } from "preact/hooks";

import { fetches } from "../api/clients";
import { hasCode } from "../api/failure";
import { isComparable } from "../diff/comparable";
import { addressOf } from "../diff/view";
import { Crumb } from "../elements/crumb";
import { Failure, Notice } from "../elements/notice";
import { useTitle } from "../elements/title";
import { say, sayFailure } from "../elements/toast";
import { Moment } from "../elements/moment";
import type { Fetch } from "../gen/atlant/v1/fetch_pb";
import { FetchState } from "../gen/atlant/v1/fetch_pb";
import { back } from "../router/location";
import { addKeys } from "../shell/keyboard";
import { DialectCard } from "./dialect";
import { useFetch } from "./follow";
import { HeldCard } from "./held";
import { ReceiptCard } from "./receipt";
import { Rejects } from "./rejects";
import { isUnderWay, StateBadge } from "./states";

export function FetchPage({ id }: { id: string }) {
  const { fetch, failure, again } = useFetch(id);
  useTitle(fetch ? `Fetch of ${fetch.source}` : "Fetch");
  useEffect(() => addKeys({ Escape: () => back("/fetches") }), []);
  if (failure !== undefined) {
    return hasCode(failure, Code.NotFound, Code.InvalidArgument) ? (
      <Notice title="There is no such fetch" whole>
        <a class="button" href="/fetches">
          All fetches
        </a>
      </Notice>
    ) : (
      <Failure error={failure} whole onRetry={again} />
    );
  }
  if (!fetch) {
    return null;
  }
  return (
    <article>
      <Head fetch={fetch} again={again} />
      <div class="columns">
        <div class="column-wide">
          {fetch.state === FetchState.HELD && fetch.comparison && <HeldCard comparison={fetch.comparison} />}
          {fetch.error && (
            <section class="card failed" role="alert" aria-label="Failure">
              <h2>{isUnderWay(fetch.state) ? "The last attempt failed; it is tried again" : "Why it failed"}</h2>
              <p class="breakable">{fetch.error}</p>
            </section>
          )}
          <ReceiptCard fetch={fetch} />
          {fetch.rejected > 0n && !isUnderWay(fetch.state) && <Rejects fetch={fetch} />}
        </div>
        <div class="column-side">
          <Facts fetch={fetch} />
          {fetch.dialect && <DialectCard dialect={fetch.dialect} />}
        </div>
      </div>
    </article>
  );
}

function Head({ fetch, again }: { fetch: Fetch; again: () => void }) {
  return (
    <header class="product-head">
      <Crumb to="/fetches" name="Fetches" />
      <div class="product-title">
        <h1 class="list-name">{fetch.url}</h1>
        <StateBadge state={fetch.state} />
        <Actions fetch={fetch} again={again} />
      </div>
    </header>
  );
}

/** What can be done with a fetch as it is. */
function Actions({ fetch, again }: { fetch: Fetch; again: () => void }) {
  const [busy, setBusy] = useState(false);
  const act = (action: () => Promise<unknown>, done: string) => async () => {
    setBusy(true);
    try {
      await action();
      say(done);
      again();
    } catch (error) {
      sayFailure(error);
    } finally {
      setBusy(false);
    }
  };
  const { id, source, state, url } = fetch;
  const repeat = new URLSearchParams({ new: "", url, source, currency: fetch.dialect?.currencyCode ?? "" });
  return (
    <div class="actions">
      {isUnderWay(state) && (
        <button type="button" class="button danger" disabled={busy} onClick={act(() => fetches.cancelFetch({ id }), "Called off")}>
          Cancel
        </button>
      )}
      {state === FetchState.HELD && (
        <>
          <button type="button" class="button danger" disabled={busy} onClick={act(() => fetches.discardFetch({ id }), "Discarded; nothing was published")}>
            Discard
          </button>
          <button type="button" class="button primary" disabled={busy} onClick={act(() => fetches.approveFetch({ id }), "Approved; it is being published")}>
            Approve
          </button>
        </>
      )}
      {!isUnderWay(state) && state !== FetchState.HELD && (
        <a class="button" href={`/fetches?${repeat}`}>
          Fetch again
        </a>
      )}
      {isComparable(fetch) && (
        <a class="button" href={addressOf({ b: id })}>
          Compare
        </a>
      )}
      {state === FetchState.COMPLETED && (
        <a class="button primary" href={`/?source=${encodeURIComponent(source)}`}>
          See its products
        </a>
      )}
    </div>
  );
}

function Facts({ fetch }: { fetch: Fetch }) {
  return (
    <section class="card" aria-label="When">
      <dl class="facts-list">
        <div>
          <dt>Source</dt>
          <dd>
            <a class="link" href={`/?source=${encodeURIComponent(fetch.source)}`}>
              {fetch.source}
            </a>
          </dd>
        </div>
        <Time name="Asked for" time={fetch.requestedAt} />
        <Time name="Scheduled" time={fetch.scheduledFor} />
        <Time name="Prices of" time={fetch.observedAt} />
        <Time name="Started" time={fetch.startedAt} />
        <Time name="Ended" time={fetch.endedAt} />
        <div>
          <dt>Id</dt>
          <dd class="breakable">
            <code>{fetch.id}</code>
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Time({ name, time }: { name: string; time: Fetch["startedAt"] }) {
  return time ? (
    <div>
      <dt>{name}</dt>
      <dd>
        <Moment time={time} />
      </dd>
    </div>
  ) : null;
}
