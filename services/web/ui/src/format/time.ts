import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { signal } from "@preact/signals";

/** The time, in milliseconds, for texts like "3 minutes ago"; it moves on by itself. */
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 10_000);

export function milliseconds(time: Timestamp): number {
  return Number(time.seconds) * 1_000 + Math.floor(time.nanos / 1_000_000);
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 minutes ago", "in 2 hours"; "just now" within ten seconds. */
export function relative(time: number, at: number, locale?: string, style: Intl.RelativeTimeFormatStyle = "long"): string {
  const seconds = Math.round((time - at) / 1_000);
  if (Math.abs(seconds) < 10) {
    return "just now";
  }
  const format = relativeFormat(locale, style);
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) {
      return format.format(Math.trunc(seconds / length), unit);
    }
  }
  return format.format(seconds, "second");
}

const relativeFormats = new Map<string, Intl.RelativeTimeFormat>();

function relativeFormat(locale: string | undefined, style: Intl.RelativeTimeFormatStyle): Intl.RelativeTimeFormat {
  const key = `${locale}/${style}`;
  let made = relativeFormats.get(key);
  if (!made) {
    made = new Intl.RelativeTimeFormat(locale, { numeric: "always", style });
    relativeFormats.set(key, made);
  }
  return made;
}

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export const formatMoment = (time: number): string => full.format(time);
export const formatMinute = (time: number): string => short.format(time);
export const formatDay = (time: number): string => day.format(time);

/** "240 ms", "3.2 s", "4 min 10 s". */
export function formatDuration(span: number): string {
  if (span < 1_000) {
    return `${Math.max(Math.round(span), 0)} ms`;
  }
  if (span < 60_000) {
    return `${(span / 1_000).toFixed(1)} s`;
  }
  const minutes = Math.floor(span / 60_000);
  if (minutes < 60) {
    return `${minutes} min ${Math.floor((span % 60_000) / 1_000)} s`;
  }
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
