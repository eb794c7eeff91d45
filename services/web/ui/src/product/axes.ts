// Texts along the axes of a chart. They name places between prices, so floats will do; prices themselves are shown elsewhere.

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

const times = {
  second: new Intl.DateTimeFormat(undefined, { timeStyle: "medium" }),
  minute: new Intl.DateTimeFormat(undefined, { timeStyle: "short" }),
  day: new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" }),
  month: new Intl.DateTimeFormat(undefined, { month: "short", year: "numeric" }),
};

/** Names times, in seconds, that are a step apart: by no more than tells them apart. Midnight is a day. */
export function timeLabels(splits: readonly number[], step: number): string[] {
  return splits.map((seconds) => {
    const time = new Date(seconds * 1_000);
    if (step >= 28 * day) {
      return times.month.format(time);
    }
    if (step >= day || (time.getHours() === 0 && time.getMinutes() === 0 && time.getSeconds() === 0)) {
      return times.day.format(time);
    }
    return (step >= minute ? times.minute : times.second).format(time);
  });
}

/** Names amounts that are a step apart, with as many decimals as the step has. */
export function amountLabels(splits: readonly number[], step: number, currency: string): string[] {
  const decimals = Math.min(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), 6);
  const shown = decimals === 1 ? 2 : decimals; // money has no single decimal
  const digits = { minimumFractionDigits: shown, maximumFractionDigits: shown };
  const format = currencyFormat(currency, digits) ?? new Intl.NumberFormat(undefined, digits);
  return splits.map((amount) => format.format(amount));
}

function currencyFormat(currency: string, digits: Intl.NumberFormatOptions): Intl.NumberFormat | undefined {
  try {
    return currency ? new Intl.NumberFormat(undefined, { style: "currency", currency, ...digits }) : undefined;
  } catch {
    return undefined; // not a code that the browser takes
  }
}
