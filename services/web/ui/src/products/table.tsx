import { useEffect, useState } from "preact/hooks";

import { narrow } from "../elements/media";
import { DownIcon, UpIcon } from "../elements/icons";
import { useVirtualRows } from "../elements/virtual";
import { failureText, isUnreachable } from "../api/failure";
import { addKeys } from "../shell/keyboard";
import { navigate } from "../router/location";
import type { Filters, Sort } from "./filters";
import { descendingFirst, sortsOfThePast, writeFilters } from "./filters";
import type { ProductList } from "./productlist";
import { ProductRow } from "./row";

const rowHeight = { wide: 44, narrow: 64 }; // styles/table.css has the same
const ahead = 60; // rows before the last one at which the next page is asked for

const columns: { name: string; class: string; sort?: Sort }[] = [
  { name: "Product", class: "name", sort: "name" },
  { name: "Price", class: "price", sort: "price" },
  { name: "Last move", class: "moved" },
  { name: "Changes", class: "changes", sort: "changes" },
  { name: "Changed", class: "changed", sort: "changed" },
  { name: "First seen", class: "first-seen", sort: "first-seen" },
];

/** The order that a click on a column asks for. */
export function sorted(filters: Filters, sort: Sort): Filters {
  const descending = filters.sort === sort ? !filters.descending : descendingFirst[sort];
  return { ...filters, sort, descending };
}

export function ProductTable({ list }: { list: ProductList }) {
  const rows = list.rows.value;
  const isNarrow = narrow.value;
  const { list: element, items, size, offset, show } = useVirtualRows({
    count: rows.length,
    height: isNarrow ? rowHeight.narrow : rowHeight.wide,
    keyOf: (index) => rows[index]?.product.id ?? String(index),
  });
  useRowKeys(rows.length, show);

  const last = items.at(-1)?.index ?? 0;
  const failed = list.failure.value;
  useEffect(() => {
    if (!failed && last >= rows.length - ahead) {
      void list.loadMore();
    }
  }, [list, last, rows.length, failed]);

  const withSource = !list.filters.source;
  return (
    <div class="table products" role="table" aria-label="Products" aria-rowcount={list.complete.value ? rows.length + 1 : -1}>
      <div role="rowgroup" class="table-head">
        <div role="row" class="row" aria-rowindex={1}>
          {columns.map((column) => (
            <ColumnHead key={column.name} column={column} filters={list.filters} />
          ))}
        </div>
      </div>
      <div role="rowgroup" class="table-body" ref={element} style={{ height: `${size}px` }}>
        {items.map(({ key, index, start }) => (
          <ProductRow
            key={key}
            row={rows[index]!}
            index={index}
            top={start - offset}
            narrow={isNarrow}
            withSource={withSource}
          />
        ))}
      </div>
      <ListEnd list={list} />
    </div>
  );
}

function ColumnHead({ column, filters }: { column: (typeof columns)[number]; filters: Filters }) {
  const { sort } = column;
  if (!sort || (filters.asOf && !sortsOfThePast.includes(sort))) {
    return (
      <div role="columnheader" class={column.class}>
        {column.name}
      </div>
    );
  }
  const here = filters.sort === sort;
  return (
    <div role="columnheader" class={column.class} aria-sort={here ? (filters.descending ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={() => navigate("/" + writeFilters(sorted(filters, sort)))}>
        {column.name}
        {here && (filters.descending ? <DownIcon /> : <UpIcon />)}
      </button>
    </div>
  );
}

function ListEnd({ list }: { list: ProductList }) {
  const failed = list.failure.value;
  useEffect(() => {
    if (failed !== undefined && isUnreachable(failed)) {
      const timer = setTimeout(() => void list.loadMore(), 3_000);
      return () => clearTimeout(timer);
    }
  }, [list, failed]);
  if (list.failure.value !== undefined) {
    return (
      <div class="list-end" role="alert">
        {failureText(list.failure.value)}
        <button type="button" class="button small" onClick={() => void list.loadMore()}>
          Try again
        </button>
      </div>
    );
  }
  if (list.complete.value) {
    return null;
  }
  return <div class="list-end">Loading more…</div>;
}

/** j and k, and the arrows, move the focus from row to row. */
function useRowKeys(count: number, show: (index: number) => void): void {
  const [wanted, want] = useState<number | undefined>(undefined);
  useEffect(() => {
    const step = (by: number) => () => {
      const row = document.activeElement?.closest<HTMLElement>(".product-row");
      const from = row ? Number(row.dataset.index) : firstVisible() - (by > 0 ? 1 : 0);
      const to = Math.min(Math.max(from + by, 0), count - 1);
      show(to);
      want(to);
    };
    return addKeys({ j: step(1), k: step(-1), ArrowDown: step(1), ArrowUp: step(-1) });
  }, [count]);
  useEffect(() => {
    if (wanted === undefined) {
      return;
    }
    // After scrolling the row is there one or two frames later.
    let tries = 5;
    const focus = () => {
      const link = document.querySelector<HTMLElement>(`.product-row[data-index="${wanted}"] a`);
      if (link) {
        link.focus({ preventScroll: true });
        want(undefined);
      } else if (tries-- > 0) {
        requestAnimationFrame(focus);
      }
    };
    focus();
  }, [wanted]);
}

function firstVisible(): number {
  for (const row of document.querySelectorAll<HTMLElement>(".product-row")) {
    if (row.getBoundingClientRect().top >= 80) {
      const index = Number(row.dataset.index);
      return index;
    }
  }
  return 0;
}
