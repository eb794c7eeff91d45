import { isCalledOff } from "./failure";
import { pause } from "./retry";

/**
 * Looks now, and again and again while the page is shown, until the signal aborts. wait says after each look how long, in
 * milliseconds. A look that fails does not end it: what is wrong now may be right the next time.
 */
export async function repeat(signal: AbortSignal, look: () => Promise<void>, onFailure: (error: unknown) => void, wait: () => number): Promise<void> {
  while (!signal.aborted) {
    try {
      if (!document.hidden) {
        await look();
      }
    } catch (error) {
      if (!isCalledOff(error, signal)) {
        onFailure(error);
      }
    }
    await pause(wait(), signal);
  }
}
