import { expect, test } from "vitest";

import { backOff, pause } from "./retry";

test("the time to wait doubles up to half a minute", () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) => backOff(failures, () => 0));
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(backOff(1, () => 1)).toBe(750);
});

test("who is called off waits no longer", async () => {
  const calls = new AbortController();
  const waiting = pause(3_600_000, calls.signal);
  calls.abort();
  await waiting;
  await pause(3_600_000, calls.signal);
});
