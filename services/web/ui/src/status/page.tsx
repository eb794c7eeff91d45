import { Badge } from "../elements/badge";
import { Ago } from "../elements/moment";
import { Failure, Notice } from "../elements/notice";
import { AlertIcon } from "../elements/icons";
import { useTitle } from "../elements/title";
import { formatCount, plural } from "../format/count";
import type { ProjectionStatus } from "../gen/atlant/v1/projection_pb";
import { health, healthFailure } from "../shell/health";

const rates = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** How the views keep up with the log; it moves by itself. */
export function StatusPage() {
  useTitle("Status");
  const status = health.value;
  if (status === null) {
    return <Failure error={healthFailure.value} whole />;
  }
  if (status === undefined) {
    return null;
  }
  const upToDate = status.lag === 0n;
  return (
    <>
      <header class="page-head">
        <h1>Status</h1>
        {upToDate ? <Badge name="Up to date" kind="good" /> : <Badge name={`${plural(status.lag, "message")} behind`} kind="busy" />}
      </header>
      <dl class="tiles cards">
        <Tile name="Products" value={formatCount(status.products)} />
        <Tile name="Lag" value={formatCount(status.lag)} />
        <Tile name="Parked" value={formatCount(status.parked)} bad={status.parked > 0n} />
        <Tile name="Generation" value={formatCount(status.generation)} />
        <Tile name="Version" value={status.version} />
      </dl>
      {status.projections.length === 0 && (
        <Notice title="Nothing is projected yet" icon={<AlertIcon />}>
          <p>The log has no streams.</p>
        </Notice>
      )}
      {status.projections.length > 0 && <Projections projections={status.projections} />}
    </>
  );
}

function Tile({ name, value, bad = false }: { name: string; value: string; bad?: boolean }) {
  return (
    <div class="card">
      <dt>{name}</dt>
      <dd class={bad ? "bad" : ""}>{value}</dd>
    </div>
  );
}

function Projections({ projections }: { projections: readonly ProjectionStatus[] }) {
  return (
    <section class="card" aria-labelledby="projections">
      <h2 id="projections">Projections</h2>
      <p class="aside">Each takes one stream of the log into the views.</p>
      <div class="scroll-x" tabIndex={0} role="region" aria-label="Table of projections">
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">Stream</th>
              <th scope="col">Progress</th>
              <th scope="col" class="number">
                Lag
              </th>
              <th scope="col" class="number">
                Per second
              </th>
              <th scope="col" class="number">
                Parked
              </th>
              <th scope="col" class="number">
                Late
              </th>
              <th scope="col">Last</th>
              <th scope="col">By</th>
            </tr>
          </thead>
          <tbody>
            {projections.map((projection) => (
              <Projection key={projection.stream} projection={projection} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Projection({ projection: p }: { projection: ProjectionStatus }) {
  const done = p.lastSequence > 0n ? Number((p.sequence * 1_000n) / p.lastSequence) / 10 : 100;
  return (
    <>
      <tr>
        <td class="strong">{p.stream}</td>
        <td>
          <div class="progress-cell">
            <div class={p.lag > 0n ? "meter busy" : "meter"} aria-hidden="true">
              <i style={{ width: `${Math.min(done, 100)}%` }} />
            </div>
            <span class="dim">
              {formatCount(p.sequence)} of {formatCount(p.lastSequence)}
            </span>
          </div>
        </td>
        <td class="number">{formatCount(p.lag)}</td>
        <td class="number">{rates.format(p.rate)}</td>
        <td class={p.parked > 0n ? "number bad" : "number"}>{formatCount(p.parked)}</td>
        <td class="number">{formatCount(p.late)}</td>
        <td class="dim">
          <Ago time={p.projectedAt} />
        </td>
        <td class="dim">{p.owner || "nobody"}</td>
      </tr>
      {p.error && (
        <tr>
          <td colSpan={8} class="wrap">
            <p class="form-failure">{p.error}</p>
          </td>
        </tr>
      )}
    </>
  );
}
