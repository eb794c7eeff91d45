import { signal } from "@preact/signals";

import { projection } from "../api/clients";
import { backOff, pause } from "../api/retry";
import type { GetStatusResponse } from "../gen/atlant/v1/projection_pb";

const every = 5_000;

/** How the views keep up; undefined until it is known, null while Atlant does not answer. */
export const health = signal<GetStatusResponse | null | undefined>(undefined);

/** Asks again and again, while the page is looked at, until the signal aborts. */
export async function watchHealth(signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    if (!document.hidden) {
      try {
        health.value = await projection.getStatus({}, { signal, timeoutMs: 10_000 });
        failures = 0;
      } catch {
        failures++;
        if (!signal.aborted) {
          health.value = null;
        }
      }
    }
    await pause(failures > 0 ? backOff(failures) : every, signal);
  }
}
