// That everybody can use every page: with a keyboard, a screen reader, a phone, in the light and in the dark.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Atlant, binary, sleep } from "./atlant.js";
import { launch, noChromium, WatchedPage } from "./browser.js";
import { PriceList } from "./pricelist.js";

const windows = [
  { colorScheme: "light", viewport: { width: 1280, height: 800 } },
  { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  { colorScheme: "light", viewport: { width: 360, height: 740 } },
  { colorScheme: "dark", viewport: { width: 360, height: 740 } },
];

test("everybody can use every page", { skip: noChromium(), timeout: 900_000 }, async (t) => {
  const atlant = await Atlant.start(t, binary(t));
  const list = await PriceList.serve(t, 300);
  const browser = await launch(t);

  await t.test("while there is nothing yet", () => useAll(t, browser, atlant, ["/", "/fetches", "/sources", "/alerts"]));

  await t.test("and once there are prices", async () => {
    await fill(atlant, list);
    const { products } = await atlant.call("ProductService/List", { pageSize: 1, sortBy: "SORT_BY_PRICE_CHANGES", descending: true });
    const { fetches } = await atlant.call("FetchService/ListFetches", {});
    const [b, a] = fetches.filter(({ state }) => state === "FETCH_STATE_COMPLETED");
    const inEachState = new Map(fetches.map((fetch) => [fetch.state, `/fetches/${fetch.id}`]));
    assert.deepEqual([...inEachState.keys()].sort(), ["FETCH_STATE_COMPLETED", "FETCH_STATE_FAILED", "FETCH_STATE_HELD"]);
    await useAll(t, browser, atlant, [
      "/",
      { path: "/", key: "d" },
      "/?as-of=2030-01-01T00:00",
      "/?q=nothing-at-all",
      `/products/${products[0].id}`,
      "/products/00000000-0000-0000-0000-000000000000",
      `/fetches?pick=${a.id}`,
      "/fetches?new",
      "/fetches/diff",
      `/fetches/diff?a=${a.id}&b=${b.id}`,
      ...inEachState.values(),
      "/sources",
      "/sources?new",
      "/sources?edit=shop",
      "/sources?delete=shop",
      "/alerts",
      "/alerts?new",
      `/alerts?new&product=${products[0].id}`,
      "/alerts/cheap-tea",
      "/alerts/gone?delete",
      "/status",
      "/nowhere",
    ]);
  });
});

/** A product that changed, a source, fetches that were completed, failed, and held, and alerts whose webhooks arrive and do not. */
async function fill(atlant, list) {
  const request = { url: list.url, csv: { currencyCode: "EUR" } };
  list.spoilt = 3;
  await atlant.fetch(request);
  list.cents[3] += 250;
  await atlant.fetch(request);
  list.cents = list.cents.map((cents) => cents * 100);
  await atlant.fetch(request, "FETCH_STATE_HELD");
  await atlant.fetch({ url: "file:///nowhere.csv" }, "FETCH_STATE_FAILED");
  await atlant.call("SourceService/CreateSource", { source: { name: "shop", url: list.url, schedule: { expression: "@every 1h" } } });
  await addAlert(atlant, { name: "cheap-tea", query: "product", webhookUrl: list.url, condition: { below: { amountMicros: "9990000", hysteresisMicros: "500000" } } });
  await addAlert(atlant, { name: "gone", webhookUrl: "http://127.0.0.1:1/", condition: { any: {} } });
}

/** Makes an alert, and tries it once. */
async function addAlert(atlant, alert) {
  await atlant.call("AlertService/CreateAlert", { alert });
  await atlant.call("AlertService/TestAlert", { name: alert.name });
  while ((await atlant.call("AlertService/ListDeliveries", { alert: alert.name })).deliveries === undefined) {
    await sleep(50);
  }
}

/** Uses pages in all windows at once; a page is a path, or a path and a key to press there. */
async function useAll(t, browser, atlant, pages) {
  await Promise.all(windows.map((window) => useIn(window, t, browser, atlant, pages)));
}

async function useIn(window, t, browser, atlant, pages) {
  const watched = await WatchedPage.open(t, browser, atlant.url, window);
  const name = `${window.colorScheme}, ${window.viewport.width} pixels wide`;
  for (const { path, key } of pages.map((page) => (page.path ? page : { path: page }))) {
    await watched.page.goto(atlant.url + path);
    await watched.page.locator("h1").waitFor();
    if (key) {
      await watched.page.keyboard.press(key);
    }
    await watched.page.waitForTimeout(300); // what comes in later, and fades
    assert.deepEqual(await watched.violations(), [], `${path}, ${name}`);
    assert.ok((await watched.overhang()) <= 0, `${path} is wider than its window: ${name}`);
  }
  const notFound = /status of 404/; // as it should be
  assert.deepEqual(watched.faults.filter((fault) => !notFound.test(fault)), [], name);
}
