import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

const key = "theme";
const order: Theme[] = ["auto", "light", "dark"];

export const theme = signal<Theme>(stored());

/** Counts changes of the colours, for what paints them itself. */
export const repainted = signal(0);

effect(() => {
  const root = document.documentElement;
  if (theme.value === "auto") {
    delete root.dataset.theme;
  } else {
    root.dataset.theme = theme.value;
  }
  repainted.value = repainted.peek() + 1;
});

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => repainted.value++);

/** From what the system prefers to light to dark. */
export function nextTheme(): void {
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length]!;
  try {
    localStorage.setItem(key, theme.value);
  } catch {
    // the browser keeps nothing; the theme lasts as long as the page
  }
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(key) as Theme;
    return order.includes(value) ? value : "auto";
  } catch {
    return "auto";
  }
}
