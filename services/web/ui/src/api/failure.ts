import { Code, ConnectError } from "@connectrpc/connect";

/** What went wrong, for people. Connect wraps what the browser says of a server that cannot be reached. */
export function failureText(error: unknown): string {
  const failure = ConnectError.from(error);
  if (isUnreachable(failure)) {
    return "Atlant cannot be reached.";
  }
  const text = failure.rawMessage || "Something went wrong.";
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function hasCode(error: unknown, ...codes: Code[]): boolean {
  return codes.includes(ConnectError.from(error).code);
}

/** True of calls that the page itself called off. */
export function isCalledOff(error: unknown, signal?: AbortSignal): boolean {
  return signal?.aborted === true || hasCode(error, Code.Canceled);
}

function isUnreachable(failure: ConnectError): boolean {
  return failure.code === Code.Unavailable || failure.cause instanceof TypeError;
}
