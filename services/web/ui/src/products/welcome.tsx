import { useEffect } from "preact/hooks";

import { products } from "../api/clients";
import { pause } from "../api/retry";
import { Copyable } from "../elements/copy";
import { FetchForm } from "../fetches/form";
import { refreshLists } from "./lists";

const sample = "PRODUCT NAME;PRICE\nEspresso Beans 1 kg;18.90\nGreen Tea 100 g;5.95\nOat Milk 1 l;1.99";

/** What there is while there are no products at all. */
export function Welcome() {
  useArrival();
  const elsewhere = window.location.origin === "http://127.0.0.1:8080" ? "" : ` --addr ${window.location.origin}`;
  return (
    <div class="welcome">
      <div class="welcome-art" aria-hidden="true">
        <svg viewBox="0 0 240 72">
          <path class="area" d="M0 54h48V36h48v12h40V20h52v10h52v42H0Z" />
          <path class="line" d="M0 54h48V36h48v12h40V20h52v10h52" />
          <circle cx="236" cy="30" r="4" />
        </svg>
      </div>
      <h1>Fetch your first list</h1>
      <p class="lead">
        Point Atlant at a price list. It keeps every price it ever saw, and shows here what each product costs, and how that changed.
      </p>
      <div class="card">
        <FetchForm autoFocus />
      </div>
      <div class="hints">
        <section>
          <h2>What a list is</h2>
          <p>
            A CSV file with a column of names and one of prices. Separators, encoding, header and decimal mark are found out.
          </p>
          <pre tabIndex={0}>{sample}</pre>
        </section>
        <section>
          <h2>From a file on your machine</h2>
          <p>Browsers cannot stream files to Atlant; its command can:</p>
          <Copyable label="Copy the command" text={`atlant fetch --wait prices.csv${elsewhere}`} />
          <p>No list at hand? This one serves a small list whose prices move:</p>
          <Copyable label="Copy the command" text="atlant up --demo" />
        </section>
      </div>
    </div>
  );
}

/** Looks whether somebody else has fetched a list meanwhile. */
function useArrival(): void {
  useEffect(() => {
    const calls = new AbortController();
    const look = async () => {
      while (!calls.signal.aborted) {
        await pause(2_000, calls.signal);
        if (document.hidden || calls.signal.aborted) {
          continue;
        }
        try {
          const { products: first } = await products.list({ pageSize: 1 }, { signal: calls.signal });
          if (first.length > 0) {
            refreshLists();
            return;
          }
        } catch {
          // it is asked again
        }
      }
    };
    void look();
    return () => calls.abort();
  }, []);
}
