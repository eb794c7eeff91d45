import { useEffect, useRef, useState } from "preact/hooks";

import { Failure, Notice } from "../elements/notice";
import { SearchIcon } from "../elements/icons";
import { useTitle } from "../elements/title";
import { plural } from "../format/count";
import { navigate, query } from "../router/location";
import { Download } from "./download";
import { narrows, readFilters, requestOf, withoutFilters, writeFilters } from "./filters";
import { listFor, refreshed, refreshLists } from "./lists";
import { isTooMuchChanged, PastNotice, TooMuchChanged } from "./past";
import type { ProductList } from "./productlist";
import { ProductTable } from "./table";
import { Toolbar } from "./toolbar";
import { live, watchChanges } from "./watch";
import { Welcome } from "./welcome";

export function ProductsPage() {
  const filters = readFilters(query.value);
  void refreshed.value; // rendered again when lists are thrown away
  const list = useList(writeFilters(filters));
  useTitle(filters.query ? `“${filters.query}”` : "Products");
  useWatch(list);
  const none = list.begun.value && list.rows.value.length === 0 && list.complete.value;
  if (none && !narrows(filters)) {
    return <Welcome />;
  }
  return (
    <>
      <header class="page-head">
        <h1>Products</h1>
        <ListFacts list={list} />
        <div class="actions">
          <Download filters={filters} />
        </div>
      </header>
      <Toolbar filters={filters} />
      <PastNotice filters={filters} />
      <ListBody list={list} none={none} />
    </>
  );
}

/** The list of filters; while its first page is on its way, the list before it stays, so that nothing jumps. */
function useList(key: string): ProductList {
  const wanted = listFor(readFilters(key));
  const shown = useRef(wanted);
  const settled = wanted.begun.value || wanted.failure.value !== undefined;
  if (settled || !shown.current.begun.peek()) {
    shown.current = wanted;
  }
  return shown.current;
}

function useWatch(list: ProductList): void {
  const settled = list.begun.value;
  useEffect(() => {
    if (!settled || list.filters.asOf) {
      return;
    }
    const calls = new AbortController();
    const { query, source, minPriceMicros, maxPriceMicros } = requestOf(list.filters, 0);
    void watchChanges({ query, source, minPriceMicros, maxPriceMicros }, list.position, calls.signal, (answer) => list.apply(answer));
    return () => calls.abort();
  }, [list, settled]);
}

function ListFacts({ list }: { list: ProductList }) {
  const total = list.total.value;
  const seen = list.changesSeen.value;
  const stale = seen > 0 && list.filters.sort !== "name" && list.filters.sort !== "first-seen";
  return (
    <div class="facts">
      {total && (
        <span class="count" role="status">
          {total.estimated ? "about " : ""}
          {plural(total.count, "product")}
        </span>
      )}
      {live.value && (
        <span class="live" title="Prices change here as they change">
          <span class="dot" />
          Live
        </span>
      )}
      {stale && (
        <button type="button" class="button small" onClick={() => refreshLists()}>
          {plural(seen, "change")}, sort again
        </button>
      )}
    </div>
  );
}

function ListBody({ list, none }: { list: ProductList; none: boolean }) {
  if (list.failure.value !== undefined && list.rows.value.length === 0) {
    if (isTooMuchChanged(list.failure.value)) {
      return <TooMuchChanged filters={list.filters} />;
    }
    return <Failure error={list.failure.value} onRetry={() => void list.loadMore()} />;
  }
  if (none) {
    return (
      <Notice title="No product matches" icon={<SearchIcon />}>
        <p>Try fewer words, or a wider range.</p>
        <button type="button" class="button" onClick={() => navigate("/" + writeFilters(withoutFilters(list.filters)))}>
          Clear search and filters
        </button>
      </Notice>
    );
  }
  if (list.rows.value.length === 0) {
    return <Skeleton />;
  }
  return <ProductTable key={writeFilters(list.filters)} list={list} />;
}

/** Rows to come. They show only when loading takes long enough to be noticed. */
function Skeleton() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 250);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={late ? "skeleton" : "skeleton early"} aria-busy="true" aria-label="Loading products">
      {Array.from({ length: 12 }, (_, i) => (
        <div key={i} class="skeleton-row">
          <span />
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}
