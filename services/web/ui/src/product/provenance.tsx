import { useEffect, useState } from "preact/hooks";

import { products } from "../api/clients";
import { Copyable } from "../elements/copy";
import { Moment } from "../elements/moment";
import { formatCount } from "../format/count";
import type { Evidence, ExplainResponse } from "../gen/atlant/v1/product_pb";

/** Where a product's price comes from; nothing where the server cannot tell. It is asked again when the price changes. */
export function Provenance({ id, changes }: { id: string; changes: bigint }) {
  const [answer, setAnswer] = useState<ExplainResponse | undefined>(undefined);
  useEffect(() => {
    const calls = new AbortController();
    products.explain({ id }, { signal: calls.signal }).then(setAnswer, () => undefined); // the page is whole without it
    return () => calls.abort();
  }, [id, changes]);
  if (!answer?.priceFrom?.fetch) {
    return null;
  }
  const { seenLast } = answer;
  const seenSince = seenLast?.fetch && seenLast.fetch.id !== answer.priceFrom.fetch.id;
  return (
    <section class="card" aria-labelledby="provenance">
      <h2 id="provenance">Where this price comes from</h2>
      <Place evidence={answer.priceFrom} />
      {seenSince && (
        <p class="aside">
          Last seen at the same price by the fetch of{" "}
          <a class="link" href={`/fetches/${seenLast.fetch!.id}`}>
            <Moment time={seenLast.fetch!.observedAt} />
          </a>
          {seenLast.line > 0n && `, line ${formatCount(seenLast.line)}`}.
        </p>
      )}
    </section>
  );
}

function Place({ evidence }: { evidence: Evidence }) {
  const { fetch, line, rawRow, sha256 } = evidence;
  return (
    <div class="evidence">
      {rawRow && (
        <div class="raw-row">
          <span>{line > 0n && formatCount(line)}</span>
          <code tabIndex={0}>{rawRow}</code>
        </div>
      )}
      <dl class="facts-list">
        <div>
          <dt>List</dt>
          <dd class="breakable">{fetch!.url}</dd>
        </div>
        <div>
          <dt>Fetch</dt>
          <dd>
            <a class="link" href={`/fetches/${fetch!.id}`}>
              <Moment time={fetch!.observedAt} />
            </a>
            {!rawRow && line > 0n && `, line ${formatCount(line)}`}
          </dd>
        </div>
        {sha256 && (
          <div>
            <dt>SHA-256</dt>
            <dd>
              <Copyable text={sha256} label="Copy the hash" />
            </dd>
          </div>
        )}
      </dl>
    </div>
  );
}
