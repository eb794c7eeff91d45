import { expect, test } from "vitest";

import { addressOf, readView } from "./view";

test.each(["", "?a=1&b=2", "?b=2", "?a=1&b=2&show=missing&sort=-move&q=oat+milk"])("%s stays as it is", (search) => {
  expect(addressOf(readView(search))).toBe("/fetches/diff" + search);
});

test.each(["?show=nonsense", "?sort=-constructor", "?show=all&sort=name", "?transport=grpc-web"])("of %s nothing is taken", (search) => {
  expect(addressOf(readView(search))).toBe("/fetches/diff");
});
