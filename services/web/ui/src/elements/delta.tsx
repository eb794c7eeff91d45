import { formatDifference, formatPermille, movedPermille } from "../format/money";
import type { Price } from "../gen/atlant/v1/price_pb";

/** By how much a price moved: in percent, or as an amount where percent say nothing. */
export function Delta({ from, to }: { from?: Price; to?: Price }) {
  if (!from || !to || from.currencyCode !== to.currencyCode || from.amountMicros === to.amountMicros) {
    return null;
  }
  const up = to.amountMicros > from.amountMicros;
  const permille = movedPermille(from, to);
  return (
    <span class={up ? "delta up" : "delta down"}>
      <svg class="arrow" viewBox="0 0 8 8" aria-hidden="true">
        <path d={up ? "M4 1 7.5 7H.5Z" : "M4 7 .5 1h7Z"} />
      </svg>
      <span class="unseen">{up ? "up " : "down "}</span>
      {permille === undefined ? formatDifference(from, to).slice(1) : formatPermille(permille)}
    </span>
  );
}
