import { Code, ConnectError } from "@connectrpc/connect";

import { capital } from "../format/capital";

/** What went wrong, for people. That a server cannot be reached browsers say with a TypeError, which Connect wraps. */
export function failureText(error: unknown): string {
  const failure = ConnectError.from(error);
  if (failure.cause instanceof TypeError) {
    return "Atlant cannot be reached.";
  }
  return capital(failure.rawMessage || "Something went wrong.");
}

export function hasCode(error: unknown, ...codes: Code[]): boolean {
  return codes.includes(ConnectError.from(error).code);
}

/** True of calls that the page itself called off. */
export function isCalledOff(error: unknown, signal?: AbortSignal): boolean {
  return signal?.aborted === true || hasCode(error, Code.Canceled);
}

/** True where asking again later may help. */
export function isUnreachable(error: unknown): boolean {
  const failure = ConnectError.from(error);
  return failure.code === Code.Unavailable || failure.cause instanceof TypeError;
}
