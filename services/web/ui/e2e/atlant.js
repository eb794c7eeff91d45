import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../../../../", import.meta.url).pathname;
const patience = 60_000; // milliseconds
const underWay = ["FETCH_STATE_QUEUED", "FETCH_STATE_RUNNING"];

/** A folder of the test's own, removed after it. */
export function scratch(t) {
  const folder = mkdtempSync(join(tmpdir(), "atlant-e2e-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The program as users have it: what ATLANT_E2E_BINARY names, or built afresh. */
export function binary(t) {
  const given = process.env.ATLANT_E2E_BINARY;
  if (given) {
    return given;
  }
  const path = join(scratch(t), "atlant");
  const { status, stderr } = spawnSync("go", ["build", "-o", path, "./services/atlant"], { cwd: root, encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`go build: ${stderr}`);
  }
  return path;
}

/** `atlant up` on a port that stays the same when it is stopped and started again. */
export class Atlant {
  constructor(binary, data, port, more) {
    Object.assign(this, { binary, data, port, more, url: `http://127.0.0.1:${port}` });
  }

  /** With more flags, if there are any. */
  static async start(t, binary, ...more) {
    const atlant = new Atlant(binary, join(scratch(t), "data"), await freePort(), more);
    await atlant.start();
    t.after(() => atlant.stop());
    return atlant;
  }

  async start() {
    const flags = ["up", "--listen", `127.0.0.1:${this.port}`, "--data", this.data, "--allow-private-urls", "--log-level", "warn", ...this.more];
    this.process = spawn(this.binary, flags, { stdio: ["ignore", "ignore", "ignore"] });
    for (const end = Date.now() + patience; ; await sleep(50)) {
      if (this.process.exitCode !== null || Date.now() > end) {
        throw new Error("atlant up did not come up");
      }
      if (await fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false)) {
        return;
      }
    }
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill("SIGTERM");
      await once(this.process, "exit");
    }
  }

  /** Calls a method, with JSON. */
  async call(method, request) {
    const answer = await fetch(`${this.url}/atlant.v1.${method}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
    });
    if (!answer.ok) {
      throw new Error(`${method}: ${await answer.text()}`);
    }
    return answer.json();
  }

  /** Uploads a list of a time and fetches it, as one does at a terminal. */
  upload(text, source, observedAt) {
    const flags = ["fetch", "--wait", "--addr", this.url, "--source", source, "--observed-at", observedAt, "-"];
    const { status, stderr } = spawnSync(this.binary, flags, { input: text, encoding: "utf8" });
    if (status !== 0) {
      throw new Error(`atlant fetch: ${stderr}`);
    }
  }

  /** Fetches a list, and waits until it is in a state, with its prices visible. */
  async fetch(request, state = "FETCH_STATE_COMPLETED") {
    let { fetch } = await this.call("FetchService/Fetch", request);
    for (const end = Date.now() + patience; underWay.includes(fetch.state); await sleep(50)) {
      if (Date.now() > end) {
        throw new Error(`fetch ${fetch.id} is still ${fetch.state}`);
      }
      ({ fetch } = await this.call("FetchService/GetFetch", { id: fetch.id }));
    }
    if (fetch.state !== state) {
      throw new Error(`fetch ${fetch.id} is ${fetch.state}: ${fetch.error}`);
    }
    await this.call("ProductService/List", { pageSize: 1, position: fetch.position ?? "" });
    return fetch;
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
