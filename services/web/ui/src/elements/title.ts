import { useEffect } from "preact/hooks";

/** Names the page. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Atlant` : "Atlant";
  }, [title]);
}
