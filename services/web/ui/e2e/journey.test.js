// A newcomer's way through the pages, in a real browser on the real program, over both protocols that browsers speak. What does not
// depend on the protocol is done over one of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Atlant, binary } from "./atlant.js";
import { launch, noChromium, WatchedPage } from "./browser.js";
import { nameOf, PriceList, shown } from "./pricelist.js";
import { Receiver } from "./receiver.js";

const products = 10_000;
const skip = noChromium();

for (const transport of ["connect", "grpc-web"]) {
  test(`the pages over ${transport}`, { skip, timeout: 900_000 }, async (t) => {
    const atlant = await Atlant.start(t, binary(t));
    const list = await PriceList.serve(t, products);
    const browser = await launch(t);
    const watched = await WatchedPage.open(t, browser, atlant.url);
    const { page } = watched;
    const rows = page.locator(".product-row");
    const url = (path) => atlant.url + path + (path.includes("?") ? "&" : "?") + `transport=${transport}`;
    const once = (name, step) => t.test(name, { skip: transport !== "connect" }, step);
    const spoken = new Set();
    page.on("request", (request) => request.url().includes("/atlant.v1.") && spoken.add(protocolOf(request)));

    await t.test("a newcomer fetches a list with the form", async () => {
      list.spoilt = 3;
      await page.goto(url("/"));
      await page.getByRole("heading", { name: "Fetch your first list" }).waitFor();
      await page.getByLabel("URL of the list").fill(list.url);
      await page.getByLabel("Currency").fill("eur");
      await page.getByRole("button", { name: "Fetch", exact: true }).click();
      await page.getByText("Completed").waitFor();
      const receipt = page.getByRole("region", { name: "Receipt" });
      await receipt.getByText("10,003").waitFor();
      assert.equal(await receipt.locator("dd").nth(1).textContent(), "10,000");
      await page.getByRole("region", { name: "Table of rejects" }).getByText("about 2").first().waitFor();
      await page.getByRole("link", { name: "See its products" }).click();
      await page.getByText("10,000 products").waitFor();
    });

    await t.test("all products can be scrolled through, a few of them rendered", async () => {
      await page.goto(url("/"));
      await rows.first().waitFor();
      const seen = new Set();
      let most = 0;
      for (let still = 0; seen.size < products && still < 200; ) {
        const here = await page.evaluate(() => {
          window.scrollBy(0, 1_400);
          return [...document.querySelectorAll(".product-row .name a")].map((link) => link.textContent);
        });
        const before = seen.size;
        here.forEach((name) => seen.add(name));
        most = Math.max(most, here.length);
        still = seen.size > before ? 0 : still + 1;
        await page.evaluate(() => new Promise(requestAnimationFrame));
      }
      assert.equal(seen.size, products);
      assert.ok(most < 100, `${most} rows were rendered at once`);
      await page.getByText(nameOf(products - 1)).waitFor();
    });

    await t.test("sorting is kept in the URL, and can be gone back from", async () => {
      await page.goto(url("/"));
      await page.getByRole("button", { name: "Price", exact: true }).click();
      await page.getByRole("button", { name: "Price", exact: true }).click();
      await rows.first().getByText(nameOf(list.dearest())).waitFor();
      assert.match(page.url(), /sort=-price/);
      assert.equal(await page.getByRole("columnheader", { name: "Price", exact: true }).getAttribute("aria-sort"), "descending");
      await page.goBack();
      await rows.first().getByText(nameOf(list.cents.indexOf(Math.min(...list.cents)))).waitFor();
      await page.goBack();
      await rows.first().getByText(nameOf(0)).waitFor();
      for (const name of ["Changes", "Changed", "First seen", "Product"]) {
        for (const order of name === "Product" ? ["ascending", "descending"] : ["descending", "ascending"]) {
          await page.getByRole("button", { name, exact: true }).click();
          await page.locator(`[role=columnheader][aria-sort=${order}]`).getByText(name, { exact: true }).waitFor();
        }
      }
      await rows.first().getByText(nameOf(products - 1)).waitFor();
    });

    await once("filters narrow the list", async () => {
      await page.goto(url("/"));
      await rows.first().waitFor();
      await page.getByLabel("Lowest price").fill("800");
      await page.getByLabel("Lowest price").press("Enter");
      await page.getByLabel("Highest price").fill("800,50");
      await page.getByLabel("Highest price").press("Enter");
      const within = list.cents.filter((cents) => cents >= 80_000 && cents <= 80_050).length;
      await page.getByText(`${within} product`).waitFor();
      await page.getByLabel("Source").selectOption("default");
      await page.getByLabel("Changed since").selectOption("24h");
      await page.getByText("No product matches").waitFor();
      await page.getByRole("button", { name: "Clear search and filters" }).click();
      await page.getByText("10,000 products").waitFor();
    });

    await t.test("searching finds words by their beginnings, whatever the accents", async () => {
      await page.goto(url("/"));
      await rows.first().waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("creme 00042");
      await page.getByText("1 product", { exact: true }).waitFor();
      await rows.first().getByText(nameOf(42)).waitFor();
      assert.match(page.url(), /q=creme\+00042/);
      await page.keyboard.press("Escape");
      await page.getByText("10,000 products").waitFor();
    });

    await t.test("changes show as they happen, also after the server was away", async () => {
      await page.goto(url("/"));
      await page.getByText("Live").waitFor();
      for (const away of [false, true]) {
        if (away) {
          await atlant.stop();
          await atlant.start();
          forgiveAbsence(watched, atlant.url);
        }
        list.cents[3] += 111;
        await atlant.fetch({ url: list.url, csv: { currencyCode: "EUR" } });
        await rows.nth(3).getByText(shown(list.cents[3])).waitFor();
        await page.locator(".product-row[data-index='3'][data-moved]").waitFor();
      }
      forgiveAbsence(watched, atlant.url);
    });

    await t.test("the keyboard leads to a product, its chart, and back to the row", async () => {
      await page.goto(url("/"));
      await rows.first().waitFor();
      for (let i = 0; i < 4; i++) {
        await page.keyboard.press("j");
        await page.waitForFunction((at) => document.activeElement.closest(".product-row")?.dataset.index === String(at), i);
      }
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: nameOf(3) }).waitFor();
      await page.getByRole("img", { name: /Price of Product 00003 Crème over time: 2 changes/ }).waitFor();
      await page.waitForFunction(paintedSteps);
      assert.equal(await page.locator(".big-price").textContent(), shown(list.cents[3]));
      assert.equal(await page.getByRole("region", { name: "Table of changes" }).locator("tbody tr").count(), 2);
      await page.getByText("Lowest").first().waitFor();
      const origin = page.getByRole("region", { name: "Where this price comes from" });
      await origin.getByText(list.url).waitFor();
      await origin.getByText("line 5").waitFor();
      await page.keyboard.press("Escape");
      await rows.first().waitFor();
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    });

    await t.test("two fetches are compared", async () => {
      const of = (day) => `2026-${day}T12:00:00Z`;
      atlant.upload("NAME;PRICE\nHoney;6,49\nJam;2,79 €\n", "larder", of("03-01"));
      atlant.upload("NAME;PRICE\nHoney;6,99 €\nMarmalade;3,10\n", "larder", of("04-01"));
      await page.goto(url("/fetches?source=larder"));
      await page.getByRole("checkbox").nth(1).waitFor();
      for (const key of "jxjxc") {
        await page.keyboard.press(key);
      }
      const differences = page.locator(".difference-row");
      await differences.nth(2).waitFor();
      await page.getByRole("button", { name: "Changed 1" }).click();
      assert.deepEqual(await differences.first().locator("[role=cell]").allTextContents(), ["Honey", "Changed", "€6.49", "€6.99", "up 7.7\u202f%", "2"]);
      assert.match(page.url(), /show=changed/);
      await page.getByRole("button", { name: "Swap" }).click();
      await differences.first().getByText("7.2").waitFor();
      await page.getByRole("button", { name: "Added 1" }).click();
      await differences.first().getByText("Jam").waitFor();
      await page.getByRole("button", { name: "Missing 1" }).click();
      await differences.first().getByText("Marmalade").waitFor();
    });

    await once("the past is shown as it was, and says so", async () => {
      await page.goto(url("/?source=larder&sort=-changes"));
      await page.getByText("3 products").waitFor();
      await page.getByLabel("Prices of").selectOption("past");
      await page.locator("input[type=datetime-local]").fill("2026-03-15T10:00");
      await page.getByText("Prices as of Mar 15, 2026, 10:00").waitFor();
      await page.getByText("2 products").waitFor();
      assert.deepEqual(await rows.locator(".name a").allTextContents(), ["Honey", "Jam"]);
      assert.deepEqual(await rows.locator(".price").allTextContents(), ["€6.49", "€2.79"]);
      assert.match(page.url(), /as-of=2026-03-15T10%3A00/);
      assert.equal(await page.getByText("Live").count(), 0);
      assert.equal(await page.getByRole("columnheader", { name: "Changes", exact: true }).getByRole("button").count(), 0);
      await page.reload();
      await page.getByRole("button", { name: "Price", exact: true }).click();
      await rows.first().getByText("Jam").waitFor();
      await page.getByRole("link", { name: "Back to now" }).click();
      await page.getByText("3 products").waitFor();
    });

    await once("what is listed can be downloaded, and the changes of a product", async () => {
      const download = async (link) => {
        const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: link }).click()]);
        return readFileSync(await file.path(), "utf8").trim().split("\n");
      };
      await page.goto(url("/?q=honey"));
      await rows.first().waitFor();
      await page.keyboard.press("d");
      const [header, honey, ...others] = await download("Products as CSV");
      assert.match(header, /^name;price;/);
      assert.match(honey, /^Honey;6\.99;/);
      assert.deepEqual(others, []);
      await rows.first().getByText("Honey").click();
      const changes = await download("Changes as JSON Lines");
      assert.deepEqual(changes.map((line) => JSON.parse(line).previous_price), ["6.49"]);
    });

    await once("the row of an uploaded list is shown beside the price that it brought", async () => {
      await page.goto(url("/?source=larder&sort=price"));
      await rows.first().getByText("Jam").click();
      await page.getByText("Jam;2,79 €").waitFor();
      assert.equal(await page.locator(".big-price").textContent(), "€2.79");
    });

    await once("going back shows the list where it was left", async () => {
      await page.goto(url("/?source=default"));
      await rows.first().waitFor();
      await page.evaluate(() => window.scrollTo(0, 5_000));
      const link = page.locator(".product-row[data-index='120'] a");
      await link.click();
      await page.getByRole("heading", { name: nameOf(120) }).waitFor();
      await page.goBack();
      await link.waitFor();
      await page.waitForFunction(() => Math.abs(window.scrollY - 5_000) < 5);
    });

    await once("a list that looks wrong is held, and discarded", async () => {
      const right = [...list.cents];
      list.cents = list.cents.map((cents) => cents * 100);
      await page.goto(url("/fetches?new"));
      await page.getByLabel("URL of the list").fill(list.url);
      await page.getByLabel("Currency").fill("EUR");
      await page.getByRole("button", { name: "Fetch", exact: true }).click();
      await page.getByText("Somebody must look at this list").waitFor();
      await page.getByRole("button", { name: "Discard" }).click();
      await page.getByText("Discarded", { exact: true }).waitFor();
      list.cents = right;
    });

    await once("a source is added, fetched, paused and removed", async () => {
      await page.goto(url("/sources"));
      await page.getByRole("link", { name: "Add a source" }).first().click();
      await page.getByLabel("Name", { exact: true }).fill("shop");
      await page.getByLabel("URL of the list").fill(list.url);
      await page.getByRole("button", { name: "Add the source" }).click();
      await page.getByRole("link", { name: "shop", exact: true }).waitFor();
      await page.getByRole("button", { name: "Fetch shop now" }).click();
      await page.getByText("Completed").waitFor();
      await page.getByRole("button", { name: "Pause shop" }).click();
      await page.getByRole("button", { name: "Resume shop" }).waitFor();
      await page.getByRole("link", { name: "Remove shop" }).click();
      await page.getByRole("button", { name: "Remove it" }).click();
      await page.getByText("No source yet").waitFor();
    });

    await once("an alert about a product fires, and its delivery is shown", async () => {
      const receiver = await Receiver.serve(t);
      await page.goto(url("/?source=larder&q=marmalade"));
      const form = page.getByRole("dialog", { name: "Add an alert" });
      const product = form.getByRole("group", { name: "Product" });
      await rows.first().getByText("Marmalade").click();
      await page.keyboard.press("a"); // however little of the product's page is there yet
      await product.getByText("Marmalade").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("link", { name: "Alert me" }).click();
      await product.getByText("Marmalade").waitFor();
      await form.getByLabel("When its price").selectOption("below");
      await form.getByLabel("Threshold").fill("3");
      await form.getByLabel("Again once it was back by").fill("a bit");
      await form.getByLabel("Webhook URL").fill("ftp://127.0.0.1/");
      await form.getByRole("button", { name: "Add the alert" }).click();
      await form.getByText("An amount like 9.99").waitFor();
      await form.getByLabel("Again once it was back by").fill("0,5");
      await form.getByRole("button", { name: "Add the alert" }).click();
      await form.getByText("Must begin with http:// or https://").waitFor();
      watched.faults = watched.faults.filter((fault) => !fault.includes("status of 400")); // as it should be
      assert.equal(await form.getByLabel("Webhook URL").evaluate((input) => input === document.activeElement), true);
      await form.getByLabel("Webhook URL").fill(receiver.url);
      await form.getByRole("button", { name: "Add the alert" }).click();
      await page.getByRole("heading", { name: "marmalade", exact: true }).waitFor();
      await page.getByText("Nothing was posted yet").waitFor();
      assert.match(await page.getByRole("region", { name: "Rule" }).textContent(), /Falls below €?3.00.*again once back by €?0.50/);

      atlant.upload("NAME;PRICE\nHoney;6,99 €\nMarmalade;2,90\n", "larder", "2026-05-01T12:00:00Z");
      const { type, data } = await receiver.next();
      assert.deepEqual([type, data.alert, data.name, data.price.amountMicros], ["atlant.alert", "marmalade", "Marmalade", "2900000"]);
      const delivery = page.locator(".delivery-row");
      await delivery.getByText("Delivered").waitFor();
      assert.deepEqual((await delivery.locator("[role=cell]").allTextContents()).slice(1, 4), ["Marmalade", "200", "1 attempt"]);

      await page.getByRole("link", { name: "Remove marmalade" }).click();
      await page.getByRole("button", { name: "Remove it" }).click();
      await page.getByText("No alert yet").waitFor();
    });

    await once("the theme can be chosen, and is kept", async () => {
      await page.goto(url("/status"));
      await page.getByRole("button", { name: /^Theme/ }).click();
      await page.getByRole("button", { name: /^Theme/ }).click();
      await page.reload();
      assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "dark");
    });

    await once("a page that is not there says so", async () => {
      const answer = await page.goto(url("/nowhere"));
      assert.equal(answer.status(), 404);
      await page.getByText("There is nothing here").waitFor();
      watched.faults = watched.faults.filter((fault) => !fault.includes("/nowhere"));
    });

    await t.test("nothing was asked of others, refused or logged", () => {
      assert.deepEqual(watched.faults, []);
      assert.deepEqual([...spoken], [transport]);
    });
  });
}

function protocolOf(request) {
  const type = request.headers()["content-type"] ?? "";
  return type.startsWith("application/grpc-web") ? "grpc-web" : "connect";
}

/** That a server could not be reached while it was away is no fault of the page. */
function forgiveAbsence(watched, origin) {
  const absence = /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)|status of 503/;
  watched.faults = watched.faults.filter((fault) => !(absence.test(fault) && fault.includes(origin)));
}

/** In the browser: whether the chart has a line in the colour of lines. */
function paintedSteps() {
  const canvas = document.querySelector(".chart canvas");
  if (!canvas?.width) {
    return false;
  }
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let painted = 0;
  for (let i = 0; i < data.length; i += 4) {
    painted += data[i + 3] > 250 && data[i + 2] - data[i] > 80 ? 1 : 0;
  }
  return painted > 300;
}
