import type { Price } from "../gen/atlant/v1/price_pb";

// Prices are exact: micros stay bigint, and decimals are text. Nothing here is ever a floating point number.

const micros = 1_000_000n;
const formatters = new Map<string, Intl.NumberFormat | null>();

/** 12500000n → "12.5", without trailing zeros. */
export function decimalText(amount: bigint): string {
  const sign = amount < 0n ? "-" : "";
  const magnitude = amount < 0n ? -amount : amount;
  const decimals = (magnitude % micros).toString().padStart(6, "0").replace(/0+$/, "");
  return sign + (magnitude / micros).toString() + (decimals ? `.${decimals}` : "");
}

/** The price as the user's language writes it, with all decimals that it has; without a currency, the number alone. */
export function formatPrice(price: Pick<Price, "amountMicros" | "currencyCode"> | undefined, locale?: string): string {
  if (!price) {
    return "";
  }
  const text = decimalText(price.amountMicros);
  const decimals = text.split(".")[1]?.length ?? 0;
  return formatAmount(text, decimals, price.currencyCode, locale);
}

/** The difference of two prices in one currency, with its sign. */
export function formatDifference(from: Price, to: Price, locale?: string): string {
  const difference = to.amountMicros - from.amountMicros;
  const text = decimalText(difference < 0n ? -difference : difference);
  const decimals = text.split(".")[1]?.length ?? 0;
  return (difference < 0n ? "−" : "+") + formatAmount(text, decimals, to.currencyCode, locale);
}

function formatAmount(text: string, decimals: number, currency: string, locale?: string): string {
  const inCurrency = currency ? formatter(currency, decimals, locale) : null;
  if (inCurrency) {
    return inCurrency.format(text as Intl.StringNumericLiteral);
  }
  const number = formatter("", decimals, locale)!.format(text as Intl.StringNumericLiteral);
  return currency ? `${number} ${currency}` : number;
}

// Null where the browser refuses the code.
function formatter(currency: string, decimals: number, locale?: string): Intl.NumberFormat | null {
  const key = `${locale}/${currency}/${decimals}`;
  const known = formatters.get(key);
  if (known !== undefined) {
    return known;
  }
  let made: Intl.NumberFormat | null = null;
  try {
    const options: Intl.NumberFormatOptions = currency ? { style: "currency", currency } : { minimumFractionDigits: 2 };
    const least = new Intl.NumberFormat(locale, options).resolvedOptions().minimumFractionDigits ?? 0;
    made = new Intl.NumberFormat(locale, { ...options, maximumFractionDigits: Math.max(least, decimals) });
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
  }
  formatters.set(key, made);
  return made;
}

/** Tenths of a percent by which a price moved, rounded half away from zero; undefined from zero or across currencies. */
export function movedPermille(from: Price | undefined, to: Price | undefined): bigint | undefined {
  if (!from || !to || from.amountMicros === 0n || from.currencyCode !== to.currencyCode) {
    return undefined;
  }
  const difference = (to.amountMicros - from.amountMicros) * 2000n;
  const half = difference < 0n ? -from.amountMicros : from.amountMicros;
  return (difference + half) / (from.amountMicros * 2n);
}

/** 53n → "5.3 %", in the user's language. The sign is left out. */
export function formatPermille(permille: bigint, locale?: string): string {
  const magnitude = permille < 0n ? -permille : permille;
  const text = `${magnitude / 10n}.${magnitude % 10n}`;
  return `${percents(locale).format(text as Intl.StringNumericLiteral)}\u202f%`;
}

const percentFormatters = new Map<string, Intl.NumberFormat>();

function percents(locale?: string): Intl.NumberFormat {
  const key = locale ?? "";
  let made = percentFormatters.get(key);
  if (!made) {
    made = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    percentFormatters.set(key, made);
  }
  return made;
}

/** Reads what people type: "12", "12.5", "12,50", "1'000.5". Undefined if it is not an amount that a price can have. */
export function parseMicros(text: string): bigint | undefined {
  const match = /^(\d{1,12})(?:[.,](\d{1,6}))?$/.exec(text.trim().replace(/[\s'’]/g, ""));
  if (!match) {
    return undefined;
  }
  return BigInt(match[1]!) * micros + BigInt((match[2] ?? "").padEnd(6, "0"));
}
