import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";

import { FetchSchema, FetchState } from "../gen/atlant/v1/fetch_pb";
import { fetchBefore } from "./comparable";

const fetch = (id: string, seconds: number, url = "http://a/list.csv", source = "shop", state = FetchState.COMPLETED) =>
  create(FetchSchema, { id, url, source, state, observedAt: { seconds: BigInt(seconds) } });

test("the fetch before is the last one of the same list, or else of the same source", () => {
  const last = fetch("last", 50);
  const others = [
    last,
    fetch("failed", 45, last.url, last.source, FetchState.FAILED),
    fetch("unchanged", 40, last.url, last.source, FetchState.NOT_MODIFIED),
    fetch("other list", 48, "http://a/other.csv"),
    fetch("other source", 49, last.url, "market"),
    fetch("older", 30),
    fetch("later", 60),
  ];
  expect(fetchBefore(last, others)?.id).toBe("unchanged");
  expect(fetchBefore(last, others.filter(({ url, id }) => url !== last.url || id === "last"))?.id).toBe("other list");
  expect(fetchBefore(last, [last, fetch("later", 60)])).toBeUndefined();
});
