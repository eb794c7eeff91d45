import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

import { key, keyWanted } from "./key";

/** Shows the key with each call, and has it asked for where Atlant wants one. */
export const identify: Interceptor = (next) => async (request) => {
  if (key.value) {
    request.header.set("Authorization", `Bearer ${key.value}`);
  }
  try {
    return await next(request);
  } catch (error) {
    if (ConnectError.from(error).code === Code.Unauthenticated) {
      keyWanted.value = true;
    }
    throw error;
  }
};
