import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";

import { DeliverySchema } from "../gen/atlant/v1/alert_pb";
import { merge } from "./deliverylist";

const delivery = (id: string, attempts: number, attemptedAt?: number) =>
  create(DeliverySchema, { id, attempts, firedAt: timestampFromMs(1_000), attemptedAt: attemptedAt === undefined ? undefined : timestampFromMs(attemptedAt) });

const shown = (list: ReturnType<typeof merge>) => list.map(({ id, attempts }) => `${id}${attempts}`);

test("the last attempt comes first, and each delivery once", () => {
  const first = merge([], [delivery("b", 1, 3_000), delivery("a", 1, 2_000)]);
  expect(shown(first)).toEqual(["b1", "a1"]);
  const again = merge(first, [delivery("a", 2, 5_000), delivery("c", 1, 4_000)]);
  expect(shown(again)).toEqual(["a2", "c1", "b1"]);
  expect(shown(merge(again, [delivery("a", 1, 2_000), delivery("d", 0)]))).toEqual(["a2", "c1", "b1", "d0"]);
});
