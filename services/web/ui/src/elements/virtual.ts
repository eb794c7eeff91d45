import { computed } from "@preact/signals";
import type { VirtualItem } from "@tanstack/virtual-core";
import { observeWindowOffset, observeWindowRect, Virtualizer, windowScroll } from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

import { narrow } from "./media";

/** Of each row, in pixels; styles/table.css has the same. */
export const rowHeight = computed(() => (narrow.value ? 64 : 44));

interface Rows {
  count: number;
  /** Height of each, in pixels. */
  height: number;
  keyOf: (index: number) => string;
}

/** Rows that the window scrolls over, of which only those near it are rendered; list is the element that holds them. */
export function useVirtualRows({ count, height, keyOf }: Rows): {
  list: RefObject<HTMLDivElement | null>;
  items: VirtualItem[];
  size: number;
  offset: number;
  show: (index: number) => void;
} {
  const list = useRef<HTMLDivElement>(null);
  const [, rendered] = useReducer((n: number) => n + 1, 0);
  const [margin, setMargin] = useState(0);
  const options = {
    count,
    estimateSize: () => height,
    getItemKey: keyOf,
    overscan: 12,
    scrollMargin: margin,
    scrollPaddingStart: 96, // what sticks to the top
    scrollPaddingEnd: 72, // and, on phones, to the bottom
    initialOffset: () => window.scrollY,
    getScrollElement: () => window,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    scrollToFn: windowScroll,
    onChange: () => rendered(undefined),
  };
  const [virtualizer] = useState(() => new Virtualizer<Window, HTMLElement>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  useLayoutEffect(() => virtualizer.measure(), [height]);
  useLayoutEffect(() => {
    const top = list.current ? Math.round(list.current.getBoundingClientRect().top + window.scrollY) : 0;
    if (top !== margin) {
      setMargin(top);
    }
  });
  return {
    list,
    items: virtualizer.getVirtualItems(),
    size: virtualizer.getTotalSize(),
    offset: margin,
    show: (index) => virtualizer.scrollToIndex(index, { align: "auto" }),
  };
}
