import { movedPermille } from "../format/money";
import type { Difference } from "../gen/atlant/v1/product_pb";
import { DifferenceKind } from "../gen/atlant/v1/product_pb";
import type { Show, Sort } from "./view";

/** A difference, and what it is found and sorted by. */
export interface Found {
  difference: Difference;
  /** The name without case and accents. */
  plain: string;
  /** Tenths of a percent; undefined where there is no such figure. */
  permille?: number;
}

const kinds: Record<Exclude<Show, "all">, DifferenceKind> = {
  changed: DifferenceKind.CHANGED,
  added: DifferenceKind.ADDED,
  missing: DifferenceKind.MISSING,
};

export function foundOf(difference: Difference): Found {
  const permille = movedPermille(difference.priceA, difference.priceB);
  return { difference, plain: plainText(difference.name), permille: permille === undefined ? undefined : Number(permille) };
}

/** Those that are to be shown, in order. What has not moved in percent comes after what has, by name. */
export function arrange(found: readonly Found[], show: Show, query: string, sort: Sort): Found[] {
  const words = plainText(query).split(/\s+/).filter(Boolean);
  const shown = found.filter(
    ({ difference, plain }) => (show === "all" || difference.kind === kinds[show]) && words.every((word) => plain.includes(word)),
  );
  const sign = sort.startsWith("-") ? -1 : 1;
  if (sort.endsWith("name")) {
    return shown.sort((x, y) => sign * byName(x, y));
  }
  return shown.sort((x, y) => {
    if (x.permille === undefined || y.permille === undefined) {
      return Number(x.permille === undefined) - Number(y.permille === undefined) || byName(x, y);
    }
    return sign * (x.permille - y.permille) || byName(x, y);
  });
}

// As the server sorts names; equal ones, of two sources, by id.
function byName({ difference: x }: Found, { difference: y }: Found): number {
  if (x.name !== y.name) {
    return x.name < y.name ? -1 : 1;
  }
  return x.productId < y.productId ? -1 : Number(x.productId > y.productId);
}

function plainText(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
