import { formatCount } from "../format/count";
import type { ListComparison } from "../gen/atlant/v1/fetch_pb";

/** Why a list is held, and what to do. */
export function HeldCard({ comparison }: { comparison: ListComparison }) {
  return (
    <section class="card held" aria-labelledby="held">
      <h2 id="held">Somebody must look at this list</h2>
      <p>It differs from the last good one so much that nothing of it was published.</p>
      <ul>
        {comparison.findings.map((finding) => (
          <li key={finding.reason}>{finding.message}</li>
        ))}
      </ul>
      <p class="aside">
        <a class="link" href={`/fetches/${comparison.fetchId}`}>
          The fetch before
        </a>{" "}
        had {formatCount(comparison.acceptedBefore)} rows accepted, {formatCount(comparison.rejectedBefore)} rejected. Approve publishes this list
        as it is; Discard does not, and the next one takes its place.
      </p>
    </section>
  );
}
