import { addKeys } from "./keyboard";

/** j, k and the arrows move the focus among the links that a selector finds, until the function that it returns is called. */
export function listKeys(selector: string): () => void {
  const step = (by: number) => () => {
    const links = [...document.querySelectorAll<HTMLElement>(selector)];
    const from = links.indexOf(document.activeElement as HTMLElement);
    const to = from < 0 ? 0 : Math.min(Math.max(from + by, 0), links.length - 1);
    links[to]?.focus();
    links[to]?.scrollIntoView({ block: "nearest" });
  };
  return addKeys({ j: step(1), k: step(-1), ArrowDown: step(1), ArrowUp: step(-1) });
}
