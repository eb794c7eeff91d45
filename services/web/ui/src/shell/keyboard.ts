import { signal } from "@preact/signals";

import { navigate, path } from "../router/location";
import { newAlertFrom } from "../router/newalert";

export const helpOpen = signal(false);

/** What a key does on the page that is shown: true if it did something. */
type Keys = Record<string, () => boolean | void>;

const layers: Keys[] = [];

/** Adds keys until the function that it returns is called; what was added last comes first. */
export function addKeys(keys: Keys): () => void {
  layers.push(keys);
  return () => void layers.splice(layers.indexOf(keys), 1);
}

const pages: Record<string, string> = { p: "/", f: "/fetches", s: "/sources", a: "/alerts", t: "/status" };

// These lead where they should from the moment that one is at a path, before the code of its page is there and adds keys.
addKeys({ n: () => navigate("/fetches?new"), a: () => navigate(newAlertFrom(path.peek())) });

const never = -Infinity; // 0 is when the page was opened
let going = never; // when g was pressed, in milliseconds

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) {
    return;
  }
  const target = event.target as HTMLElement;
  const typing = target.closest("input, textarea, select, [contenteditable]") !== null;
  if (document.querySelector("dialog[open]") || (typing && event.key !== "Escape")) {
    return;
  }
  if (event.timeStamp - going < 1_000 && pages[event.key]) {
    going = never;
    event.preventDefault();
    navigate(pages[event.key]!);
    return;
  }
  if (event.key === "g") {
    going = event.timeStamp;
    return;
  }
  if (event.key === "?") {
    event.preventDefault();
    helpOpen.value = true;
    return;
  }
  for (let i = layers.length - 1; i >= 0; i--) {
    const action = layers[i]![event.key];
    if (action && action() !== false) {
      event.preventDefault();
      return;
    }
  }
  if (event.key === "Escape" && typing) {
    target.blur();
  }
});
