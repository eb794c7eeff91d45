import { Delta } from "../elements/delta";
import { DownIcon, UpIcon } from "../elements/icons";
import { rowHeight, useVirtualRows } from "../elements/virtual";
import { formatCount } from "../format/count";
import { formatPrice } from "../format/money";
import { DifferenceKind } from "../gen/atlant/v1/product_pb";
import { navigate } from "../router/location";
import { useRowKeys } from "../shell/rowkeys";
import type { Found } from "./differences";
import type { Sort, View } from "./view";
import { addressOf } from "./view";

/** The differences that a view shows. */
export function DifferenceTable({ rows, view }: { rows: readonly Found[]; view: View }) {
  const { list, items, size, offset, show } = useVirtualRows({
    count: rows.length,
    height: rowHeight.value,
    keyOf: (index) => rows[index]?.difference.productId ?? String(index),
  });
  useRowKeys(rows.length, show);
  return (
    <div class="table long differences" role="table" aria-label="Differences" aria-rowcount={rows.length + 1}>
      <div role="rowgroup" class="table-head">
        <div role="row" class="row" aria-rowindex={1}>
          <SortHead name="Product" class="name" sort="name" view={view} />
          <div role="columnheader">What</div>
          <div role="columnheader" class="price">
            Before
          </div>
          <div role="columnheader" class="price">
            After
          </div>
          <SortHead name="Move" class="moved" sort="move" view={view} />
          <div role="columnheader" class="lines">
            Lines
          </div>
        </div>
      </div>
      <div role="rowgroup" class="table-body" ref={list} style={{ height: `${size}px` }}>
        {items.map(({ key, index, start }) => (
          <DifferenceRow key={key} found={rows[index]!} index={index} top={start - offset} />
        ))}
      </div>
    </div>
  );
}

interface HeadProps {
  name: string;
  class: string;
  sort: "name" | "move";
  view: View;
}

function SortHead({ name, class: kind, sort, view }: HeadProps) {
  const here = view.sort.endsWith(sort);
  const descending = view.sort.startsWith("-");
  // What became dearer comes first when one first sorts by that.
  const next: Sort = here ? (descending ? sort : `-${sort}`) : sort === "move" ? "-move" : "name";
  return (
    <div role="columnheader" class={kind} aria-sort={here ? (descending ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={() => navigate(addressOf({ ...view, sort: next }))}>
        {name}
        {here && (descending ? <DownIcon /> : <UpIcon />)}
      </button>
    </div>
  );
}

const kinds: Record<DifferenceKind, { name: string; look: string }> = {
  [DifferenceKind.UNSPECIFIED]: { name: "", look: "" },
  [DifferenceKind.ADDED]: { name: "Added", look: "good" },
  [DifferenceKind.MISSING]: { name: "Missing", look: "warn" },
  [DifferenceKind.CHANGED]: { name: "Changed", look: "" },
};

function DifferenceRow({ found: { difference }, index, top }: { found: Found; index: number; top: number }) {
  const { kind, name, productId, priceA, priceB, lineA, lineB } = difference;
  const { name: what, look } = kinds[kind] ?? kinds[DifferenceKind.UNSPECIFIED];
  return (
    <div
      role="row"
      class="row long-row difference-row"
      aria-rowindex={index + 2}
      data-index={index}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="cell" class="name">
        <a href={`/products/${productId}`}>{name}</a>
      </div>
      <div role="cell" class="what">
        <span class={`state ${look}`}>{what}</span>
      </div>
      <div role="cell" class="price before">
        {formatPrice(priceA)}
      </div>
      <div role="cell" class="price after">
        {formatPrice(priceB)}
      </div>
      <div role="cell" class="moved">
        <Delta from={priceA} to={priceB} />
      </div>
      <div role="cell" class="lines">
        {linesText(lineA, lineB)}
      </div>
    </div>
  );
}

/** "12 → 14"; one number where both lists have it on the same line, or one has it only. */
function linesText(a: bigint, b: bigint): string {
  const lines = [a, b].filter((line) => line > 0n).map(formatCount);
  return a === b ? (lines[0] ?? "") : lines.join(" → ");
}
