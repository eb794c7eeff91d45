import { useEffect, useState } from "preact/hooks";

import { fetches } from "../api/clients";
import { failureText, isCalledOff } from "../api/failure";
import { formatCount } from "../format/count";
import type { Fetch, Reject } from "../gen/atlant/v1/fetch_pb";
import { rejectReasons } from "./states";

const pageSize = 50;

/** The rows that could not be read, and why. */
export function Rejects({ fetch }: { fetch: Fetch }) {
  const [rejects, setRejects] = useState<readonly Reject[]>([]);
  const [next, setNext] = useState<string | undefined>("");
  const [failure, setFailure] = useState("");
  const load = async (pageToken: string, signal?: AbortSignal) => {
    try {
      const page = await fetches.listRejects({ id: fetch.id, pageSize, pageToken }, { signal });
      setRejects((before) => (pageToken ? [...before, ...page.rejects] : page.rejects));
      setNext(page.nextPageToken || undefined);
      setFailure("");
    } catch (error) {
      if (!isCalledOff(error, signal)) {
        setFailure(failureText(error));
      }
    }
  };
  useEffect(() => {
    const calls = new AbortController();
    void load("", calls.signal);
    return () => calls.abort();
  }, [fetch.id, fetch.rejected]);
  return (
    <section class="card" aria-labelledby="rejects">
      <h2 id="rejects">
        Rejects <span class="count">{formatCount(fetch.rejected)}</span>
      </h2>
      {failure && (
        <p class="form-failure" role="alert">
          {failure}
        </p>
      )}
      <div class="scroll-x" tabIndex={0} role="region" aria-label="Table of rejects">
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col" class="number">
                Line
              </th>
              <th scope="col">Why</th>
              <th scope="col">Row</th>
            </tr>
          </thead>
          <tbody>
            {rejects.map((reject) => (
              <tr key={String(reject.byteOffset)}>
                <td class="number dim">{formatCount(reject.line)}</td>
                <td class="wrap">
                  <span class="reason">{rejectReasons[reject.reason] ?? "Unknown"}</span> <span class="dim">{reject.message}</span>
                </td>
                <td>
                  <code class="raw">{reject.raw}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {next && (
        <button type="button" class="button" onClick={() => void load(next)}>
          Show more
        </button>
      )}
    </section>
  );
}
