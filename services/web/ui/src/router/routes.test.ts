import { expect, test } from "vitest";

import { routeOf } from "./routes";

test.each([
  ["/", { page: "products" }],
  ["/products/9e47474e", { page: "product", id: "9e47474e" }],
  ["/fetches", { page: "fetches" }],
  ["/fetches/01a2", { page: "fetch", id: "01a2" }],
  ["/fetches/diff", { page: "diff" }],
  ["/sources", { page: "sources" }],
  ["/alerts", { page: "alerts" }],
  ["/alerts/cheap-coffee", { page: "alert", name: "cheap-coffee" }],
  ["/status", { page: "status" }],
  ["/products", { page: "nowhere" }],
  ["/products/", { page: "nowhere" }],
  ["/products/a/b", { page: "nowhere" }],
  ["/status/", { page: "nowhere" }],
  ["/toString", { page: "nowhere" }],
])("%s is %o", (path, want) => {
  expect(routeOf(path)).toEqual(want);
});
