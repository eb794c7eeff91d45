import { useEffect } from "preact/hooks";

import { isComparable, timeOf } from "../diff/comparable";
import { addressOf } from "../diff/view";
import { CloseIcon } from "../elements/icons";
import { formatMoment } from "../format/time";
import type { Fetch } from "../gen/atlant/v1/fetch_pb";
import { navigate } from "../router/location";
import { addKeys } from "../shell/keyboard";
import { listName } from "./listname";

const most = 2;

/** The fetches that are picked to be compared; the URL holds them. */
export class Picks {
  constructor(
    private readonly values: URLSearchParams,
    readonly ids: readonly string[] = values.getAll("pick").slice(0, most),
  ) {}

  has(id: string): boolean {
    return this.ids.includes(id);
  }

  /** Whether a fetch can be picked, or left. */
  takes(fetch: Fetch): boolean {
    return this.has(fetch.id) || (this.ids.length < most && isComparable(fetch));
  }

  toggle(id: string): void {
    this.set(this.has(id) ? this.ids.filter((other) => other !== id) : [...this.ids, id]);
  }

  clear(): void {
    this.set([]);
  }

  private set(ids: readonly string[]): void {
    const values = new URLSearchParams(this.values);
    values.delete("pick");
    values.delete("transport"); // which the router keeps
    ids.forEach((id) => values.append("pick", id));
    navigate("/fetches" + (values.size > 0 ? `?${values}` : ""), { replace: true, keepScroll: true });
  }
}

export function PickBox({ fetch, picks }: { fetch: Fetch; picks: Picks }) {
  if (!isComparable(fetch)) {
    return null; // there are no prices to compare
  }
  return (
    <label class="pick">
      <input
        type="checkbox"
        data-pick={fetch.id}
        aria-label={`Compare ${listName(fetch.url)} of ${formatMoment(timeOf(fetch))}`}
        checked={picks.has(fetch.id)}
        disabled={!picks.takes(fetch)}
        onChange={() => picks.toggle(fetch.id)}
      />
    </label>
  );
}

/** What can be done with what is picked; x picks the row that has the focus, c compares. */
export function PickBar({ picks, list }: { picks: Picks; list: readonly Fetch[] }) {
  const to = comparisonOf(picks, list);
  useEffect(
    () =>
      addKeys({
        x: () => {
          const box = document.activeElement?.closest(".fetch-row")?.querySelector<HTMLInputElement>("[data-pick]");
          box?.click();
          return box != null;
        },
        c: () => {
          if (to) {
            navigate(to);
          }
          return to !== undefined;
        },
        Escape: () => {
          if (picks.ids.length > 0) {
            picks.clear();
          }
          return picks.ids.length > 0;
        },
      }),
    [picks.ids.join(), to],
  );
  return (
    <div class={to ? "pick-bar shown" : "pick-bar"} role="status">
      {to && (
        <>
          <span>{picks.ids.length === most ? "2 fetches chosen" : "1 fetch chosen: choose another, or"}</span>
          <a class={picks.ids.length === most ? "button primary small" : "button small"} href={to}>
            {picks.ids.length === most ? "Compare them" : "Compare with the one before"}
          </a>
          <button type="button" class="button plain square small" aria-label="Choose none" onClick={() => picks.clear()}>
            <CloseIcon />
          </button>
        </>
      )}
    </div>
  );
}

/** The address of the comparison: of the older one with the later one, or of one with the one before it. */
function comparisonOf(picks: Picks, list: readonly Fetch[]): string | undefined {
  const moment = (id: string) => {
    const fetch = list.find((known) => known.id === id);
    return fetch ? timeOf(fetch) : 0;
  };
  const [a, b] = [...picks.ids].sort((x, y) => moment(x) - moment(y) || (x < y ? -1 : 1));
  if (!a) {
    return undefined;
  }
  return b ? addressOf({ a, b }) : addressOf({ b: a });
}
