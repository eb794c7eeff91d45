import { signal } from "@preact/signals";

import { failureText } from "../api/failure";

interface Toast {
  text: string;
  bad: boolean;
}

const shown = signal<Toast | undefined>(undefined);
let timer = 0;

/** Says something for a few seconds. */
export function say(text: string, bad = false): void {
  shown.value = { text, bad };
  clearTimeout(timer);
  timer = window.setTimeout(() => (shown.value = undefined), bad ? 8_000 : 4_000);
}

export const sayFailure = (error: unknown): void => say(failureText(error), true);

export function Toasts() {
  return (
    <div class="toasts" role="status">
      {shown.value && <div class={shown.value.bad ? "toast bad" : "toast"}>{shown.value.text}</div>}
    </div>
  );
}
