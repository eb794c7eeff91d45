import { useEffect, useState } from "preact/hooks";

import { addKeys } from "./keyboard";

/** j and k, and the arrows, move the focus from row to row. */
export function useRowKeys(count: number, show: (index: number) => void): void {
  const [wanted, want] = useState<number | undefined>(undefined);
  useEffect(() => {
    const step = (by: number) => () => {
      const row = document.activeElement?.closest<HTMLElement>(".long-row");
      const from = row ? Number(row.dataset.index) : firstVisible() - (by > 0 ? 1 : 0);
      const to = Math.min(Math.max(from + by, 0), count - 1);
      show(to);
      want(to);
    };
    return addKeys({ j: step(1), k: step(-1), ArrowDown: step(1), ArrowUp: step(-1) });
  }, [count]);
  useEffect(() => {
    if (wanted === undefined) {
      return;
    }
    // After scrolling the row is there one or two frames later.
    let tries = 5;
    const focus = () => {
      const link = document.querySelector<HTMLElement>(`.long-row[data-index="${wanted}"] a`);
      if (link) {
        link.focus({ preventScroll: true });
        want(undefined);
      } else if (tries-- > 0) {
        requestAnimationFrame(focus);
      }
    };
    focus();
  }, [wanted]);
}

function firstVisible(): number {
  for (const row of document.querySelectorAll<HTMLElement>(".long-row")) {
    if (row.getBoundingClientRect().top >= 80) {
      return Number(row.dataset.index);
    }
  }
  return 0;
}
