import { Code } from "@connectrpc/connect";
import { useEffect, useMemo, useState } from "preact/hooks";

import { hasCode } from "../api/failure";
import { Crumb } from "../elements/crumb";
import { CheckIcon, DiffIcon, SearchIcon } from "../elements/icons";
import { Failure, Notice } from "../elements/notice";
import { useTitle } from "../elements/title";
import { formatCount, plural } from "../format/count";
import type { Fetch } from "../gen/atlant/v1/fetch_pb";
import { back, navigate, query } from "../router/location";
import { addKeys } from "../shell/keyboard";
import { Choice } from "./choice";
import { useComparable } from "./chosen";
import { fetchBefore } from "./comparable";
import { Comparison, mostKept } from "./comparison";
import { arrange } from "./differences";
import { DifferenceTable } from "./table";
import type { Show, Sort, View } from "./view";
import { addressOf, readView } from "./view";

/** What differs between the prices of two fetches. */
export function DiffPage() {
  const view = readView(query.value);
  const { list, failure, retry } = useComparable([view.a, view.b]);
  useTitle("Compare fetches");
  useEffect(() => addKeys({ Escape: () => back("/fetches") }), []);
  useDefault(view, list);
  return (
    <>
      <header class="product-head">
        <Crumb to="/fetches" name="Fetches" />
        <div class="product-title">
          <h1>Compare two fetches</h1>
        </div>
      </header>
      {failure !== undefined && <Unchosen failure={failure} retry={retry} />}
      {failure === undefined && list && (
        <>
          <Choice view={view} list={list} />
          <Body view={view} list={list} />
        </>
      )}
    </>
  );
}

/** Compares a fetch that was chosen alone with the one before it. */
function useDefault(view: View, list?: readonly Fetch[]): void {
  useEffect(() => {
    const chosen = list?.find(({ id }) => id === view.b);
    const before = chosen && fetchBefore(chosen, list!);
    if (before && !view.a) {
      navigate(addressOf({ ...view, a: before.id }), { replace: true });
    }
  }, [view.a, view.b, list]);
}

function Unchosen({ failure, retry }: { failure: unknown; retry: () => void }) {
  return hasCode(failure, Code.NotFound, Code.InvalidArgument) ? (
    <Notice title="There is no such fetch">
      <a class="button" href="/fetches/diff">
        Choose others
      </a>
    </Notice>
  ) : (
    <Failure error={failure} onRetry={retry} />
  );
}

function Body({ view, list }: { view: View; list: readonly Fetch[] }) {
  const [a, b] = [view.a, view.b].map((id) => list.find((fetch) => fetch.id === id));
  if (!view.a || !view.b) {
    return (
      <Notice title="Choose two fetches" icon={<DiffIcon />}>
        <p>You will see which products the later list added, which it misses, and whose price it changed.</p>
      </Notice>
    );
  }
  if (view.a === view.b) {
    return (
      <Notice title="These are the same fetch" icon={<DiffIcon />}>
        <p>Choose another one to compare it with.</p>
      </Notice>
    );
  }
  return (
    <>
      {a && b && a.source !== b.source && (
        <p class="warning" role="note">
          These fetches are of two sources, {a.source} and {b.source}. Products of two sources are never the same, whatever their names.
        </p>
      )}
      <Compared key={`${view.a} ${view.b}`} view={view} />
    </>
  );
}

function Compared({ view }: { view: View }) {
  const [attempt, setAttempt] = useState(0);
  const comparison = useMemo(() => new Comparison(), [attempt]);
  useEffect(() => {
    const calls = new AbortController();
    void comparison.run(view.a, view.b, calls.signal);
    return () => calls.abort();
  }, [comparison]);
  const found = comparison.found.value;
  const rows = useMemo(() => arrange(found, view.show, view.query, view.sort), [found, view.show, view.query, view.sort]);
  const counts = comparison.counts.value;
  const all = counts.changed + counts.added + counts.missing;
  if (comparison.failure.value !== undefined) {
    return <Failure error={comparison.failure.value} onRetry={() => setAttempt(attempt + 1)} />;
  }
  if (comparison.complete.value && all === 0n) {
    return (
      <Notice title="Nothing differs" icon={<CheckIcon />}>
        <p>Both have the same {plural(counts.same ?? 0n, "product")}, at the same prices.</p>
      </Notice>
    );
  }
  if (all === 0n) {
    return <p class="list-end" role="status">Comparing…</p>;
  }
  return (
    <>
      <div class="toolbar" role="search" aria-label="Differences">
        <Shows view={view} counts={{ all, ...counts }} />
        <NameSearch view={view} />
        <SortSelect view={view} />
        <span class="count same" role="status">
          {comparison.complete.value ? `${plural(counts.same ?? 0n, "product")} the same` : "Comparing…"}
        </span>
      </div>
      {all > mostKept && (
        <p class="warning" role="note">
          These are {formatCount(mostKept)} of the differences. All of them: <code>atlant diff {view.a} {view.b}</code>
        </p>
      )}
      {rows.length > 0 ? (
        <DifferenceTable key={`${view.show} ${view.sort} ${view.query}`} rows={rows} view={view} />
      ) : (
        <Notice title="No difference matches" icon={<SearchIcon />}>
          <button type="button" class="button" onClick={() => navigate(addressOf({ ...view, show: "all", query: "" }))}>
            Show all
          </button>
        </Notice>
      )}
    </>
  );
}

const shows: [Show, string][] = [
  ["all", "All"],
  ["changed", "Changed"],
  ["added", "Added"],
  ["missing", "Missing"],
];

function Shows({ view, counts }: { view: View; counts: Record<Show, bigint> }) {
  return (
    <div class="spans" role="group" aria-label="What differs">
      {shows.map(([show, name]) => (
        <button key={show} type="button" aria-pressed={view.show === show} onClick={() => navigate(addressOf({ ...view, show }))}>
          {name} <span class="count">{formatCount(counts[show])}</span>
        </button>
      ))}
    </div>
  );
}

function NameSearch({ view }: { view: View }) {
  return (
    <div class="search">
      <SearchIcon />
      <input
        type="search"
        aria-label="Search in names"
        placeholder="Search in names"
        maxLength={256}
        autocomplete="off"
        spellcheck={false}
        value={view.query}
        onInput={(event) => navigate(addressOf({ ...view, query: event.currentTarget.value }), { replace: true, keepScroll: true })}
      />
    </div>
  );
}

const sortNames: [Sort, string][] = [
  ["name", "Name, A first"],
  ["-name", "Name, Z first"],
  ["-move", "Dearer first"],
  ["move", "Cheaper first"],
];

/** What the heads of the columns do where there is no room for them. */
function SortSelect({ view }: { view: View }) {
  return (
    <label class="field-inline sort-choice">
      <span class="unseen">Sort</span>
      <select value={view.sort} onChange={(event) => navigate(addressOf({ ...view, sort: event.currentTarget.value as Sort }))}>
        {sortNames.map(([sort, name]) => (
          <option key={sort} value={sort}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
