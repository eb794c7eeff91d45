import { decimalText, parseMicros } from "./money";

const most = 10_000_000; // basis points
const microsPerPoint = 10_000n; // of a percent

/** 250 → "2.5 %", in the user's language, with all decimals that it has. */
export function formatBasisPoints(points: number, locale?: string): string {
  const text = decimalText(BigInt(points) * microsPerPoint) as Intl.StringNumericLiteral;
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(text)}\u202f%`;
}

/** Reads what people type: "5", "2.5", "2,5 %". Undefined if it is no percentage with at most two decimals, up to 100,000. */
export function parseBasisPoints(text: string): number | undefined {
  const micros = parseMicros(text.trim().replace(/\s*%$/, ""));
  if (micros === undefined || micros % microsPerPoint !== 0n) {
    return undefined;
  }
  const points = Number(micros / microsPerPoint);
  return points <= most ? points : undefined;
}

/** 250 → "2.5", as it is typed. */
export const basisPointsText = (points: number): string => decimalText(BigInt(points) * microsPerPoint);
