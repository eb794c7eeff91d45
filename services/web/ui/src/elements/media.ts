import type { ReadonlySignal } from "@preact/signals";
import { signal } from "@preact/signals";

function matches(query: string): ReadonlySignal<boolean> {
  const list = window.matchMedia(query);
  const state = signal(list.matches);
  list.addEventListener("change", () => (state.value = list.matches));
  return state;
}

/** Screens on which a row takes two lines; styles/table.css has the same width. */
export const narrow = matches("(max-width: 52rem)");

export const stillness = matches("(prefers-reduced-motion: reduce)");
