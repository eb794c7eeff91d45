import { Code, ConnectError } from "@connectrpc/connect";

import { capital } from "../format/capital";
import { failureText } from "./failure";

/**
 * What a server says of which fields, by the last part of their paths: alert.webhook_url is webhook_url. Of fields that the form
 * does not have, and of no field at all, it is under "", as one text.
 */
export function fieldFailures(error: unknown, fields: readonly string[]): Record<string, string> {
  const failure = ConnectError.from(error);
  if (failure.code !== Code.InvalidArgument) {
    return { "": failureText(error) };
  }
  const failures: Record<string, string> = {};
  const say = (name: string, text: string) => (failures[name] = failures[name] ? `${failures[name]}\n${text}` : text);
  for (const fault of failure.rawMessage.replace(/^validation errors?:\s*(- )?/, "").split("\n - ")) {
    const [, path = "", text = ""] = /^([a-z0-9_.]+): (.+)$/s.exec(fault) ?? [];
    const name = path.split(".").at(-1)!;
    if (fields.includes(name)) {
      say(name, capital(text));
    } else {
      say("", capital(fault));
    }
  }
  return failures;
}
