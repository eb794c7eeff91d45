import type { Timestamp } from "@bufbuild/protobuf/wkt";

import { formatMoment, milliseconds, now, relative } from "../format/time";

/** How long ago, with the moment itself to hover over. */
export function Ago({ time, narrow = false }: { time?: Timestamp; narrow?: boolean }) {
  if (!time) {
    return null;
  }
  const at = milliseconds(time);
  return (
    <time dateTime={new Date(at).toISOString()} title={formatMoment(at)}>
      {relative(at, now.value, undefined, narrow ? "narrow" : "long")}
    </time>
  );
}

export function Moment({ time }: { time?: Timestamp }) {
  if (!time) {
    return null;
  }
  const at = milliseconds(time);
  return (
    <time dateTime={new Date(at).toISOString()} title={relative(at, now.value)}>
      {formatMoment(at)}
    </time>
  );
}
