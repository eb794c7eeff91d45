import { formatBytes, formatCount } from "../format/count";
import { formatDuration, milliseconds } from "../format/time";
import type { Fetch } from "../gen/atlant/v1/fetch_pb";
import { FetchState } from "../gen/atlant/v1/fetch_pb";
import { isUnderWay } from "./states";

/** What became of the rows of a list: rows read = accepted + rejected + duplicates. */
export function ReceiptCard({ fetch }: { fetch: Fetch }) {
  const running = isUnderWay(fetch.state);
  if (fetch.state === FetchState.NOT_MODIFIED) {
    return (
      <section class="card" aria-label="Receipt">
        <h2>Nothing new</h2>
        <p class="dim">The list is the one that was published last, so nothing was read or published.</p>
      </section>
    );
  }
  if (!running && fetch.rowsRead === 0n && fetch.bytes === 0n) {
    return null;
  }
  return (
    <section class="card" aria-labelledby="receipt" aria-live={running ? "polite" : undefined} aria-busy={running}>
      <h2 id="receipt">{running ? stageOf(fetch) : "Receipt"}</h2>
      {running ? <div class="progress" role="progressbar" aria-label="Fetching" /> : <ShareBar fetch={fetch} />}
      <dl class="tiles">
        <Tile name="Rows read" value={formatCount(fetch.rowsRead)} />
        <Tile name="Accepted" value={formatCount(fetch.accepted)} mark="accepted" />
        <Tile name="Rejected" value={formatCount(fetch.rejected)} mark="rejected" />
        <Tile name="Named again" value={formatCount(fetch.duplicates)} mark="duplicates" />
        <Tile name="Published" value={formatCount(fetch.published)} />
        <Tile name="Size" value={formatBytes(fetch.bytes)} />
        <Tile name="Took" value={spanOf(fetch.startedAt, fetch.endedAt)} />
        <Tile name="Visible after" value={spanOf(fetch.requestedAt, fetch.visibleAt)} />
      </dl>
    </section>
  );
}

function stageOf(fetch: Fetch): string {
  if (fetch.state === FetchState.QUEUED) {
    return "Waiting for a fetcher";
  }
  if (fetch.published > 0n) {
    return "Publishing";
  }
  return fetch.rowsRead > 0n ? "Reading" : "Downloading";
}

function spanOf(from: Fetch["startedAt"], to: Fetch["endedAt"]): string {
  return from && to ? formatDuration(milliseconds(to) - milliseconds(from)) : "";
}

function Tile({ name, value, mark }: { name: string; value: string; mark?: string }) {
  if (!value) {
    return null;
  }
  return (
    <div>
      <dt>
        {mark && <i class={`mark ${mark}`} />}
        {name}
      </dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The shares of the rows; the figures below say the same. */
function ShareBar({ fetch }: { fetch: Fetch }) {
  const parts: [string, bigint][] = [
    ["accepted", fetch.accepted],
    ["rejected", fetch.rejected],
    ["duplicates", fetch.duplicates],
  ];
  return (
    <div class="share-bar" aria-hidden="true">
      {parts
        .filter(([, rows]) => rows > 0n)
        .map(([name, rows]) => (
          <i key={name} class={name} style={{ flexGrow: Number(rows) }} />
        ))}
    </div>
  );
}
