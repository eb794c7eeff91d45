import { signal } from "@preact/signals";

const stored = "atlant.key";

/** What lets in: an API key, or a token. It lasts as long as the tab does. Empty if there is none. */
export const key = signal(sessionStorage.getItem(stored) ?? "");

/** True once Atlant wants to know who calls. */
export const keyWanted = signal(false);

/** Keeps a key, or forgets it if it is empty, and begins anew with it. */
export function keepKey(value: string): void {
  if (value) {
    sessionStorage.setItem(stored, value);
  } else {
    sessionStorage.removeItem(stored);
  }
  window.location.reload();
}
