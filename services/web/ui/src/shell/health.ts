import { signal } from "@preact/signals";

import { projection } from "../api/clients";
import { backOff, pause } from "../api/retry";
import type { GetStatusResponse } from "../gen/atlant/v1/projection_pb";
import { path } from "../router/location";

const interval = { looking: 1_500, else: 5_000 };

/** How the views keep up; undefined until it is known, null while Atlant does not answer: then healthFailure says why. */
export const health = signal<GetStatusResponse | null | undefined>(undefined);
export const healthFailure = signal<unknown>(undefined);

/** Asks again and again, while the page is looked at, until the signal aborts. */
export async function watchHealth(signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    if (!document.hidden) {
      try {
        health.value = await projection.getStatus({}, { signal, timeoutMs: 10_000 });
        failures = 0;
      } catch (error) {
        if (!signal.aborted) {
          failures++;
          healthFailure.value = error;
          health.value = null;
        }
      }
    }
    const every = path.peek() === "/status" ? interval.looking : interval.else;
    await pause(failures > 0 ? backOff(failures) : every, signal);
  }
}
