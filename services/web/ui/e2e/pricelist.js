import { once } from "node:events";
import { createServer } from "node:http";

/** A price list on a server of the test's own: so many products, at prices that the test sets. */
export class PriceList {
  constructor(count) {
    this.cents = Array.from({ length: count }, (_, i) => 100 + ((i * 7_919) % 90_000));
    this.spoilt = 0; // rows that cannot be read
  }

  static async serve(t, count) {
    const list = new PriceList(count);
    const server = createServer((_, response) => {
      response.setHeader("Content-Type", "text/csv; charset=utf-8");
      response.end(list.text());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    list.url = `http://127.0.0.1:${server.address().port}/prices.csv`;
    return list;
  }

  text() {
    const rows = this.cents.map((cents, i) => `${nameOf(i)};${euros(cents)}`);
    const spoilt = Array.from({ length: this.spoilt }, (_, i) => `Spoilt ${i};about ${i}`);
    return ["PRODUCT NAME;PRICE", ...rows, ...spoilt].join("\n");
  }

  /** The product that costs most. */
  dearest() {
    return this.cents.indexOf(Math.max(...this.cents));
  }
}

export const nameOf = (i) => `Product ${String(i).padStart(5, "0")} Crème`;

const euros = (cents) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;

/** As the page shows it. */
export const shown = (cents) => `€${euros(cents)}`;
