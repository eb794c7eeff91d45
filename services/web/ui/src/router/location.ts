import { computed, signal } from "@preact/signals";

// Where the page is. The browser's history is the only state: back and forward work, and every view has a URL.

const current = signal(new URL(window.location.href));

export const path = computed(() => current.value.pathname);
export const query = computed(() => current.value.search);

/** The transport is a choice for as long as the page is loaded; it stays in the URL, so that a reload keeps it. */
const transport = current.peek().searchParams.get("transport");

interface Entry {
  scroll?: number;
}

window.history.scrollRestoration = "manual";

/** Goes to a path with its query; replace: without a new entry in the history. */
export function navigate(to: string, { replace = false, keepScroll = false } = {}): void {
  const url = new URL(to, window.location.origin);
  if (transport) {
    url.searchParams.set("transport", transport);
  }
  rememberScroll();
  const entry: Entry = {};
  window.history[replace ? "replaceState" : "pushState"](entry, "", url);
  const otherPage = url.pathname !== current.peek().pathname;
  if (!replace) {
    depth++;
  }
  current.value = url;
  if (!keepScroll) {
    window.scrollTo(0, 0);
  }
  if (otherPage) {
    arrived.value++;
  }
}

/** Counts arrivals at another page, so that it can take the focus. */
export const arrived = signal(0);

/** Back if that stays within the app, else to the path. */
export function back(to: string): void {
  if (depth > 0) {
    window.history.back();
  } else {
    navigate(to);
  }
}

let depth = 0; // entries of the history behind this one that are ours

function rememberScroll(): void {
  const entry: Entry = { ...(window.history.state as Entry | null), scroll: window.scrollY };
  window.history.replaceState(entry, "");
}

window.addEventListener("popstate", (event) => {
  depth = Math.max(depth - 1, 0);
  current.value = new URL(window.location.href);
  const scroll = (event.state as Entry | null)?.scroll ?? 0;
  // Lists are as long as they were once they are rendered again.
  requestAnimationFrame(() => requestAnimationFrame(() => window.scrollTo(0, scroll)));
});

let scrolled = 0;
window.addEventListener(
  "scroll",
  () => {
    clearTimeout(scrolled);
    scrolled = window.setTimeout(rememberScroll, 150);
  },
  { passive: true },
);

// Links to our own pages do not load them again. Whoever wants a new tab gets one.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
    return;
  }
  const link = (event.target as Element).closest?.("a");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== window.location.origin || link.hash) {
    return;
  }
  event.preventDefault();
  navigate(link.pathname + link.search);
});
