import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

/** Takes webhooks on a server of the test's own. */
export class Receiver {
  #taken = [];
  #waiting = [];

  static async serve(t) {
    const receiver = new Receiver();
    const server = createServer(async (request, response) => {
      receiver.#take(await json(request));
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    receiver.url = `http://127.0.0.1:${server.address().port}/`;
    return receiver;
  }

  #take(webhook) {
    const waiting = this.#waiting.shift();
    waiting ? waiting(webhook) : this.#taken.push(webhook);
  }

  /** The body of the next webhook, once there is one. */
  next() {
    return this.#taken.length > 0 ? Promise.resolve(this.#taken.shift()) : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
