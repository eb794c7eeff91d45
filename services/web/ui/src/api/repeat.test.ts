import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { repeat } from "./repeat";

const page = { hidden: false };
let calls: AbortController;

beforeEach(() => {
  page.hidden = false;
  vi.stubGlobal("document", page);
  calls = new AbortController();
});

afterEach(() => vi.unstubAllGlobals());

test("it looks again after a failure, until it is called off", async () => {
  const outcomes = [() => undefined, fail(Code.Unavailable), fail(Code.Canceled), () => calls.abort()];
  const look = vi.fn(async () => outcomes.shift()!());
  const onFailure = vi.fn();
  await repeat(calls.signal, look, onFailure, () => 0);
  expect(look).toHaveBeenCalledTimes(4);
  expect(onFailure.mock.calls.map(([error]) => ConnectError.from(error).code)).toEqual([Code.Unavailable]);
});

test("who is told of a failure can end it", async () => {
  const look = vi.fn(async () => fail(Code.PermissionDenied)());
  await repeat(calls.signal, look, () => calls.abort(), () => 3_600_000);
  expect(look).toHaveBeenCalledTimes(1);
});

test("a page that nobody sees does not ask", async () => {
  page.hidden = true;
  const look = vi.fn(async () => calls.abort());
  let waits = 0;
  const wait = () => {
    page.hidden = ++waits < 3;
    return 0;
  };
  await repeat(calls.signal, look, () => undefined, wait);
  expect([waits, look.mock.calls.length]).toEqual([4, 1]);
});

const fail = (code: Code) => () => {
  throw new ConnectError("no", code);
};
