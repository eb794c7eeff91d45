const first = 1_000;
const longest = 30_000;

/** How long to wait, in milliseconds, after so many failures in a row: doubling from 1 s to 30 s, less up to a quarter by chance. */
export function backOff(failures: number, chance: () => number = Math.random): number {
  const full = Math.min(first * 2 ** Math.max(failures - 1, 0), longest);
  return Math.round(full * (1 - chance() / 4));
}

/** Waits, but not longer than until the signal aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}
