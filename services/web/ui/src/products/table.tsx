import { useEffect } from "preact/hooks";

import { narrow } from "../elements/media";
import { DownIcon, UpIcon } from "../elements/icons";
import { rowHeight, useVirtualRows } from "../elements/virtual";
import { failureText, isUnreachable } from "../api/failure";
import { navigate } from "../router/location";
import { useRowKeys } from "../shell/rowkeys";
import type { Filters, Sort } from "./filters";
import { descendingFirst, sortsOfThePast, writeFilters } from "./filters";
import type { ProductList } from "./productlist";
import { ProductRow } from "./row";

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
    height: rowHeight.value,
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
    <div class="table long products" role="table" aria-label="Products" aria-rowcount={list.complete.value ? rows.length + 1 : -1}>
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
      <div role="columnheader" class={column.class} title={sort && "The past can be sorted by name and by price only"}>
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
